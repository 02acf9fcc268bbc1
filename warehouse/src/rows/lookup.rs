//! Rows of the lookup tables, derived from the rows of the log.

use std::borrow::Cow;

use clickhouse::Row;
use serde::{Deserialize, Serialize};

use super::{BlockRow, CallRow, ExtrinsicRow, TransferRow};
use yumascan_chain::{AccountId, AccountMention, Hash, MentionRole};

/// Row of `account_activity`. Ordered as it is sorted; `role` last, strongest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ActivityRow {
    pub account: String,
    pub kind: Cow<'static, str>,
    pub block_number: u64,
    pub item_index: u32,
    pub extrinsic_index: Option<u32>,
    pub timestamp_ms: Option<u64>,
    pub role: Cow<'static, str>,
    pub amount_rao: Option<u64>,
}

/// Row of `hash_index`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Row, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct HashRow {
    pub hash_key: u64,
    pub kind: String,
    pub block_number: u64,
    pub item_index: u32,
}

/// Row of `name_counts`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct NameCountRow {
    pub kind: String,
    pub pallet: String,
    pub name: String,
    pub first_block: u64,
    pub last_block: u64,
    pub occurrences: u64,
}

impl ActivityRow {
    /// Place in the table, then the role's strength: of several roles in one item the first is kept.
    fn sort_key(&self) -> (&str, &str, u64, u32, u8) {
        let strength = match self.role.as_ref() {
            "signer" | "self" => 0,
            "origin" | "sender" => 1,
            _ => 2,
        };
        (&self.account, &self.kind, self.block_number, self.item_index, strength)
    }

    /// Sorts, and keeps one row an account and item.
    pub(crate) fn sort_and_dedup(rows: &mut Vec<Self>) {
        rows.sort_unstable_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        rows.dedup_by(|later, kept| {
            let (account, kind, block, item, _) = later.sort_key();
            (account, kind, block, item)
                == (kept.account.as_str(), kept.kind.as_ref(), kept.block_number, kept.item_index)
        });
    }

    /// Rows of one block from the accounts the decoder found, the origins of the calls, and the transfers.
    #[must_use]
    pub fn of_block(
        block: &BlockRow,
        mentions: &[AccountMention],
        extrinsics: &[ExtrinsicRow],
        calls: &[CallRow],
        transfers: &[TransferRow],
    ) -> Vec<Self> {
        let mut rows = Vec::with_capacity(mentions.len() + extrinsics.len() + 2 * transfers.len());
        let mut add = |account: &str,
                       kind: &'static str,
                       item: u32,
                       extrinsic: Option<u32>,
                       role: &'static str,
                       amount: Option<u64>| {
            rows.push(Self {
                account: account.to_owned(),
                kind: Cow::Borrowed(kind),
                block_number: block.number,
                item_index: item,
                extrinsic_index: extrinsic,
                timestamp_ms: block.timestamp_ms,
                role: Cow::Borrowed(role),
                amount_rao: amount,
            });
        };
        for mention in mentions {
            let account = mention.account.to_ss58();
            match (mention.role, mention.extrinsic_index, mention.event_index) {
                (MentionRole::Event, extrinsic, Some(event)) => {
                    add(&account, "event", event, extrinsic, "event", None);
                }
                (MentionRole::Event, _, None) | (_, None, _) => {}
                (role, Some(extrinsic), _) => {
                    add(&account, "extrinsic", extrinsic, Some(extrinsic), role_name(role), None);
                }
            }
        }
        for extrinsic in extrinsics {
            if let Some(signer) = &extrinsic.signer {
                let index = extrinsic.extrinsic_index;
                add(signer, "extrinsic", index, Some(index), "signer", None);
            }
        }
        let mut previous: Option<(u32, &str)> = None;
        for call in calls {
            // long batches have one origin throughout
            let place = (call.extrinsic_index, call.origin.as_str());
            if previous != Some(place) && call.origin.parse::<AccountId>().is_ok() {
                add(
                    &call.origin,
                    "extrinsic",
                    call.extrinsic_index,
                    Some(call.extrinsic_index),
                    "origin",
                    None,
                );
            }
            previous = Some(place);
        }
        for transfer in transfers {
            let (event, extrinsic, amount) =
                (transfer.event_index, transfer.extrinsic_index, Some(transfer.amount_rao));
            if transfer.from_account == transfer.to_account {
                add(&transfer.from_account, "transfer", event, extrinsic, "self", amount);
                continue;
            }
            add(&transfer.from_account, "transfer", event, extrinsic, "sender", amount);
            add(&transfer.to_account, "transfer", event, extrinsic, "receiver", amount);
        }
        Self::sort_and_dedup(&mut rows);
        rows
    }
}

fn role_name(role: MentionRole) -> &'static str {
    match role {
        MentionRole::Signer => "signer",
        MentionRole::Origin => "origin",
        MentionRole::Argument => "argument",
        MentionRole::Event => "event",
    }
}

impl HashRow {
    /// Rows of one block: its own hash and those of its extrinsics.
    pub(crate) fn of_block(block: &BlockRow, extrinsics: &[ExtrinsicRow]) -> Vec<Self> {
        let row = |hash: &str, kind: &str, item_index: u32| {
            hash_key(hash).map(|hash_key| Self {
                hash_key,
                kind: kind.to_owned(),
                block_number: block.number,
                item_index,
            })
        };
        let of_extrinsics =
            extrinsics.iter().filter_map(|found| row(&found.hash, "extrinsic", found.extrinsic_index));
        row(&block.hash, "block", 0).into_iter().chain(of_extrinsics).collect()
    }
}

/// The first 8 bytes of a 0x hash; `None` for any other text.
pub(crate) fn hash_key(hash: &str) -> Option<u64> {
    let Hash(bytes) = hash.parse().ok()?;
    bytes.first_chunk().map(|first| u64::from_be_bytes(*first))
}
