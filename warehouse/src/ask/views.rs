//! The views that may be asked, and what they say of themselves.

use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::{Warehouse, WarehouseError, query::sql::Sql};

/// All views of migrations/clickhouse, in the order in which a reader wants them.
pub const VIEWS: [&str; 42] = [
    "v_blocks",
    "v_extrinsics",
    "v_calls",
    "v_events",
    "v_transfers",
    "v_account_activity",
    "v_name_counts",
    "v_quarantine",
    "v_runtimes",
    "v_coverage",
    "v_subnet_state",
    "v_network_state",
    "v_neuron_state",
    "v_dividends",
    "v_weights",
    "v_bonds",
    "v_hotkey_pools",
    "v_stake_shares",
    "v_account_balances",
    "v_root_claimable",
    "v_hyperparameters",
    "v_network_parameters",
    "v_sweeps",
    "v_sweep_differences",
    "v_stake_moves",
    "v_registrations",
    "v_deregistrations",
    "v_identities",
    "v_delegate_takes",
    "v_child_keys",
    "v_key_swaps",
    "v_root_claims",
    "v_evm_transactions",
    "v_evm_logs",
    "v_epoch_verifications",
    "v_epoch_differences",
    "v_emission_verifications",
    "v_verification_causes",
    "v_incidents",
    "v_incident_events",
    "v_subnet_hours",
    "v_subnet_days",
];

/// Whether a relation may be read by this name, exactly as written.
pub(super) fn is_view(name: &str) -> bool {
    VIEWS.contains(&name)
}

/// A view, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ViewInfo {
    /// Its name.
    pub name: String,
    /// What a row is.
    pub about: String,
    /// Its columns.
    pub columns: Vec<ViewColumn>,
}

/// A column of a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ViewColumn {
    /// Its name.
    pub name: String,
    /// ClickHouse's type.
    pub kind: String,
    /// What it means.
    pub about: String,
}

#[derive(Row, Deserialize)]
struct ColumnRow {
    table: String,
    name: String,
    kind: String,
    about: String,
}

impl Warehouse {
    /// The views with their columns, as the schema describes the tables under them.
    pub async fn list_views(&self) -> Result<Vec<ViewInfo>, WarehouseError> {
        let columns = Sql::new(
            "SELECT table, name, type AS kind, comment AS about FROM system.columns \
             WHERE database = currentDatabase() ORDER BY table, position",
        );
        let columns = self.fetch_all::<ColumnRow>("describe the views", columns).await?;
        let tables = Sql::new(
            "SELECT name, comment FROM system.tables WHERE database = currentDatabase() ORDER BY name",
        );
        let tables = self.fetch_all::<(String, String)>("describe the views", tables).await?;
        let about = |view: &str| {
            let table = table_of(view);
            tables.iter().find(|(name, _)| *name == table).map(|(_, about)| about.clone()).unwrap_or_default()
        };
        Ok(VIEWS
            .iter()
            .map(|view| ViewInfo {
                name: (*view).to_owned(),
                about: about(view),
                columns: columns_of(view, &columns),
            })
            .filter(|view| !view.columns.is_empty())
            .collect())
    }
}

/// The table that a view shows.
fn table_of(view: &str) -> &str {
    match view {
        "v_runtimes" => "runtime_metadata",
        _ => view.trim_start_matches("v_"),
    }
}

fn columns_of(view: &str, all: &[ColumnRow]) -> Vec<ViewColumn> {
    let table = table_of(view);
    let meaning = |name: &str| {
        let below = all.iter().find(|column| column.table == table && column.name == name);
        below.map_or_else(|| added_meaning(name), |column| column.about.clone())
    };
    all.iter()
        .filter(|column| column.table == view)
        .map(|column| ViewColumn {
            name: column.name.clone(),
            kind: column.kind.clone(),
            about: meaning(&column.name),
        })
        .collect()
}

/// What the columns say that the views add.
fn added_meaning(name: &str) -> String {
    match name {
        "time" => "Time of the block, or start of the period, UTC: the milliseconds as a date.".to_owned(),
        "open" | "high" | "low" | "close" => {
            "Price in TAO for one alpha, rounded: the bits of the like name, divided by 2^32.".to_owned()
        }
        _ => "The column in rao of the like name, divided by 10^9; exact.".to_owned(),
    }
}
