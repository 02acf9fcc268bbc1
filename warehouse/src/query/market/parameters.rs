//! Parameters of subnets and of the chain: at a moment, and how they changed.

use std::collections::BTreeMap;

use super::Moment;
use crate::{
    Warehouse, WarehouseError,
    query::sql::{Conditions, Sql},
    rows::{HyperparameterRow, NetworkParameterRow},
};

impl Warehouse {
    /// The parameters of a subnet at a moment: by name, the last change with the value as it is since.
    pub async fn list_hyperparameters(
        &self,
        netuid: u16,
        moment: &Moment,
    ) -> Result<Vec<HyperparameterRow>, WarehouseError> {
        let sql = Sql::new(
            "SELECT ?fields FROM hyperparameters WHERE netuid = ? AND block_number <= ? \
             ORDER BY name, block_number DESC LIMIT 1 BY name",
        );
        self.fetch_all("list hyperparameters", sql.bind(u32::from(netuid)).bind(moment.block)).await
    }

    /// The parameters of all subnets at a moment, likewise, by subnet.
    pub async fn list_all_hyperparameters(
        &self,
        moment: &Moment,
    ) -> Result<Vec<HyperparameterRow>, WarehouseError> {
        let sql = Sql::new(
            "SELECT ?fields FROM hyperparameters WHERE block_number <= ? \
             ORDER BY netuid, name, block_number DESC LIMIT 1 BY netuid, name",
        );
        self.fetch_all("list all hyperparameters", sql.bind(moment.block)).await
    }

    /// Parameters of the chain at a moment.
    pub async fn list_network_parameters(
        &self,
        moment: &Moment,
    ) -> Result<Vec<NetworkParameterRow>, WarehouseError> {
        let sql = Sql::new(
            "SELECT ?fields FROM network_parameters WHERE block_number <= ? \
             ORDER BY name, block_number DESC LIMIT 1 BY name",
        );
        self.fetch_all("list network parameters", sql.bind(moment.block)).await
    }

    /// Changes of a subnet's parameters within `from..=to`, newest first, at most `limit`; first readings only where
    /// `first_seen`.
    pub async fn list_hyperparameter_changes(
        &self,
        netuid: u16,
        name: Option<&str>,
        (from, to): (u64, u64),
        first_seen: bool,
        limit: u32,
    ) -> Result<Vec<HyperparameterRow>, WarehouseError> {
        let mut conditions = Conditions::default();
        conditions.equal("netuid", Some(u32::from(netuid))).equal("name", name);
        self.fetch_all(
            "list changes of hyperparameters",
            changes("hyperparameters", conditions, (from, to), first_seen, limit),
        )
        .await
    }

    /// Changes of the chain's parameters, likewise.
    pub async fn list_network_parameter_changes(
        &self,
        name: Option<&str>,
        (from, to): (u64, u64),
        first_seen: bool,
        limit: u32,
    ) -> Result<Vec<NetworkParameterRow>, WarehouseError> {
        let mut conditions = Conditions::default();
        conditions.equal("name", name);
        self.fetch_all(
            "list changes of network parameters",
            changes("network_parameters", conditions, (from, to), first_seen, limit),
        )
        .await
    }

    /// Whole numbers among a subnet's parameters at a moment, by name.
    pub(crate) async fn get_subnet_numbers(
        &self,
        netuid: u16,
        moment: &Moment,
    ) -> Result<BTreeMap<String, u64>, WarehouseError> {
        let rows = self.list_hyperparameters(netuid, moment).await?;
        Ok(rows
            .into_iter()
            .filter_map(|row| Some((row.name, to_number(row.new_value.as_deref()?)?)))
            .collect())
    }

    /// Whole numbers among the chain's parameters at a moment, by name.
    pub(crate) async fn get_network_numbers(
        &self,
        moment: &Moment,
    ) -> Result<BTreeMap<String, u64>, WarehouseError> {
        let rows = self.list_network_parameters(moment).await?;
        Ok(rows
            .into_iter()
            .filter_map(|row| Some((row.name, to_number(row.new_value.as_deref()?)?)))
            .collect())
    }
}

/// A whole number of canonical JSON, which writes long ones as strings.
fn to_number(json: &str) -> Option<u64> {
    json.trim_matches('"').parse().ok()
}

fn changes(table: &str, mut conditions: Conditions, range: (u64, u64), first_seen: bool, limit: u32) -> Sql {
    conditions.and(Sql::new("block_number BETWEEN ? AND ?").bind(range.0).bind(range.1));
    if !first_seen {
        conditions.and(Sql::new("cause != 'first_seen'"));
    }
    Sql::new(format!("SELECT ?fields FROM {table}"))
        .append(&conditions.to_where())
        .push(" ORDER BY block_number DESC, name LIMIT ?")
        .bind(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_strings_in_canonical_json() {
        assert_eq!(to_number("360"), Some(360));
        assert_eq!(to_number("\"18446744073709551615\""), Some(u64::MAX));
        assert_eq!(to_number("true"), None);
        assert_eq!(to_number("[1,2]"), None);
    }
}
