//! What a block may have changed, by its events and calls.
//!
//! Too much is no harm: what did not change gives no row. What events do not name (who is staked to a swapped key,
//! whom a removed subnet pays out) is found in the state, see [`super::reach`].

use std::collections::BTreeSet;

use serde_json::Value;
use yumascan_chain::{AccountId, DecodedBlock, Hash, MentionRole, Outcome};

/// Shares of a coldkey in the pool of a hotkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Stake {
    pub(crate) hotkey: AccountId,
    pub(crate) coldkey: AccountId,
    pub(crate) netuid: u16,
}

/// What a block may have changed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Touched {
    pub(crate) accounts: BTreeSet<AccountId>,
    pub(crate) stakes: BTreeSet<Stake>,
    pub(crate) pools: BTreeSet<(AccountId, u16)>,
    pub(crate) rates: BTreeSet<AccountId>,
    pub(crate) subnets: BTreeSet<u16>,
    /// Coldkeys for which claims of root stakers were settled.
    pub(crate) claims: BTreeSet<AccountId>,
    /// Hotkeys of which all stake may have moved.
    pub(crate) hotkeys: BTreeSet<AccountId>,
    /// Coldkeys of which all stake may have moved, in groups between which it may have.
    pub(crate) coldkeys: Vec<Vec<AccountId>>,
    /// Subnets that were removed.
    pub(crate) removed: BTreeSet<u16>,
    /// Subnets that were registered.
    pub(crate) added: BTreeSet<u16>,
    /// Accounts that were paid out of a lease.
    pub(crate) leases: BTreeSet<AccountId>,
    /// Whether parameters may have been set.
    pub(crate) parameters: bool,
}

/// Most accounts of an event that nobody here knows, between any two of which there may be stake.
const MOST_ACCOUNTS: usize = 12;
/// Events after which a subnet's own state is as before.
const WITHOUT_EFFECT: [&str; 12] = [
    "WeightsSet",
    "WeightsCommitted",
    "WeightsRevealed",
    "WeightsBatchRevealed",
    "CRV3WeightsCommitted",
    "CRV3WeightsRevealed",
    "TimelockedWeightsCommitted",
    "TimelockedWeightsRevealed",
    "AxonServed",
    "PrometheusServed",
    "BatchWeightsCompleted",
    "BatchCompletedWithErrors",
];

impl Touched {
    /// Collects it from a decoded block.
    pub(crate) fn of(decoded: &DecodedBlock) -> Self {
        let mut touched = Self::default();
        touched.accounts.extend(decoded.summary.author);
        touched.accounts.extend(decoded.mentions.iter().map(|mention| mention.account));
        let signers: Vec<Option<AccountId>> = signers(decoded);
        for event in decoded.events() {
            let signer = event.extrinsic_index().and_then(|index| *signers.get(index as usize)?);
            touched.note_event(event.pallet, event.variant, event.args, signer);
        }
        for call in decoded.calls() {
            if matches!(call.outcome, Outcome::Success | Outcome::Unknown) {
                touched.note_call(call.pallet, call.call, call.args);
            }
        }
        touched.note_paid_in_alpha(decoded);
        let pools = touched.stakes.iter().map(|stake| (stake.hotkey, stake.netuid));
        touched.pools.extend(pools);
        touched
    }

    pub(crate) fn stake(&mut self, hotkey: AccountId, coldkey: AccountId, netuid: u16) {
        self.stakes.insert(Stake { hotkey, coldkey, netuid });
        self.pools.insert((hotkey, netuid));
    }

    fn note_event(&mut self, pallet: &str, variant: &str, args: &str, signer: Option<AccountId>) {
        if matches!(pallet, "EVM" | "Ethereum") {
            let mut addresses = Vec::new();
            collect_addresses(&serde_json::from_str(args).unwrap_or_default(), &mut addresses);
            self.accounts.extend(addresses.into_iter().map(|address| mapped(&address)));
            return;
        }
        if !matches!(pallet, "SubtensorModule" | "Swap" | "AlphaAssets" | "LimitOrders" | "AdminUtils") {
            return;
        }
        let args: Value = serde_json::from_str(args).unwrap_or_default();
        let named = Named::of(&args);
        if pallet == "AdminUtils" || variant.ends_with("Set") || variant.ends_with("Toggled") {
            self.parameters = true;
        }
        if !WITHOUT_EFFECT.contains(&variant) {
            self.subnets.extend(&named.numbers);
        }
        let (accounts, netuids) = (&named.accounts, &named.numbers);
        match (variant, accounts.as_slice(), netuids.as_slice()) {
            ("StakeAdded" | "StakeRemoved", [coldkey, hotkey], [netuid, ..]) => {
                self.stake(*hotkey, *coldkey, *netuid);
            }
            ("RootClaimed", [coldkey, ..], _) => {
                self.claims.insert(*coldkey);
            }
            ("HotkeySwapped" | "HotkeySwappedOnSubnet", ..) => {
                self.hotkeys.extend(accounts);
                self.rates.extend(accounts);
            }
            ("ColdkeySwapped" | "AllBalanceUnstakedAndTransferredToNewColdkey", ..) => {
                self.coldkeys.push(accounts.clone());
            }
            ("NetworkRemoved", _, [netuid, ..]) => {
                self.removed.insert(*netuid);
            }
            ("NetworkAdded", _, [netuid, ..]) => {
                self.added.insert(*netuid);
            }
            ("SubnetLeaseDividendsDistributed" | "SubnetLeaseTerminated" | "SubnetLeaseCreated", ..) => {
                self.leases.extend(accounts);
            }
            (variant, ..) if WITHOUT_EFFECT.contains(&variant) => {}
            _ => self.note_pairs(accounts, netuids, signer),
        }
    }

