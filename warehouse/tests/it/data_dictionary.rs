//! docs/data-dictionary.md says what the tables say of themselves.

use std::{fmt::Write as _, path::Path};

use yumascan_warehouse::Warehouse;

use crate::support::fresh_warehouse;

const MARK: &str = "<!-- Generated from migrations/clickhouse. After a change: \
                    UPDATE=1 cargo test -p yumascan-warehouse data_dictionary -->\n";
/// Tables in the order in which a reader wants them.
const ORDER: [&str; 49] = [
    "blocks",
    "extrinsics",
    "calls",
    "events",
    "transfers",
    "quarantine",
    "raw_blocks",
    "runtime_metadata",
    "account_activity",
    "hash_index",
    "name_counts",
    "coverage",
    "epoch_verifications",
    "epoch_differences",
    "epoch_inputs",
    "emission_verifications",
    "verification_causes",
    "verification_windows",
    "subnet_state",
    "network_state",
    "neuron_state",
    "dividends",
    "weights",
    "bonds",
    "hotkey_pools",
    "stake_shares",
    "account_balances",
    "root_claimable",
    "hyperparameters",
    "network_parameters",
    "state_windows",
    "sweeps",
    "sweep_differences",
    "stake_moves",
    "registrations",
    "deregistrations",
    "identities",
    "delegate_takes",
    "child_keys",
    "key_swaps",
    "root_claims",
    "evm_transactions",
    "evm_logs",
    "subnet_hours",
    "subnet_days",
    "rolled_up_windows",
    "incidents",
    "incident_events",
    "schema_migrations",
];

/// (name, type, comment) of each column.
async fn columns(warehouse: &Warehouse, table: &str) -> Vec<(String, String, String)> {
    let sql = "SELECT name, type, comment FROM system.columns WHERE database = currentDatabase() AND table = ? ORDER BY position";
    warehouse.client().query(sql).bind(table).fetch_all().await.unwrap()
}

async fn generated(warehouse: &Warehouse) -> String {
    let sql = "SELECT name, comment, sorting_key FROM system.tables WHERE database = currentDatabase() AND engine != 'View'";
    let mut tables = warehouse.client().query(sql).fetch_all::<(String, String, String)>().await.unwrap();
    let position = |name: &str| ORDER.iter().position(|known| *known == name);
    tables.sort_by_key(|(name, ..)| position(name));
    let mut out = String::new();
    for (name, comment, sorting_key) in tables {
        assert!(position(&name).is_some(), "table {name} has no place in ORDER of this test");
        assert!(!comment.is_empty(), "table {name} has no comment");
        write!(out, "\n## {name}\n\n{comment} Sorted by `{sorting_key}`.\n\n| column | type | meaning |\n|---|---|---|\n").unwrap();
        for (column, kind, meaning) in columns(warehouse, &name).await {
            assert!(!meaning.is_empty(), "column {name}.{column} has no comment");
            writeln!(out, "| `{column}` | `{kind}` | {} |", meaning.replace('|', "\\|")).unwrap();
        }
    }
    write!(out, "\n## Views\n\nWhat everyone's SQL reads (`/sql`, `/api/v1/sql`): the columns of the table and those that are named here.\n\n").unwrap();
    out.push_str("| view | of | adds |\n|---|---|---|\n");
    let list = warehouse.list_views().await.unwrap();
    for view in list {
        let sql = "SELECT comment FROM system.tables WHERE database = currentDatabase() AND name = ?";
        let comment = warehouse.client().query(sql).bind(&view.name).fetch_one::<String>().await.unwrap();
        let table = comment
            .trim_start_matches("As table ")
            .trim_end_matches('.')
            .split(',')
            .next()
            .unwrap()
            .to_owned();
        let below = columns(warehouse, &table).await;
        let added: Vec<_> = view
            .columns
            .iter()
            .filter(|column| below.iter().all(|(name, ..)| *name != column.name))
            .map(|column| format!("`{}` {}", column.name, column.kind))
            .collect();
        writeln!(out, "| `{}` | `{table}` | {} |", view.name, added.join(", ")).unwrap();
    }
    out
}

#[tokio::test]
async fn the_data_dictionary_is_up_to_date() {
    let (_database, warehouse) = fresh_warehouse().await;
    let path = Path::new("../docs/data-dictionary.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (written_by_hand, found) = text.split_once(MARK).expect("the mark between the two parts is there");
    let wanted = generated(&warehouse).await;
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, format!("{written_by_hand}{MARK}{wanted}")).unwrap();
        return;
    }
    assert!(
        found == wanted,
        "docs/data-dictionary.md is out of date; UPDATE=1 cargo test -p yumascan-warehouse data_dictionary"
    );
}

/// Columns that programs outside rely on, by name.
#[tokio::test]
async fn the_contract_of_columns_is_kept() {
    let (_database, warehouse) = fresh_warehouse().await;
    let contract = [
        (
            "blocks",
            "number hash parent_hash state_root extrinsics_root timestamp_ms author spec_version extrinsic_count event_count call_count weight_ref_time weight_proof_size",
        ),
        (
            "extrinsics",
            "block_number extrinsic_index hash signer nonce tip_rao pallet call success error fee_rao weight_ref_time args",
        ),
        ("calls", "block_number extrinsic_index path depth pallet call origin success error args"),
        ("events", "block_number event_index extrinsic_index phase pallet variant args"),
        ("transfers", "block_number event_index extrinsic_index from_account to_account amount_rao"),
    ];
    for (table, promised) in contract {
        let found: Vec<_> = columns(&warehouse, table).await.into_iter().map(|(name, ..)| name).collect();
        for column in promised.split(' ') {
            assert!(found.iter().any(|name| name == column), "{table}.{column} is missing");
        }
    }
}
