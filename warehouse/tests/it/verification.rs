//! Verdicts are stored once, replaced where they change, and listed by key.

use yumascan_warehouse::{
    PageRequest, VerifiedWindow, Warehouse,
    query::{Range, verifications::VerificationFilter},
    rows::{
        EmissionVerificationRow, EpochDifferenceRow, EpochInputsRow, EpochVerificationRow, Verdict,
        VerificationCauseRow,
    },
};

use crate::support::fresh_warehouse;

fn window(first: u64, last: u64) -> VerifiedWindow {
    let mut window = VerifiedWindow { first, last, generation: 1, ..VerifiedWindow::default() };
    for block in first..=last {
        for netuid in [1u16, 7] {
            let verdict = if block == 12 && netuid == 7 { Verdict::Differs } else { Verdict::Verified };
            window.epochs.push(EpochVerificationRow {
                block_number: block,
                netuid,
                verdict: verdict.name().to_owned(),
                fields_checked: 100,
                fields_equal: 99,
                replay_ns: 5,
                inputs_hash: format!("0x{block}{netuid}"),
                ..EpochVerificationRow::default()
            });
            window.emissions.push(EmissionVerificationRow {
                block_number: block,
                netuid,
                verdict: Verdict::Verified.name().to_owned(),
                tao_in_rao: Some(3),
                ..EmissionVerificationRow::default()
            });
            window.causes.push(VerificationCauseRow {
                block_number: block,
                netuid,
                lane: "emission".to_owned(),
                field: "SubnetTAO".to_owned(),
                cause: "StakeAdded".to_owned(),
                treatment: "traced".to_owned(),
                numbers: 2,
            });
        }
    }
    for netuid in [1u16, 7] {
        let of_subnet = window.epochs.iter().filter(|row| row.netuid == netuid);
        window.inputs.extend(of_subnet.map(|row| EpochInputsRow {
            block_number: row.block_number,
            netuid,
            inputs_hash: row.inputs_hash.clone(),
            inputs: "{}".to_owned(),
        }));
    }
    if (first..=last).contains(&12) {
        window.differences.push(EpochDifferenceRow {
            block_number: 12,
            netuid: 7,
            field: "Incentive".to_owned(),
            uid: Some(3),
            expected: "5".to_owned(),
            stored: "null".to_owned(),
            ..EpochDifferenceRow::default()
        });
    }
    window
}

async fn parts_written(warehouse: &Warehouse) -> u64 {
    let sql =
        "SELECT count() FROM system.parts WHERE database = currentDatabase() AND table LIKE 'e%' AND active";
    warehouse.client().query(sql).fetch_one().await.unwrap()
}

#[tokio::test]
async fn the_same_verdicts_are_written_once_and_others_replace_them() {
    let (_database, warehouse) = fresh_warehouse().await;
    let all = VerificationFilter::default();
    let first = warehouse.write_verified(&window(10, 19)).await.unwrap();
    assert_eq!((first.written, first.unchanged), (5, 0));
    let parts = parts_written(&warehouse).await;
    let mut same = window(10, 19);
    same.epochs.iter_mut().for_each(|row| row.replay_ns = 77);
    let second = warehouse.write_verified(&same).await.unwrap();
    assert_eq!((second.written, second.unchanged), (0, 5));
    assert_eq!(parts_written(&warehouse).await, parts);

    let mut other = window(10, 19);
    other.differences.clear();
    for row in &mut other.epochs {
        row.verdict = Verdict::Verified.name().to_owned();
    }
    let third = warehouse.write_verified(&other).await.unwrap();
    assert_eq!((third.written, third.unchanged), (2, 3));
    let counts = warehouse.count_epoch_verdicts(&all).await.unwrap();
    assert_eq!((counts.verified, counts.differs, counts.total()), (20, 0, 20));
    assert!(warehouse.list_differences(&all, false, 10).await.unwrap().is_empty());
    let causes = warehouse.count_verification_causes(&all).await.unwrap();
    assert_eq!((causes.len(), causes[0].numbers, causes[0].cause.as_str()), (1, 40, "StakeAdded"));
    let range = Range { from_block: Some(12), to_block: Some(13), ..Range::default() };
    let some = VerificationFilter { netuid: Some(7), range, ..all.clone() };
    assert_eq!(warehouse.count_verification_causes(&some).await.unwrap()[0].numbers, 4);
    // and back again: what was deleted can be stored again
    warehouse.write_verified(&window(10, 19)).await.unwrap();
    assert_eq!(warehouse.count_epoch_verdicts(&all).await.unwrap().differs, 1);
    assert_eq!(warehouse.list_epoch_differences(12, 7, 0, 10).await.unwrap(), window(10, 19).differences);
    assert_eq!(warehouse.find_epoch_inputs(12, 7).await.unwrap().unwrap().inputs, "{}");
}

