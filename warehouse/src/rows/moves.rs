//! Rows of the tables of moves: stake, neurons and subnets, keys, identities, claims, contracts.
//!
//! Units, sources and the meaning of an absent value are in the comments of the tables (docs/data-dictionary.md).

use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::page::{Cursor, Keyed};

/// Row of `stake_moves`: an event that moved stake, or stood for moving it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct StakeMoveRow {
    /// Block height.
    pub block_number: u64,
    /// Index of the event in the block.
    pub event_index: u32,
    /// Extrinsic in whose application it happened.
    pub extrinsic_index: Option<u32>,
    /// Block time, milliseconds since the Unix epoch.
    pub timestamp_ms: Option<u64>,
    /// The event in snake case.
    pub kind: String,
    /// Whose stake it was, SS58.
    pub coldkey: Option<String>,
    /// Hotkey it was staked to, SS58.
    pub hotkey: Option<String>,
    /// Subnet it was staked on.
    pub netuid: Option<u16>,
    /// Whose stake it is after a move, SS58.
    pub to_coldkey: Option<String>,
    /// Hotkey after a move, SS58.
    pub to_hotkey: Option<String>,
    /// Subnet after a move.
    pub to_netuid: Option<u16>,
    /// TAO, rao.
    pub tao_rao: Option<u64>,
    /// Alpha, alpha-rao.
    pub alpha_rao: Option<u64>,
    /// Fee of the swap, in fee_unit.
    pub fee: Option<u64>,
    /// rao or alpha_rao.
    pub fee_unit: Option<String>,
    /// buy or sell where the event swapped against the pool of netuid.
    pub side: Option<String>,
    /// TAO that this event moved through the pool, rao, which is tao_rao.
    pub volume_rao: Option<u64>,
    /// Of a leg.
    pub summary_event: Option<u32>,
    /// TAO for one alpha on netuid in the state of the parent block, as the chain computes it, bits of a U96F32 (divide by 2^32).
    pub price_bits: Option<u128>,
    /// How much less came out than the net amount at price_bits would have given, parts per million of the latter.
    pub slippage: Option<i32>,
}

/// Row of `registrations`: a neuron or subnet registered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct RegistrationRow {
    /// Block height.
    pub block_number: u64,
    /// Index of the event in the block.
    pub event_index: u32,
    /// Extrinsic in whose application it happened.
    pub extrinsic_index: Option<u32>,
    /// Block time, milliseconds since the Unix epoch.
    pub timestamp_ms: Option<u64>,
    /// neuron or subnet.
    pub kind: String,
    /// Subnet.
    pub netuid: u16,
    /// Block at which this subnet was registered.
    pub subnet_registered_at: Option<u64>,
    /// Neuron.
    pub uid: Option<u16>,
    /// Hotkey registered, or the owner's hotkey of a subnet, SS58.
    pub hotkey: Option<String>,
    /// Its owner, or the owner of the subnet, SS58.
    pub coldkey: Option<String>,
    /// Call that registered it, such as burned_register, register, root_register, register_network.
    pub method: Option<String>,
    /// What it cost, rao.
    pub cost_rao: Option<u64>,
    /// recycled.
    pub cost_source: Option<String>,
    /// Hotkey that had the uid before, SS58.
    pub replaced_hotkey: Option<String>,
}

/// Row of `deregistrations`: a neuron or subnet that lost its place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct DeregistrationRow {
    /// Block height.
    pub block_number: u64,
    /// Order within the block, from 0.
    pub item_index: u32,
    /// Event that tells of it.
    pub event_index: Option<u32>,
    /// Extrinsic in whose application it happened.
    pub extrinsic_index: Option<u32>,
    /// Block time, milliseconds since the Unix epoch.
    pub timestamp_ms: Option<u64>,
    /// neuron or subnet.
    pub kind: String,
    /// Subnet.
    pub netuid: u16,
    /// Block at which that subnet was registered.
    pub subnet_registered_at: Option<u64>,
    /// Neuron.
    pub uid: Option<u16>,
    /// Hotkey that lost its place, or the owner's hotkey of a subnet, SS58.
    pub hotkey: Option<String>,
    /// Its owner, or the owner of the subnet, SS58.
    pub coldkey: Option<String>,
    /// replaced.
    pub reason: String,
    /// Hotkey that took the uid, SS58.
    pub replaced_by: Option<String>,
    /// Block at which the neuron (or subnet) had been registered.
    pub registered_at: Option<u64>,
    /// Its incentive in the state of the parent block, of 65535.
    pub incentive: Option<u16>,
    /// Its emission of the last epoch in the state of the parent block, alpha-rao.
    pub emission_rao: Option<u64>,
}

