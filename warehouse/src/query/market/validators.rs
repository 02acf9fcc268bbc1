//! Validators: who they are, what they weigh, how they did.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use yumascan_protocol::{
    fixed::{U64F64, U96F32},
    valuation::{share_ppm, worth_rao},
};

use super::{Moment, yields::DAY_MS};
use crate::{
    Warehouse, WarehouseError,
    query::sql::Sql,
    rows::{ChildKeysRow, DelegateTakeRow, NetworkStateRow, NeuronStateRow},
};

/// A validator on one subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ValidatorSeat {
    /// Its neuron, as the last epoch left it.
    pub neuron: NeuronStateRow,
    /// What the alpha staked to it is worth at the moment's price, rao.
    pub alpha_worth_rao: Option<u128>,
    /// Blocks since it set or committed weights.
    pub blocks_since_update: Option<u64>,
    /// Its part of the dividends of the subnet, parts per million.
    pub dividend_share_ppm: Option<u64>,
}

/// A hotkey that may set weights somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Validator {
    /// SS58.
    pub hotkey: String,
    /// Its owner, SS58.
    pub coldkey: Option<String>,
    /// TAO staked to it on root, rao.
    pub root_stake_rao: Option<u64>,
    /// What all alpha staked to it where it is a validator is worth, rao.
    pub alpha_worth_rao: u128,
    /// Stake weight in TAO: root stake by the chain's weight of TAO, and the worth of its alpha, rao.
    pub weight_rao: u128,
    /// Dominance: its part of the stake weight of all validators, parts per million.
    pub dominance_ppm: Option<u64>,
    /// Where it is a validator, by netuid.
    pub seats: Vec<ValidatorSeat>,
}

/// Epochs of a validator in the last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Attendance {
    /// Subnet.
    pub netuid: u16,
    /// Epochs in which it had a permit.
    pub epochs: u64,
    /// Of them those in which it earned no dividends.
    pub missed: u64,
}

/// A relation of parent and child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Relation {
    /// Subnet.
    pub netuid: u16,
    /// The other hotkey, SS58.
    pub hotkey: String,
    /// Part of the parent's stake that counts for the child, of 2^64 − 1.
    pub proportion: u64,
    /// Block since which it holds.
    pub since_block: u64,
}

/// The family of a hotkey.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Family {
    /// Hotkeys that lend it stake.
    pub parents: Vec<Relation>,
    /// Hotkeys to which it lends stake.
    pub children: Vec<Relation>,
}

impl Warehouse {
    /// All validators at a moment, the weightiest first: hotkeys with a validator permit after the last epoch of any
    /// subnet in the last [`LOOK_BACK`] blocks.
    pub async fn list_validators(&self, moment: &Moment) -> Result<Vec<Validator>, WarehouseError> {
        let from = moment.block.saturating_sub(LOOK_BACK);
        let sql = Sql::new(
            "SELECT ?fields FROM neuron_state WHERE validator_permit AND (netuid, block_number) IN (\
             SELECT netuid, max(block_number) FROM neuron_state WHERE block_number BETWEEN ? AND ? AND validator_permit \
             GROUP BY netuid) AND block_number BETWEEN ? AND ? ORDER BY netuid, uid",
        );
        let sql = sql.bind(from).bind(moment.block).bind(from).bind(moment.block);
        let (neurons, prices, network) = futures::try_join!(
            self.fetch_all::<NeuronStateRow>("list validators", sql),
            self.get_prices(moment),
            self.find_network(moment),
        )?;
        Ok(validators_of(neurons, &prices, network.as_ref(), moment.block))
    }

    /// One validator, weighed among all; `None` where the hotkey has no permit anywhere.
    pub async fn find_validator(
        &self,
        hotkey: &str,
        moment: &Moment,
    ) -> Result<Option<Validator>, WarehouseError> {
        Ok(self.list_validators(moment).await?.into_iter().find(|validator| validator.hotkey == hotkey))
    }

