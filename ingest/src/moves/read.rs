//! Looking things up in the states before and after a block.

use std::cell::RefCell;

use serde_json::Value;
use yumascan_chain::AccountId;

use super::args;

/// Which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Moment {
    /// After the parent block.
    Before,
    /// After the block.
    After,
}

/// A part of a storage key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A subnet or neuron.
    U16(u16),
    /// A number.
    U32(u32),
    /// An account.
    Account(AccountId),
}

impl Key {
    /// SCALE bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::U16(number) => number.to_le_bytes().to_vec(),
            Self::U32(number) => number.to_le_bytes().to_vec(),
            Self::Account(account) => account.0.to_vec(),
        }
    }
}

/// A value to be looked up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Read {
    /// In which state.
    pub moment: Moment,
    /// Pallet.
    pub pallet: &'static str,
    /// Storage item.
    pub item: &'static str,
    /// Its keys.
    pub keys: Vec<Key>,
}

/// What looking up gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It has not been read from the node yet.
    Unread,
    /// There is nothing: no such item in this runtime, no value and no default, or one that cannot be decoded.
    Nothing,
    /// The value, or the item's default, in canonical JSON.
    Value(String),
}

/// The states before and after a block, as far as they have been read.
pub trait State {
    /// Whether the runtime that wrote the state has the item.
    fn has(&self, moment: Moment, pallet: &str, item: &str) -> bool;
    /// Looks a value up.
    fn read(&self, read: &Read) -> Answer;
}

/// Looks up, and notes what has not been read yet.
pub(super) struct Reader<'s> {
    state: &'s dyn State,
    missing: RefCell<Vec<Read>>,
}

pub(super) const SUBTENSOR: &str = "SubtensorModule";
const NOBODY: AccountId = AccountId([0; 32]);

impl<'s> Reader<'s> {
    pub(super) fn new(state: &'s dyn State) -> Self {
        Self { state, missing: RefCell::default() }
    }

    /// What has not been read, each once.
    pub(super) fn into_missing(self) -> Vec<Read> {
        let mut missing = self.missing.into_inner();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    pub(super) fn has(&self, moment: Moment, pallet: &str, item: &str) -> bool {
        self.state.has(moment, pallet, item)
    }

    /// A value as text of canonical JSON.
    pub(super) fn json(
        &self,
        moment: Moment,
        pallet: &'static str,
        item: &'static str,
        keys: &[Key],
    ) -> Option<String> {
        let read = Read { moment, pallet, item, keys: keys.to_vec() };
        match self.state.read(&read) {
            Answer::Value(json) => Some(json),
            Answer::Nothing => None,
            Answer::Unread => {
                self.missing.borrow_mut().push(read);
                None
            }
        }
    }

    pub(super) fn value(
        &self,
        moment: Moment,
        pallet: &'static str,
        item: &'static str,
        keys: &[Key],
    ) -> Option<Value> {
        let json = self.json(moment, pallet, item, keys)?;
        let value = serde_json::from_str(&json).ok()?;
        if value == Value::Null { None } else { Some(value) }
    }

    /// An integer of the pallet SubtensorModule.
    pub(super) fn integer<T: TryFrom<u128>>(
        &self,
        moment: Moment,
        item: &'static str,
        keys: &[Key],
    ) -> Option<T> {
        self.value(moment, SUBTENSOR, item, keys).as_ref().and_then(args::integer)
    }

    /// An account of the pallet SubtensorModule; the default, nobody, is none.
    pub(super) fn account(&self, moment: Moment, item: &'static str, keys: &[Key]) -> Option<AccountId> {
        let value = self.value(moment, SUBTENSOR, item, keys)?;
        let account: AccountId = value.as_str()?.parse().ok()?;
        if account == NOBODY { None } else { Some(account) }
    }
}

/// A key from the text of an account; `None` for text that is none.
pub(super) fn account_key(account: &str) -> Option<Key> {
    account.parse().ok().map(Key::Account)
}