/// Row of `identities`: an identity set, moved or removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct IdentityRow {
    /// Block height.
    pub block_number: u64,
    /// Index of the event in the block.
    pub event_index: u32,
    /// Extrinsic in whose application it happened.
    pub extrinsic_index: Option<u32>,
    /// Block time, milliseconds since the Unix epoch.
    pub timestamp_ms: Option<u64>,
    /// coldkey.
    pub kind: String,
    /// set, moved (with the coldkey it belongs to) or removed.
    pub action: String,
    /// Account, SS58.
    pub account: Option<String>,
    /// Subnet.
    pub netuid: Option<u16>,
    /// Name, or symbol.
    pub name: Option<String>,
    /// Address of its site.
    pub url: Option<String>,
    /// Repository.
    pub github_repo: Option<String>,
    /// Address of its picture or logo.
    pub image: Option<String>,
    /// Discord.
    pub discord: Option<String>,
    /// Contact.
    pub contact: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Anything else it says.
    pub additional: Option<String>,
    /// The whole as stored, canonical JSON; NULL where it was removed or could not be read.
    pub value: Option<String>,
}

/// Row of `delegate_takes`: a take that a hotkey set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct DelegateTakeRow {
    /// Block height.
    pub block_number: u64,
    /// Index of the event in the block.
    pub event_index: u32,
    /// Extrinsic in whose application it happened.
    pub extrinsic_index: Option<u32>,
    /// Block time, milliseconds since the Unix epoch.
    pub timestamp_ms: Option<u64>,
    /// delegate or childkey.
    pub kind: String,
    /// Hotkey, SS58.
    pub hotkey: String,
    /// Its owner, SS58.
    pub coldkey: Option<String>,
    /// Subnet of a child's take.
    pub netuid: Option<u16>,
    /// Take before, of 65535.
    pub old_take: Option<u16>,
    /// Take after, of 65535.
    pub new_take: u16,
}

/// Row of `child_keys`: children that a hotkey named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct ChildKeysRow {
    /// Block height.
    pub block_number: u64,
    /// Index of the event in the block.
    pub event_index: u32,
    /// Extrinsic in whose application it happened.
    pub extrinsic_index: Option<u32>,
    /// Block time, milliseconds since the Unix epoch.
    pub timestamp_ms: Option<u64>,
    /// The parent, SS58.
    pub hotkey: String,
    /// Subnet.
    pub netuid: u16,
    /// Children.
    pub children: Vec<(u64, String)>,
    /// scheduled (SetChildrenScheduled) or set (SetChildren).
    pub state: String,
    /// Block from which a scheduled change may be applied.
    pub cooldown_block: Option<u64>,
}

/// Row of `key_swaps`: a key replaced, or what led to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct KeySwapRow {
    /// Block height.
    pub block_number: u64,
    /// Index of the event in the block.
    pub event_index: u32,
    /// Extrinsic in whose application it happened.
    pub extrinsic_index: Option<u32>,
    /// Block time, milliseconds since the Unix epoch.
    pub timestamp_ms: Option<u64>,
    /// hotkey, hotkey_on_subnet, coldkey, coldkey_scheduled (195 to 377), coldkey_announced, coldkey_disputed, coldkey_cleared, coldkey_reset (380 on), coldkey_arbitration_extended, coldkey_balance_moved (everything unstaked and sent to the new coldkey).
    pub kind: String,
    /// Key that is or will be replaced, SS58.
    pub old_key: Option<String>,
    /// Key that takes its place, SS58.
    pub new_key: Option<String>,
    /// Hash of the announced coldkey, 0x hex.
    pub new_key_hash: Option<String>,
    /// Owner of the swapped hotkey, SS58.
    pub coldkey: Option<String>,
    /// Subnet, if only there.
    pub netuid: Option<u16>,
    /// Block from which a scheduled swap runs.
    pub execution_block: Option<u64>,
    /// Cost of the swap, or the balance moved, rao.
    pub amount_rao: Option<u64>,
}

/// Row of `root_claims`: alpha that a staker on root claimed from one subnet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct RootClaimRow {
    /// Block height.
    pub block_number: u64,
    /// Order within the block, from 0.
    pub item_index: u32,
    /// Index of the event RootClaimed.
    pub event_index: u32,
    /// Extrinsic in whose application it happened.
    pub extrinsic_index: Option<u32>,
    /// Block time, milliseconds since the Unix epoch.
    pub timestamp_ms: Option<u64>,
    /// Who claimed, SS58.
    pub coldkey: String,
    /// Hotkey staked to on root, SS58.
    pub hotkey: String,
    /// Subnet whose alpha was claimed.
    pub netuid: u16,
    /// Alpha claimed, alpha-rao.
    pub alpha_rao: u64,
    /// swap.
    pub kind: Option<String>,
    /// TAO that a swap gave, rao.
    pub tao_rao: Option<u64>,
    /// owed.
    pub source: String,
}