    /// In how many epochs of the day before the moment a hotkey had a permit, and earned nothing, by subnet.
    pub async fn list_attendance(
        &self,
        hotkey: &str,
        moment: &Moment,
    ) -> Result<Vec<Attendance>, WarehouseError> {
        let after = moment.timestamp_ms.unwrap_or(0).saturating_sub(DAY_MS);
        let sql = Sql::new(
            "SELECT netuid, count(), countIf(ifNull(dividends, 0) = 0) FROM neuron_state \
             WHERE hotkey = ? AND block_number BETWEEN ? AND ? AND timestamp_ms > ? AND validator_permit \
             AND (netuid, block_number) IN (SELECT netuid, block_number FROM subnet_state \
             WHERE block_number BETWEEN ? AND ? AND last_step_block = block_number) GROUP BY netuid ORDER BY netuid",
        );
        let from = moment.block.saturating_sub(4 * LOOK_BACK);
        let sql = sql.bind(hotkey).bind(from).bind(moment.block).bind(after).bind(from).bind(moment.block);
        let rows = self.fetch_all::<(u16, u64, u64)>("count epochs of a validator", sql).await?;
        Ok(rows.into_iter().map(|(netuid, epochs, missed)| Attendance { netuid, epochs, missed }).collect())
    }

    /// Parents and children of a hotkey at a moment, as far as they were set in stored blocks.
    pub async fn find_family(&self, hotkey: &str, moment: &Moment) -> Result<Family, WarehouseError> {
        let sql = Sql::new(
            "SELECT ?fields FROM (SELECT * FROM child_keys WHERE state = 'set' AND block_number <= ? AND hotkey IN (\
             SELECT hotkey FROM child_keys WHERE hotkey = ? OR arrayExists(child -> child.2 = ?, children)) \
             ORDER BY block_number DESC, event_index DESC LIMIT 1 BY hotkey, netuid) ORDER BY netuid, hotkey",
        );
        let sql = sql.bind(moment.block).bind(hotkey).bind(hotkey);
        let rows = self.fetch_all::<ChildKeysRow>("read a family", sql).await?;
        let mut family = Family::default();
        for row in rows {
            for (proportion, child) in &row.children {
                let relation = |hotkey: &str| Relation {
                    netuid: row.netuid,
                    hotkey: hotkey.to_owned(),
                    proportion: *proportion,
                    since_block: row.block_number,
                };
                if row.hotkey == hotkey {
                    family.children.push(relation(child));
                } else if child == hotkey {
                    family.parents.push(relation(&row.hotkey));
                }
            }
        }
        Ok(family)
    }

    /// Takes that a hotkey set up to a moment, newest first, at most `limit`.
    pub async fn list_takes(
        &self,
        hotkey: &str,
        moment: &Moment,
        limit: u32,
    ) -> Result<Vec<DelegateTakeRow>, WarehouseError> {
        let sql = Sql::new(
            "SELECT ?fields FROM delegate_takes WHERE hotkey = ? AND block_number <= ? \
             ORDER BY block_number DESC, event_index DESC LIMIT ?",
        );
        self.fetch_all("list takes", sql.bind(hotkey).bind(moment.block).bind(limit)).await
    }

    /// The take of a hotkey at a moment, of 65535: as it was set last, else as its last dividends say; `None` where
    /// neither is stored.
    pub async fn find_take(&self, hotkey: &str, moment: &Moment) -> Result<Option<u16>, WarehouseError> {
        let set = Sql::new(
            "SELECT new_take FROM delegate_takes WHERE hotkey = ? AND kind = 'delegate' AND block_number <= ? \
             ORDER BY block_number DESC, event_index DESC LIMIT 1",
        );
        if let Some(take) =
            self.fetch_optional::<u16>("find a take", set.bind(hotkey).bind(moment.block)).await?
        {
            return Ok(Some(take));
        }
        let paid = Sql::new(
            "SELECT assumeNotNull(take) FROM dividends WHERE hotkey = ? AND block_number <= ? AND isNotNull(take) \
             ORDER BY block_number DESC LIMIT 1",
        );
        self.fetch_optional("find a take", paid.bind(hotkey).bind(moment.block)).await
    }

