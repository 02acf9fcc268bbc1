//! Neurons and subnets that came and went.

use std::collections::{BTreeMap, HashMap, HashSet};

use yumascan_warehouse::rows::{DeregistrationRow, MoveRows, RegistrationRow};

use super::{
    MovesOf,
    args::integer,
    events::{Event, Log},
    read::{Key, Moment, Reader, SUBTENSOR, account_key},
};

/// Calls that register a neuron.
const REGISTER: [&str; 4] = ["burned_register", "register", "register_limit", "root_register"];
/// Calls that register a subnet; a leased one comes from a crowdloan's end.
const FOUND: [&str; 4] =
    ["register_network", "register_network_with_identity", "register_leased_network", "finalize"];
const TRIM: &str = "sudo_trim_to_max_allowed_uids";
/// From here on a registration raises the price of the next one.
const PRICES_RISE_AT_ONCE: u32 = 401;

/// Adds the rows of a block.
pub(super) fn collect(block: &MovesOf, log: &Log<'_>, reader: &Reader<'_>, rows: &mut MoveRows) {
    let mut story = Story::new(block, log, reader);
    for event in &log.events {
        story.tell(event, rows);
    }
    for (extrinsic, call) in log.all_calls(&[TRIM]) {
        if let Some(netuid) = call.args.u16("netuid", usize::MAX) {
            story.trimmed(netuid, extrinsic, rows);
        }
    }
}

/// What the block has done so far.
struct Story<'s> {
    block: &'s MovesOf,
    log: &'s Log<'s>,
    reader: &'s Reader<'s>,
    /// Who has a uid since this block.
    taken: BTreeMap<(u16, u16), String>,
    /// Subnets founded or removed in this block: the state before tells nothing of them any more.
    rebuilt: HashSet<u16>,
    /// Newest RAORecycledForRegistration of subnets.
    recycled: HashMap<u16, u64>,
    /// By how much it grew last: by subnet, in which extrinsic.
    growth: HashMap<u16, (Option<u32>, u64)>,
    /// What was last withdrawn from an account: extrinsic and amount.
    withdrawn: HashMap<String, (Option<u32>, u64)>,
}

impl<'s> Story<'s> {
    fn new(block: &'s MovesOf, log: &'s Log<'s>, reader: &'s Reader<'s>) -> Self {
        Self {
            block,
            log,
            reader,
            taken: BTreeMap::new(),
            rebuilt: HashSet::new(),
            recycled: HashMap::new(),
            growth: HashMap::new(),
            withdrawn: HashMap::new(),
        }
    }

    fn tell(&mut self, event: &Event<'_>, rows: &mut MoveRows) {
        match (event.pallet, event.name) {
            ("Balances", "Withdraw") => {
                if let (Some(who), Some(amount)) = (event.args.account("who", 0), event.args.u64("amount", 1))
                {
                    self.withdrawn.insert(who, (event.extrinsic, amount));
                }
            }
            (SUBTENSOR, "RAORecycledForRegistrationSet") => self.recycled(event),
            (SUBTENSOR, "NeuronRegistered") => self.neuron_registered(event, rows),
            (SUBTENSOR, "NetworkAdded") => self.subnet_added(event, rows),
            (SUBTENSOR, "NetworkRemoved") => self.subnet_removed(event, rows),
            _ => {}
        }
    }

    fn recycled(&mut self, event: &Event<'_>) {
        let (Some(netuid), Some(now)) = (event.args.u16("netuid", 0), event.args.u64("value", 1)) else {
            return;
        };
        let before = match self.recycled.insert(netuid, now) {
            Some(before) => Some(before),
            None if self.rebuilt.contains(&netuid) => Some(0),
            None => self.reader.integer(Moment::Before, "RAORecycledForRegistration", &[Key::U16(netuid)]),
        };
        let growth = before.and_then(|before| now.checked_sub(before)).filter(|growth| *growth > 0);
        match growth {
            Some(growth) => self.growth.insert(netuid, (event.extrinsic, growth)),
            None => self.growth.remove(&netuid),
        };
    }

