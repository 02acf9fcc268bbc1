//! Incidents in a real warehouse and store.

use yumascan_embedded::testing::fresh_database;
use yumascan_store::{Mark, Store};
use yumascan_warehouse::{
    PageRequest, Warehouse, WarehouseConfig,
    query::incidents::IncidentFilter,
    rows::{IncidentEventRow, IncidentRow},
};

fn row(first_block: u64, kind: &str) -> IncidentRow {
    let id = format!("{first_block:016x}{:016x}", kind.len());
    IncidentRow {
        first_block,
        ordinal: IncidentRow::ordinal_of(&id),
        id,
        kind: kind.to_owned(),
        lane: "log".to_owned(),
        scope: "chain".to_owned(),
        severity: "S3".to_owned(),
        state: "open".to_owned(),
        last_block: first_block + 10,
        score: 1.5,
        title: "made up".to_owned(),
        netuids: vec![3, 7],
        accounts: vec!["5A".to_owned()],
        evidence: "{}".to_owned(),
        thresholds: "{}".to_owned(),
        detector_version: 1,
        events: 1,
        ..IncidentRow::default()
    }
}

fn event(of: &IncidentRow, position: u32, kind: &str) -> IncidentEventRow {
    IncidentEventRow {
        block_number: of.first_block,
        incident_id: of.id.clone(),
        position,
        kind: kind.to_owned(),
        severity: of.severity.clone(),
        score: 1.5,
        title: "made up".to_owned(),
    }
}

#[tokio::test]
async fn writing_incidents_again_changes_nothing_and_a_change_replaces_the_row() {
    let database =
        tokio::task::spawn_blocking(fresh_database).await.unwrap().expect("the engine is installed");
    let config = WarehouseConfig {
        url: database.url().to_owned(),
        database: database.database().to_owned(),
        user: database.user().to_owned(),
        password: database.password().to_owned(),
    };
    let warehouse = Warehouse::connect(config).await.unwrap();
    warehouse.migrate().await.unwrap();
    let mut rows = vec![row(100, "runaway_batch"), row(200, "safe_mode"), row(300, "large_transfer")];
    let mut events =
        vec![event(&rows[0], 0, "opened"), event(&rows[1], 0, "opened"), event(&rows[2], 0, "opened")];
    let first = warehouse.write_incidents(&rows, &events).await.unwrap();
    assert_eq!((first.incidents, first.events), (3, 3));
    let again = warehouse.write_incidents(&rows, &events).await.unwrap();
    assert_eq!((again.incidents, again.events), (0, 0));

    rows[0].state = "closed".to_owned();
    rows[0].closed_block = Some(400);
    events.push(event(&rows[0], 1, "closed"));
    let changed = warehouse.write_incidents(&rows, &events).await.unwrap();
    assert_eq!((changed.incidents, changed.events), (1, 1));
    let all = IncidentFilter::default();
    assert_eq!(warehouse.count_incidents(&all).await.unwrap(), 3);
    let counted: Vec<u64> =
        warehouse.client().query("SELECT count() FROM incidents").fetch_all().await.unwrap();
    assert_eq!(counted, [3], "a replaced row is gone");
    assert_eq!(warehouse.find_incident(&rows[0].id).await.unwrap().as_ref(), Some(&rows[0]));
    assert_eq!(warehouse.list_incident_events(&rows[0].id).await.unwrap().len(), 2);

    let newest = warehouse.list_incidents(&all, PageRequest::newest(2)).await.unwrap();
    assert_eq!(newest.rows.iter().map(|row| row.first_block).collect::<Vec<_>>(), [300, 200]);
    assert!(newest.has_next);
    let open = IncidentFilter { state: Some("open".to_owned()), netuid: Some(7), ..all.clone() };
    assert_eq!(warehouse.count_incidents(&open).await.unwrap(), 2);
    let of_account = IncidentFilter { account: Some("5B".to_owned()), ..all };
    assert_eq!(warehouse.count_incidents(&of_account).await.unwrap(), 0);
    assert_eq!(warehouse.list_incidents_at(205, 10).await.unwrap(), vec![rows[1].clone()]);
}

#[tokio::test]
async fn an_operators_word_survives_what_happens_next() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_file(&folder.path().join("store.sqlite")).await.unwrap();
    let standing = |severity: &str| yumascan_store::IncidentStanding {
        id: "a".repeat(32),
        kind: "safe_mode".to_owned(),
        scope: "chain".to_owned(),
        severity: severity.to_owned(),
        state: "open".to_owned(),
        first_block: 10,
        last_block: 12,
        closed_block: None,
        title: "made up".to_owned(),
        mark: None,
    };
    store.set_incident_standings(&[standing("S3")]).await.unwrap();
    store.mark_incident(&"a".repeat(32), Mark::Acknowledged, "looking at it", "ada").await.unwrap();
    store.set_incident_standings(&[standing("S1")]).await.unwrap();
    let found = store.list_open_incidents().await.unwrap();
    assert_eq!(found[0].severity, "S1");
    assert_eq!(found[0].mark.as_ref().unwrap().note, "looking at it");
    store.unmark_incident(&"a".repeat(32)).await.unwrap();
    assert!(store.find_incident_standing(&"a".repeat(32)).await.unwrap().unwrap().mark.is_none());
}
