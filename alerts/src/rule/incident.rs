//! Rules on incidents.

use super::{SEVERITIES, address, netuid};
use crate::{
    AlertError,
    sinks::{Fields, unknown},
};

/// Which incidents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IncidentRule {
    /// Kinds; empty for all.
    pub kinds: Vec<String>,
    /// The least severity.
    pub min_severity: &'static str,
    /// A subnet that is involved.
    pub netuid: Option<u16>,
    /// Accounts of which one must be involved (account, hotkey, coldkey); empty for all.
    pub accounts: Vec<String>,
    /// Whether it is told again when an incident grows without becoming more severe.
    pub updates: bool,
}

impl IncidentRule {
    pub(super) fn read(fields: &mut Fields<'_>, known: &[&str]) -> Result<Self, AlertError> {
        let kinds: Vec<String> = fields.texts("kinds")?.into_iter().map(str::to_owned).collect();
        if let Some(odd) = kinds.iter().find(|kind| !known.contains(&kind.as_str())) {
            let reason = unknown("kind of incident", odd, known.iter().copied());
            return Err(AlertError::field("kinds", reason));
        }
        let mut accounts = Vec::new();
        for name in ["account", "hotkey", "coldkey"] {
            accounts.extend(address(fields, name)?);
        }
        Ok(Self {
            kinds,
            min_severity: fields.one_of("min_severity", &SEVERITIES)?.unwrap_or("S3"),
            netuid: netuid(fields)?,
            accounts,
            updates: fields.flag("updates")?.unwrap_or(false),
        })
    }

    /// Whether a severity is great enough.
    #[must_use]
    pub fn is_severe(&self, severity: &str) -> bool {
        // `S1` is the greatest and the least text
        severity <= self.min_severity
    }

    /// Whether an incident of this kind, with these subnets and accounts, is meant.
    #[must_use]
    pub fn is_meant(&self, kind: &str, netuids: &[u16], accounts: &[String]) -> bool {
        let kind = self.kinds.is_empty() || self.kinds.iter().any(|wanted| wanted == kind);
        let subnet = self.netuid.is_none_or(|wanted| netuids.contains(&wanted));
        let account =
            self.accounts.is_empty() || self.accounts.iter().any(|wanted| accounts.contains(wanted));
        kind && subnet && account
    }
}
