//! Identities of accounts and subnets at a moment.

use super::Moment;
use crate::{
    Warehouse, WarehouseError,
    query::sql::{Conditions, Sql},
    rows::IdentityRow,
};

/// Which identities.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct IdentityFilter {
    /// `coldkey` or `subnet`.
    pub kind: Option<String>,
    /// Of these accounts, SS58; empty for all.
    pub accounts: Vec<String>,
    /// Of this subnet.
    pub netuid: Option<u16>,
    /// Whose name contains this text, whatever its case.
    pub name: Option<String>,
}

impl IdentityFilter {
    fn conditions(&self, moment: &Moment) -> Conditions {
        let mut conditions = Conditions::default();
        conditions
            .at_most("block_number", Some(moment.block))
            .equal("kind", self.kind.as_deref())
            .equal("netuid", self.netuid.map(u32::from));
        if !self.accounts.is_empty() {
            conditions.and(Sql::new("account IN ?").bind(self.accounts.clone()));
        }
        conditions
    }
}

impl Warehouse {
    /// Identities at a moment by name, at most `limit`: the last that was set and not removed.
    pub async fn list_identities(
        &self,
        filter: &IdentityFilter,
        moment: &Moment,
        limit: u32,
    ) -> Result<Vec<IdentityRow>, WarehouseError> {
        let newest = Sql::new("SELECT ?fields FROM (SELECT * FROM identities")
            .append(&filter.conditions(moment).to_where())
            .push(
                " ORDER BY block_number DESC, event_index DESC LIMIT 1 BY kind, account, netuid) \
                 WHERE action != 'removed' AND isNotNull(value)",
            );
        let sql = match filter.name.as_deref() {
            Some(name) => newest.push(" AND positionCaseInsensitiveUTF8(ifNull(name, ''), ?) > 0").bind(name),
            None => newest,
        };
        let sql = sql.push(" ORDER BY lower(ifNull(name, '')), account, netuid LIMIT ?").bind(limit);
        self.fetch_all("list identities", sql).await
    }

    /// All that was set, moved and removed for an account or a subnet, newest first, at most `limit`.
    pub async fn list_identity_changes(
        &self,
        filter: &IdentityFilter,
        moment: &Moment,
        limit: u32,
    ) -> Result<Vec<IdentityRow>, WarehouseError> {
        let sql = Sql::new("SELECT ?fields FROM identities")
            .append(&filter.conditions(moment).to_where())
            .push(" ORDER BY block_number DESC, event_index DESC LIMIT ?")
            .bind(limit);
        self.fetch_all("list changes of identities", sql).await
    }
}