    fn neuron_registered(&mut self, event: &Event<'_>, rows: &mut MoveRows) {
        let args = &event.args;
        let (Some(netuid), Some(uid)) = (args.u16("netuid", 0), args.u16("uid", 1)) else { return };
        let hotkey = args.account("hotkey", 2);
        let owner = hotkey.as_deref().and_then(account_key);
        let coldkey = owner.and_then(|key| self.reader.account(Moment::After, "Owner", &[key]));
        let coldkey = coldkey.map(|account| account.to_ss58());
        let method = self.method(event, netuid, hotkey.as_deref());
        let (cost_rao, cost_source) = self.cost(event, netuid, method, coldkey.as_deref());
        let replaced = self.holder(netuid, uid).filter(|old| Some(old) != hotkey.as_ref());
        if let Some(old) = &replaced {
            let row = DeregistrationRow {
                event_index: Some(event.index),
                extrinsic_index: event.extrinsic,
                reason: "replaced".to_owned(),
                replaced_by: hotkey.clone(),
                ..self.lost(netuid, uid, Some(old.clone()))
            };
            self.push(row, rows);
        }
        if let Some(hotkey) = &hotkey {
            self.taken.insert((netuid, uid), hotkey.clone());
        }
        rows.registrations.push(RegistrationRow {
            block_number: self.block.number,
            event_index: event.index,
            extrinsic_index: event.extrinsic,
            timestamp_ms: self.block.timestamp_ms,
            kind: "neuron".to_owned(),
            netuid,
            subnet_registered_at: self.reader.integer(
                Moment::After,
                "NetworkRegisteredAt",
                &[Key::U16(netuid)],
            ),
            uid: Some(uid),
            hotkey,
            coldkey,
            method: method.map(str::to_owned),
            cost_rao,
            cost_source: cost_source.map(str::to_owned),
            replaced_hotkey: replaced,
        });
    }

    /// The call that registered a hotkey.
    fn method(&self, event: &Event<'_>, netuid: u16, hotkey: Option<&str>) -> Option<&'static str> {
        let calls = self.log.calls(event.extrinsic, &REGISTER);
        let call = calls.iter().find(|call| {
            let of_subnet = call.args.u16("netuid", usize::MAX).unwrap_or(0) == netuid;
            of_subnet && call.args.account("hotkey", usize::MAX).as_deref() == hotkey
        })?;
        REGISTER.into_iter().find(|name| *name == call.name)
    }

    fn cost(
        &mut self,
        event: &Event<'_>,
        netuid: u16,
        method: Option<&str>,
        coldkey: Option<&str>,
    ) -> (Option<u64>, Option<&'static str>) {
        let rises = self.block.spec_version >= PRICES_RISE_AT_ONCE;
        if netuid == 0 {
            return (Some(0), Some("free"));
        }
        if method == Some("register") && !rises {
            return (Some(0), Some("work"));
        }
        let told = self.growth.remove(&netuid).filter(|(extrinsic, _)| *extrinsic == event.extrinsic);
        if let Some((_, growth)) = told.or_else(|| self.growth_of_block(netuid).map(|growth| (None, growth)))
        {
            return (Some(growth), Some("recycled"));
        }
        let withdrawn = coldkey.and_then(|coldkey| self.withdrawn.get(coldkey));
        if let Some((_, amount)) = withdrawn.filter(|(extrinsic, _)| *extrinsic == event.extrinsic) {
            // the extrinsic's own fee is withdrawn first: with nothing after it there is nothing to tell
            if self.withdrawals(event, coldkey) > 1 {
                return (Some(*amount), Some("withdrawn"));
            }
        }
        let burn = if rises { None } else { self.reader.integer(Moment::After, "Burn", &[Key::U16(netuid)]) };
        (burn, burn.map(|_| "burn"))
    }

    /// Growth over the block, where one registration alone can have caused it.
    fn growth_of_block(&self, netuid: u16) -> Option<u64> {
        let is_of = |event: &&Event<'_>| {
            let tells = matches!(event.name, "NeuronRegistered" | "RAORecycledForRegistrationSet");
            tells && event.args.u16("netuid", 0) == Some(netuid)
        };
        if self.rebuilt.contains(&netuid) || self.log.subtensor().filter(is_of).count() != 1 {
            return None;
        }
        let key = [Key::U16(netuid)];
        let read = |moment| self.reader.integer::<u64>(moment, "RAORecycledForRegistration", &key);
        let growth = read(Moment::After)?.checked_sub(read(Moment::Before)?)?;
        (growth > 0).then_some(growth)
    }