/// Row of `evm_transactions`: an Ethereum transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct EvmTransactionRow {
    /// Block height.
    pub block_number: u64,
    /// Position among the Ethereum transactions of the block, from 0.
    pub transaction_index: u32,
    /// Index of the event Ethereum.Executed.
    pub event_index: u32,
    /// Extrinsic in whose application it happened.
    pub extrinsic_index: Option<u32>,
    /// Block time, milliseconds since the Unix epoch.
    pub timestamp_ms: Option<u64>,
    /// Hash of the transaction, 0x hex.
    pub hash: String,
    /// legacy, eip2930, eip1559 or eip7702.
    pub kind: Option<String>,
    /// Sender, recovered by the chain, 0x hex.
    pub from_address: String,
    /// Account of the sender on the Substrate side, SS58.
    pub from_account: String,
    /// Receiver, 0x hex.
    pub to_address: Option<String>,
    /// Contract that was created, 0x hex.
    pub contract_address: Option<String>,
    /// Nonce of the sender.
    pub nonce: Option<u64>,
    /// Value, wei (10^9 wei are 1 rao), decimal digits.
    pub value_wei: Option<String>,
    /// Gas limit.
    pub gas_limit: Option<u64>,
    /// Gas used by this transaction.
    pub gas_used: Option<u64>,
    /// Price of gas, or the most that is paid for it (EIP-1559), wei, decimal digits.
    pub gas_price_wei: Option<String>,
    /// Most that is paid as priority fee (EIP-1559), wei, decimal digits.
    pub priority_fee_wei: Option<String>,
    /// Whether it succeeded.
    pub success: Option<bool>,
    /// How it ended, canonical JSON.
    pub exit_reason: String,
    /// Input, 0x hex.
    pub input: Option<String>,
    /// Logs it wrote.
    pub log_count: Option<u32>,
}

/// Row of `evm_logs`: a log of a contract.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct EvmLogRow {
    /// Block height.
    pub block_number: u64,
    /// Index of the event in the block.
    pub event_index: u32,
    /// Extrinsic in whose application it happened.
    pub extrinsic_index: Option<u32>,
    /// Block time, milliseconds since the Unix epoch.
    pub timestamp_ms: Option<u64>,
    /// Ethereum transaction it belongs to.
    pub transaction_index: Option<u32>,
    /// Its hash, 0x hex.
    pub transaction_hash: Option<String>,
    /// Contract that wrote it, 0x hex.
    pub address: String,
    /// Topics, 0x hex, at most four.
    pub topics: Vec<String>,
    /// Data, 0x hex.
    pub data: String,
}

/// What rows of one block are ordered by.
macro_rules! keyed {
    ($($row:ident $minor:ident),* $(,)?) => {$(
        impl Keyed for $row {
            fn cursor(&self) -> Cursor {
                Cursor { block: self.block_number, major: self.$minor, minor: 0 }
            }
        }
    )*};
}

keyed!(
    StakeMoveRow event_index,
    RegistrationRow event_index,
    DeregistrationRow item_index,
    IdentityRow event_index,
    DelegateTakeRow event_index,
    ChildKeysRow event_index,
    KeySwapRow event_index,
    RootClaimRow item_index,
    EvmTransactionRow transaction_index,
    EvmLogRow event_index,
);

/// All rows of moves of some blocks, each list in the order of its table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct MoveRows {
    pub stake_moves: Vec<StakeMoveRow>,
    pub registrations: Vec<RegistrationRow>,
    pub deregistrations: Vec<DeregistrationRow>,
    pub identities: Vec<IdentityRow>,
    pub delegate_takes: Vec<DelegateTakeRow>,
    pub child_keys: Vec<ChildKeysRow>,
    pub key_swaps: Vec<KeySwapRow>,
    pub root_claims: Vec<RootClaimRow>,
    pub evm_transactions: Vec<EvmTransactionRow>,
    pub evm_logs: Vec<EvmLogRow>,
}

impl MoveRows {
    /// Adds the rows of blocks that follow.
    pub fn append(&mut self, mut more: Self) {
        self.stake_moves.append(&mut more.stake_moves);
        self.registrations.append(&mut more.registrations);
        self.deregistrations.append(&mut more.deregistrations);
        self.identities.append(&mut more.identities);
        self.delegate_takes.append(&mut more.delegate_takes);
        self.child_keys.append(&mut more.child_keys);
        self.key_swaps.append(&mut more.key_swaps);
        self.root_claims.append(&mut more.root_claims);
        self.evm_transactions.append(&mut more.evm_transactions);
        self.evm_logs.append(&mut more.evm_logs);
    }

    /// Number of rows of all tables.
    #[must_use]
    pub fn len(&self) -> usize {
        self.stake_moves.len()
            + self.registrations.len()
            + self.deregistrations.len()
            + self.identities.len()
            + self.delegate_takes.len()
            + self.child_keys.len()
            + self.key_swaps.len()
            + self.root_claims.len()
            + self.evm_transactions.len()
            + self.evm_logs.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
