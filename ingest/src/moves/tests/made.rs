//! Events and states made up for a test.

use std::collections::HashMap;

use yumascan_chain::AccountId;
use yumascan_warehouse::rows::MoveRows;

use crate::moves::{
    Answer, Key, Moment, MovesOf, Read, State,
    args::Args,
    collect_from,
    events::{Call, Event, Log},
    read::SUBTENSOR,
};

/// Text of an account.
pub(super) fn who(number: u8) -> String {
    AccountId([number; 32]).to_ss58()
}

/// A key of it.
pub(super) fn key(number: u8) -> Key {
    Key::Account(AccountId([number; 32]))
}

/// A state of few values; items that are named in no value do not exist.
#[derive(Debug, Default, Clone)]
pub(super) struct MadeState {
    values: HashMap<Read, String>,
}

impl MadeState {
    pub(super) fn with(mut self, moment: Moment, item: &'static str, keys: &[Key], json: &str) -> Self {
        self.put(moment, SUBTENSOR, item, keys, json);
        self
    }

    pub(super) fn put(
        &mut self,
        moment: Moment,
        pallet: &'static str,
        item: &'static str,
        keys: &[Key],
        json: &str,
    ) {
        self.values.insert(Read { moment, pallet, item, keys: keys.to_vec() }, json.to_owned());
    }

    /// A subnet with a pool of these reserves, whose price is that of the reserves.
    pub(super) fn pool(mut self, netuid: u16, tao: u64, alpha: u64) -> Self {
        let of = [Key::U16(netuid)];
        self.put(Moment::Before, SUBTENSOR, "NetworksAdded", &of, "true");
        self.put(Moment::Before, SUBTENSOR, "SubnetMechanism", &of, "1");
        self.put(Moment::Before, SUBTENSOR, "SubnetTAO", &of, &format!("\"{tao}\""));
        self.put(Moment::Before, SUBTENSOR, "SubnetAlphaIn", &of, &format!("\"{alpha}\""));
        self
    }

    /// The runtime has the pallet Swap.
    pub(super) fn with_swap_pallet(mut self) -> Self {
        self.put(Moment::After, "Swap", "FeeRate", &[], "33");
        self
    }
}

impl State for MadeState {
    fn has(&self, moment: Moment, pallet: &str, item: &str) -> bool {
        self.values.keys().any(|read| read.moment == moment && read.pallet == pallet && read.item == item)
    }

    fn read(&self, read: &Read) -> Answer {
        self.values.get(read).cloned().map_or(Answer::Nothing, Answer::Value)
    }
}

/// A state of which nothing was read yet.
pub(super) struct Unread;

impl State for Unread {
    fn has(&self, _: Moment, _: &str, _: &str) -> bool {
        true
    }

    fn read(&self, _: &Read) -> Answer {
        Answer::Unread
    }
}

/// An event: extrinsic, pallet and name, arguments.
pub(super) type Made<'b> = (Option<u32>, &'b str, &'b str, String);

/// What a block tells.
pub(super) fn log<'b>(events: &[Made<'b>], calls: &[(u32, &'b str, &'b str, String)]) -> Log<'b> {
    let event = |(index, (extrinsic, pallet, name, args)): (u32, &Made<'b>)| Event {
        index,
        extrinsic: *extrinsic,
        pallet,
        name,
        args: Args::parse(args),
    };
    let mut by_extrinsic: HashMap<u32, Vec<Call<'b>>> = HashMap::new();
    for (extrinsic, name, origin, args) in calls {
        let call = Call { name, origin: Some(origin), args: Args::parse(args) };
        by_extrinsic.entry(*extrinsic).or_default().push(call);
    }
    Log { events: (0_u32..).zip(events).map(event).collect(), calls: by_extrinsic }
}

/// Rows of block 1000 with these events.
pub(super) fn rows(events: &[Made<'_>], state: &dyn State) -> MoveRows {
    rows_with(events, &[], 377, state)
}

/// The same with calls and a runtime.
pub(super) fn rows_with<'b>(
    events: &[Made<'b>],
    calls: &[(u32, &'b str, &'b str, String)],
    spec_version: u32,
    state: &dyn State,
) -> MoveRows {
    let block = MovesOf { number: 1000, timestamp_ms: Some(12_000_000), spec_version };
    collect_from(block, &log(events, calls), state).rows
}