    /// An event that says less, or that nobody here knows: stake may be between any two of its accounts.
    fn note_pairs(&mut self, accounts: &[AccountId], netuids: &[u16], signer: Option<AccountId>) {
        let mut accounts = accounts.to_vec();
        accounts.extend(signer);
        accounts.sort_unstable();
        accounts.dedup();
        if accounts.len() > MOST_ACCOUNTS {
            return;
        }
        for hotkey in &accounts {
            for coldkey in &accounts {
                for netuid in netuids {
                    self.stake(*hotkey, *coldkey, *netuid);
                }
            }
        }
    }

    fn note_call(&mut self, pallet: &str, call: &str, args: &str) {
        let sets = call.starts_with("sudo_set") || call.starts_with("set_") || call.starts_with("sudo_");
        if pallet == "AdminUtils" || pallet == "Sudo" || (pallet == "SubtensorModule" && sets) {
            self.parameters |= !matches!(
                call,
                "set_weights"
                    | "set_mechanism_weights"
                    | "set_children"
                    | "set_childkey_take"
                    | "set_tao_weights"
            );
        }
        if pallet == "System" && call.starts_with("set_") {
            self.parameters = true;
        }
        if matches!(pallet, "AdminUtils" | "Swap") {
            let netuid =
                serde_json::from_str::<Value>(args).ok().and_then(|args| args.get("netuid")?.as_u64());
            self.subnets.extend(netuid.and_then(|netuid| u16::try_from(netuid).ok()));
        }
    }

    /// A fee paid in alpha is taken from stake of the payer to a hotkey that only the call names.
    fn note_paid_in_alpha(&mut self, decoded: &DecodedBlock) {
        for event in decoded.events().filter(|event| event.variant == "TransactionFeePaidWithAlpha") {
            let Some(index) = event.extrinsic_index() else { continue };
            let named = Named::of(&serde_json::from_str(event.args).unwrap_or_default());
            let mentioned: BTreeSet<AccountId> = decoded
                .mentions
                .iter()
                .filter(|mention| {
                    mention.extrinsic_index == Some(index) && mention.role != MentionRole::Event
                })
                .map(|mention| mention.account)
                .collect();
            for coldkey in &named.accounts {
                for hotkey in mentioned.iter().chain(&decoded.summary.author).take(MOST_ACCOUNTS) {
                    for netuid in &named.numbers {
                        self.stake(*hotkey, *coldkey, *netuid);
                    }
                }
            }
        }
    }
}

/// Signer of each extrinsic.
fn signers(decoded: &DecodedBlock) -> Vec<Option<AccountId>> {
    let mut signers = Vec::new();
    for extrinsic in decoded.extrinsics() {
        let index = extrinsic.index as usize;
        if signers.len() <= index {
            signers.resize(index + 1, None);
        }
        signers[index] = extrinsic.signer.and_then(|text| text.parse().ok());
    }
    signers
}

/// Accounts and small numbers, any of which may be a subnet, in the order in which an event has them.
#[derive(Debug, Default)]
struct Named {
    accounts: Vec<AccountId>,
    numbers: Vec<u16>,
}

impl Named {
    fn of(args: &Value) -> Self {
        let mut named = Self::default();
        named.collect(args);
        named
    }

    fn collect(&mut self, value: &Value) {
        match value {
            Value::String(text) if text.len() >= 46 && text.starts_with('5') => {
                self.accounts.extend(text.parse::<AccountId>());
            }
            Value::Number(number) => {
                self.numbers.extend(number.as_u64().and_then(|number| u16::try_from(number).ok()));
            }
            Value::Array(values) => values.iter().for_each(|value| self.collect(value)),
            Value::Object(members) => members.values().for_each(|value| self.collect(value)),
            _ => {}
        }
    }
}

fn collect_addresses(value: &Value, found: &mut Vec<[u8; 20]>) {
    match value {
        Value::String(text) if text.len() == 42 => {
            let mut address = [0; 20];
            if const_hex::decode_to_slice(text, &mut address).is_ok() {
                found.push(address);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect_addresses(value, found)),
        Value::Object(members) => members.values().for_each(|value| collect_addresses(value, found)),
        _ => {}
    }
}

/// The account that stands for an EVM address.
fn mapped(address: &[u8; 20]) -> AccountId {
    let mut bytes = b"evm:".to_vec();
    bytes.extend_from_slice(address);
    AccountId(Hash::blake2_256(&bytes).0)
}
