//! Rules that tell everything that touches something.

use super::{address, netuid};
use crate::{AlertError, sinks::Fields};

/// What is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchRule {
    /// An account, SS58.
    Address(String),
    /// A hotkey, SS58.
    Hotkey(String),
    /// A subnet.
    Subnet(u16),
    /// A call: pallet and name; without a name every call of the pallet.
    Call(String, Option<String>),
}

impl WatchRule {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, AlertError> {
        let of_address = address(fields, "address")?.map(Self::Address);
        let of_hotkey = address(fields, "hotkey")?.map(Self::Hotkey);
        let of_subnet = netuid(fields)?.map(Self::Subnet);
        let of_call = fields.text("call")?.map(call).transpose()?;
        let mut given = [of_address, of_hotkey, of_subnet, of_call].into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => {
                Err(AlertError::field("address", "what is watched? give address, hotkey, netuid or call"))
            }
            _ => Err(AlertError::field("address", "give one of address, hotkey, netuid and call")),
        }
    }

    /// What it is, as messages name it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Address(_) => "address",
            Self::Hotkey(_) => "hotkey",
            Self::Subnet(_) => "subnet",
            Self::Call(..) => "call",
        }
    }

    /// As a scope.
    #[must_use]
    pub fn scope(&self) -> String {
        match self {
            Self::Address(account) => format!("account:{account}"),
            Self::Hotkey(hotkey) => format!("hotkey:{hotkey}"),
            Self::Subnet(netuid) => format!("subnet:{netuid}"),
            Self::Call(pallet, name) => format!("call:{pallet}.{}", name.as_deref().unwrap_or("*")),
        }
    }
}

fn call(text: &str) -> Result<WatchRule, AlertError> {
    let is_name = |name: &str| {
        !name.is_empty() && name.len() <= 100 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    match text.trim().split_once('.') {
        Some((pallet, "*")) if is_name(pallet) => Ok(WatchRule::Call(pallet.to_owned(), None)),
        Some((pallet, name)) if is_name(pallet) && is_name(name) => {
            Ok(WatchRule::Call(pallet.to_owned(), Some(name.to_owned())))
        }
        _ => {
            let shown = crate::message::shortened(text, 60);
            let reason = format!(
                "`{shown}` is not a call; write Pallet.call as in SubtensorModule.add_stake, or Pallet.*"
            );
            Err(AlertError::field("call", reason))
        }
    }
}