    /// Coldkeys with stake on a hotkey at a moment, by subnet; a coldkey counts on each.
    pub async fn count_nominators(
        &self,
        hotkey: &str,
        moment: &Moment,
    ) -> Result<BTreeMap<u16, u64>, WarehouseError> {
        let sql = Sql::new(
            "SELECT netuid, countIf(has) FROM (SELECT coldkey, netuid, argMax(\
             ifNull(shares_bits, 0) > 0 OR ifNull(shares_mantissa, 0) > 0, block_number) AS has FROM stake_shares \
             WHERE hotkey = ? AND block_number <= ? GROUP BY coldkey, netuid) GROUP BY netuid ORDER BY netuid",
        );
        let rows =
            self.fetch_all::<(u16, u64)>("count nominators", sql.bind(hotkey).bind(moment.block)).await?;
        Ok(rows.into_iter().filter(|(_, count)| *count > 0).collect())
    }
}

/// Blocks within which a subnet that works has an epoch.
pub const LOOK_BACK: u64 = 7_200;

fn validators_of(
    neurons: Vec<NeuronStateRow>,
    prices: &HashMap<u16, u128>,
    network: Option<&NetworkStateRow>,
    block: u64,
) -> Vec<Validator> {
    let mut dividends: HashMap<u16, u128> = HashMap::new();
    for neuron in &neurons {
        *dividends.entry(neuron.netuid).or_default() += u128::from(neuron.dividends.unwrap_or(0));
    }
    let mut validators: BTreeMap<String, Validator> = BTreeMap::new();
    for neuron in neurons {
        let Some(hotkey) = neuron.hotkey.clone() else { continue };
        let validator = validators.entry(hotkey.clone()).or_insert_with(|| Validator {
            hotkey,
            coldkey: neuron.coldkey.clone(),
            root_stake_rao: None,
            alpha_worth_rao: 0,
            weight_rao: 0,
            dominance_ppm: None,
            seats: Vec::new(),
        });
        let price = prices.get(&neuron.netuid).map(|bits| U96F32::from_bits(*bits));
        let alpha_worth_rao = neuron.alpha_stake_rao.zip(price).map(|(alpha, price)| worth_rao(alpha, price));
        // the youngest epoch knows best
        let is_younger = validator.seats.iter().all(|seat| seat.neuron.block_number <= neuron.block_number);
        if is_younger {
            validator.root_stake_rao = neuron.root_stake_rao.or(validator.root_stake_rao);
        }
        if neuron.netuid != 0 {
            validator.alpha_worth_rao += alpha_worth_rao.unwrap_or(0);
        }
        let total = dividends.get(&neuron.netuid).copied().unwrap_or(0);
        validator.seats.push(ValidatorSeat {
            blocks_since_update: neuron.last_update.map(|update| block.saturating_sub(update)),
            dividend_share_ppm: neuron.dividends.and_then(|part| share_ppm(part.into(), total)),
            alpha_worth_rao,
            neuron,
        });
    }
    let tao_weight = network.and_then(|network| network.tao_weight).map(U64F64::from_u64_share);
    let mut validators: Vec<_> = validators.into_values().collect();
    for validator in &mut validators {
        let root = U64F64::from_u64(validator.root_stake_rao.unwrap_or(0));
        let root = tao_weight.map_or(0, |weight| root.saturating_mul(weight).to_u128());
        validator.weight_rao = validator.alpha_worth_rao.saturating_add(root);
    }
    let all: u128 = validators.iter().map(|validator| validator.weight_rao).sum();
    for validator in &mut validators {
        validator.dominance_ppm = share_ppm(validator.weight_rao, all);
    }
    validators.sort_by(|a, b| b.weight_rao.cmp(&a.weight_rao).then_with(|| a.hotkey.cmp(&b.hotkey)));
    validators
}