#[tokio::test]
async fn a_window_of_one_subnet_leaves_the_others_and_is_not_done() {
    let (_database, warehouse) = fresh_warehouse().await;
    warehouse.write_verified(&window(10, 19)).await.unwrap();
    let mut one = window(10, 19);
    one.netuid = Some(7);
    one.epochs.retain(|row| row.netuid == 7);
    one.emissions.retain(|row| row.netuid == 7);
    one.inputs.retain(|row| row.netuid == 7);
    one.causes.retain(|row| row.netuid == 7);
    one.epochs.iter_mut().for_each(|row| row.neurons = 9);
    warehouse.write_verified(&one).await.unwrap();
    let of = |netuid| VerificationFilter { netuid: Some(netuid), ..VerificationFilter::default() };
    let rows = |page: yumascan_warehouse::Page<EpochVerificationRow>| page.rows;
    let seventh = rows(warehouse.list_epoch_verifications(&of(7), PageRequest::newest(50)).await.unwrap());
    let first = rows(warehouse.list_epoch_verifications(&of(1), PageRequest::newest(50)).await.unwrap());
    assert!(seventh.len() == 10 && seventh.iter().all(|row| row.neurons == 9));
    assert!(first.len() == 10 && first.iter().all(|row| row.neurons == 0));
    one.first = 30;
    one.last = 39;
    (one.epochs, one.differences, one.inputs, one.emissions, one.causes) = Default::default();
    warehouse.write_verified(&one).await.unwrap();
    let done = warehouse.list_verified_ranges(0, 100, 1).await.unwrap();
    assert_eq!(done.iter().map(|range| (range.from, range.to)).collect::<Vec<_>>(), [(10, 19)]);
    assert!(warehouse.list_verified_ranges(0, 100, 2).await.unwrap().is_empty(), "another generation");
}

#[tokio::test]
async fn verdicts_are_paged_both_ways_without_stored_blocks() {
    let (_database, warehouse) = fresh_warehouse().await;
    warehouse.write_verified(&window(10, 19)).await.unwrap();
    let filter = VerificationFilter {
        range: Range { from_block: Some(12), to_block: Some(14), ..Range::default() },
        ..VerificationFilter::default()
    };
    let mut request = PageRequest::newest(4);
    let mut seen = Vec::new();
    loop {
        let page = warehouse.list_epoch_verifications(&filter, request).await.unwrap();
        seen.extend(page.rows.iter().map(|row| (row.block_number, row.netuid)));
        let Some(last) = page.rows.last().filter(|_| page.has_next) else { break };
        request.after = Some(yumascan_warehouse::Keyed::cursor(last));
    }
    assert_eq!(seen, [(14, 7), (14, 1), (13, 7), (13, 1), (12, 7), (12, 1)]);
    assert_eq!(warehouse.count_emission_verifications(&filter).await.unwrap(), 6);
    let board = warehouse.list_verification_board(3).await.unwrap();
    assert_eq!(board.iter().map(|row| row.netuid).collect::<Vec<_>>(), [7, 1], "differences first");
    assert_eq!(board[0].last.iter().map(|(block, ..)| *block).collect::<Vec<_>>(), [19, 18, 17]);
}