    fn withdrawals(&self, event: &Event<'_>, coldkey: Option<&str>) -> usize {
        let before = self.log.events.iter().filter(|other| {
            other.pallet == "Balances" && other.extrinsic == event.extrinsic && other.index < event.index
        });
        before.filter(|other| other.args.account("who", 0).as_deref() == coldkey).count()
    }

    fn subnet_added(&mut self, event: &Event<'_>, rows: &mut MoveRows) {
        let Some(netuid) = event.args.u16("netuid", 0) else { return };
        self.rebuild(netuid);
        let key = [Key::U16(netuid)];
        let account = |item: &'static str| {
            self.reader.account(Moment::After, item, &key).map(|account| account.to_ss58())
        };
        let cost: Option<u64> = self.reader.integer(Moment::After, "SubnetLocked", &key);
        let calls = self.log.calls(event.extrinsic, &FOUND);
        let method = calls.first().and_then(|call| FOUND.into_iter().find(|name| *name == call.name));
        rows.registrations.push(RegistrationRow {
            block_number: self.block.number,
            event_index: event.index,
            extrinsic_index: event.extrinsic,
            timestamp_ms: self.block.timestamp_ms,
            kind: "subnet".to_owned(),
            netuid,
            subnet_registered_at: self.reader.integer(Moment::After, "NetworkRegisteredAt", &key),
            uid: None,
            hotkey: account("SubnetOwnerHotkey"),
            coldkey: account("SubnetOwner"),
            method: method.map(str::to_owned),
            cost_rao: cost,
            cost_source: cost.map(|_| "lock".to_owned()),
            replaced_hotkey: None,
        });
    }

    fn subnet_removed(&mut self, event: &Event<'_>, rows: &mut MoveRows) {
        let Some(netuid) = event.args.u16("netuid", 0) else { return };
        // a subnet founded in the same block has nothing in the state before it
        let known = !self.rebuilt.contains(&netuid);
        let makes_room = !self.log.calls(event.extrinsic, &FOUND).is_empty();
        let reason = if makes_room { "pruned" } else { "dissolved" };
        let of_event = |row: DeregistrationRow| DeregistrationRow {
            event_index: Some(event.index),
            extrinsic_index: event.extrinsic,
            reason: reason.to_owned(),
            ..row
        };
        let key = [Key::U16(netuid)];
        let account = |item: &'static str| {
            let account = known.then(|| self.reader.account(Moment::Before, item, &key)).flatten();
            account.map(|account| account.to_ss58())
        };
        let registered_at =
            known.then(|| self.reader.integer(Moment::Before, "NetworkRegisteredAt", &key)).flatten();
        let row = DeregistrationRow {
            block_number: self.block.number,
            timestamp_ms: self.block.timestamp_ms,
            kind: "subnet".to_owned(),
            netuid,
            subnet_registered_at: registered_at,
            registered_at,
            hotkey: account("SubnetOwnerHotkey"),
            coldkey: account("SubnetOwner"),
            ..DeregistrationRow::default()
        };
        self.push(of_event(row), rows);
        let before = if known { self.neurons(Moment::Before, netuid) } else { 0 };
        let joined = self.taken.range((netuid, 0)..=(netuid, u16::MAX)).map(|((_, uid), _)| uid + 1).max();
        for uid in 0..before.max(joined.unwrap_or(0)) {
            let hotkey = self.holder(netuid, uid);
            let row = self.lost(netuid, uid, hotkey);
            self.push(of_event(row), rows);
        }
        self.rebuild(netuid);
    }

    /// Neurons that a lowered maximum left without a place: whose hotkey is on the subnet no more.
    fn trimmed(&mut self, netuid: u16, extrinsic: u32, rows: &mut MoveRows) {
        if self.rebuilt.contains(&netuid) {
            return;
        }
        let (before, after) = (self.neurons(Moment::Before, netuid), self.neurons(Moment::After, netuid));
        if after >= before {
            return;
        }
        let key = |uid| [Key::U16(netuid), Key::U16(uid)];
        let left: HashSet<String> = (0..after)
            .filter_map(|uid| self.reader.account(Moment::After, "Keys", &key(uid)))
            .map(|account| account.to_ss58())
            .collect();
        for uid in 0..before {
            let Some(hotkey) = self.holder(netuid, uid).filter(|hotkey| !left.contains(hotkey)) else {
                continue;
            };
            let row = DeregistrationRow {
                extrinsic_index: Some(extrinsic),
                reason: "trimmed".to_owned(),
                ..self.lost(netuid, uid, Some(hotkey))
            };
            self.push(row, rows);
        }
    }

    fn rebuild(&mut self, netuid: u16) {
        self.rebuilt.insert(netuid);
        self.taken.retain(|(of, _), _| *of != netuid);
        self.recycled.remove(&netuid);
        self.growth.remove(&netuid);
    }

    fn neurons(&self, moment: Moment, netuid: u16) -> u16 {
        self.reader.integer(moment, "SubnetworkN", &[Key::U16(netuid)]).unwrap_or(0)
    }

    /// Who has a uid, as far as the block has gone.
    fn holder(&self, netuid: u16, uid: u16) -> Option<String> {
        if let Some(hotkey) = self.taken.get(&(netuid, uid)) {
            return Some(hotkey.clone());
        }
        if self.rebuilt.contains(&netuid) || uid >= self.neurons(Moment::Before, netuid) {
            return None;
        }
        let key = [Key::U16(netuid), Key::U16(uid)];
        self.reader.account(Moment::Before, "Keys", &key).map(|account| account.to_ss58())
    }

    /// A neuron that lost its place, with what the state before the block says of it.
    fn lost(&self, netuid: u16, uid: u16, hotkey: Option<String>) -> DeregistrationRow {
        let is_new = self.taken.contains_key(&(netuid, uid));
        let owner = hotkey.as_deref().and_then(account_key);
        let moment = if is_new { Moment::After } else { Moment::Before };
        let coldkey = owner.and_then(|key| self.reader.account(moment, "Owner", &[key]));
        let subnet = [Key::U16(netuid)];
        let known = !is_new && !self.rebuilt.contains(&netuid);
        let neuron = [Key::U16(netuid), Key::U16(uid)];
        let before = |item: &'static str, keys: &[Key]| {
            known.then(|| self.reader.value(Moment::Before, SUBTENSOR, item, keys)).flatten()
        };
        let element = |item| before(item, &subnet)?.get(usize::from(uid)).cloned();
        DeregistrationRow {
            block_number: self.block.number,
            timestamp_ms: self.block.timestamp_ms,
            kind: "neuron".to_owned(),
            netuid,
            subnet_registered_at: before("NetworkRegisteredAt", &subnet).as_ref().and_then(integer),
            uid: Some(uid),
            hotkey,
            coldkey: coldkey.map(|account| account.to_ss58()),
            registered_at: match is_new {
                true => Some(self.block.number),
                false => before("BlockAtRegistration", &neuron).as_ref().and_then(integer),
            },
            incentive: element("Incentive").as_ref().and_then(integer),
            emission_rao: element("Emission").as_ref().and_then(integer),
            ..DeregistrationRow::default()
        }
    }

    fn push(&self, mut row: DeregistrationRow, rows: &mut MoveRows) {
        row.item_index = u32::try_from(rows.deregistrations.len()).unwrap_or(u32::MAX);
        rows.deregistrations.push(row);
    }
}
