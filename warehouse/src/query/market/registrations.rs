//! What registering costs and costs later, who would have to go, and who came and went.

use std::collections::BTreeMap;

use serde::Serialize;
use yumascan_protocol::{
    fixed::{I96F32, U64F64},
    pruning::{self, Place},
    registration::{Adjustment, BurnCurve, SubnetLock, reduction_interval},
    supply::block_emission,
    valuation::change_ppm,
};

use super::Moment;
use crate::{
    Page, PageRequest, Slice, Table, Warehouse, WarehouseError,
    query::{
        Range,
        list::List,
        sql::{Conditions, Sql},
    },
    rows::{DeregistrationRow, NeuronStateRow, RegistrationRow, SubnetStateRow},
};

/// Which registrations or deregistrations.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct RegistrationFilter {
    /// Blocks and times.
    pub range: Range,
    /// `neuron` or `subnet`.
    pub kind: Option<String>,
    /// Subnet.
    pub netuid: Option<u16>,
    /// Hotkey or coldkey, SS58.
    pub account: Option<String>,
}

impl RegistrationFilter {
    fn list(&self, doing: &'static str, table: Table) -> List {
        let mut conditions = Conditions::default();
        conditions.equal("kind", self.kind.as_deref()).equal("netuid", self.netuid.map(u32::from));
        if let Some(account) = self.account.as_deref() {
            conditions.and(Sql::new("hotkey = ? OR coldkey = ?").bind(account).bind(account));
        }
        List { doing, table, conditions, range: self.range, activity: None }
    }
}

/// A price some blocks ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FuturePrice {
    /// Blocks from the moment on.
    pub blocks: u64,
    /// Price then if nobody registers, rao.
    pub cost_rao: u64,
}

/// What registering a neuron costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NeuronCost {
    /// Price now, rao. Source: `Burn`.
    pub burn_rao: Option<u64>,
    /// Rules: `interval` (adjusted every so many blocks, until 393) or `decay` (falls every block, from 401).
    pub rule: Option<&'static str>,
    /// Price after one more registration, rao; `None` under `interval`, where it follows at the next adjustment.
    pub after_registration_rao: Option<u64>,
    /// Prices ahead.
    pub ahead: Vec<FuturePrice>,
}

/// What registering a subnet costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubnetCost {
    /// Price in the next block, rao.
    pub lock_rao: Option<u64>,
    /// What the last one cost, rao.
    pub last_rao: Option<u64>,
    /// The least it costs, rao.
    pub least_rao: Option<u64>,
    /// Prices ahead.
    pub ahead: Vec<FuturePrice>,
}

/// A subnet in the order of pruning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PruningPlace {
    /// Subnet.
    pub netuid: u16,
    /// 1 is the next to be pruned; `None` while immune.
    pub position: Option<u32>,
    /// First block without immunity.
    pub immune_until: u64,
    /// Block in which it was registered.
    pub registered_at: u64,
    /// The moving price by which it is ranked, bits of an I96F32.
    pub moving_price_bits: i128,
    /// Its moving price above that of the next to be pruned, parts per million of the latter; `None` while immune.
    pub margin_ppm: Option<i64>,
    /// What one alpha would be worth if the subnet were dissolved now, bits of a U96F32.
    pub liquidation_price_bits: Option<u128>,
    /// `immune`, `next` (it goes when a subnet is registered at the limit), `near` (among the next ten) or `low`.
    pub risk: &'static str,
}

impl Warehouse {
    /// Registrations, in list order. Cursors: major = event index.
    pub async fn list_registrations(
        &self,
        filter: &RegistrationFilter,
        page: PageRequest,
    ) -> Result<Page<RegistrationRow>, WarehouseError> {
        self.list_page(&filter.list("list registrations", Table::Registrations), page).await
    }

    /// How many there are.
    pub async fn count_registrations(&self, filter: &RegistrationFilter) -> Result<u64, WarehouseError> {
        self.count_list(&filter.list("count registrations", Table::Registrations)).await
    }

    /// Deregistrations, in list order. Cursors: major = item index.
    pub async fn list_deregistrations(
        &self,
        filter: &RegistrationFilter,
        page: PageRequest,
    ) -> Result<Page<DeregistrationRow>, WarehouseError> {
        self.list_page(&filter.list("list deregistrations", Table::Deregistrations), page).await
    }

    /// How many there are.
    pub async fn count_deregistrations(&self, filter: &RegistrationFilter) -> Result<u64, WarehouseError> {
        self.count_list(&filter.list("count deregistrations", Table::Deregistrations)).await
    }

    /// Registrations, by the place of the page.
    pub async fn slice_registrations(
        &self,
        filter: &RegistrationFilter,
        slice: Slice,
    ) -> Result<Vec<RegistrationRow>, WarehouseError> {
        self.list_slice(&filter.list("list registrations", Table::Registrations), slice).await
    }

    /// Deregistrations, by the place of the page.
    pub async fn slice_deregistrations(
        &self,
        filter: &RegistrationFilter,
        slice: Slice,
    ) -> Result<Vec<DeregistrationRow>, WarehouseError> {
        self.list_slice(&filter.list("list deregistrations", Table::Deregistrations), slice).await
    }

    /// What registering a neuron on a subnet costs at a moment, and after each of `ahead` blocks if nobody does.
    pub async fn find_neuron_cost(
        &self,
        subnet: &SubnetStateRow,
        moment: &Moment,
        ahead: &[u64],
    ) -> Result<NeuronCost, WarehouseError> {
        let numbers = self.get_subnet_numbers(subnet.netuid, moment).await?;
        let number = |name: &str| numbers.get(name).copied();
        let mut cost = NeuronCost {
            burn_rao: subnet.burn_rao,
            rule: None,
            after_registration_rao: None,
            ahead: Vec::new(),
        };
        let Some(burn) = subnet.burn_rao else { return Ok(cost) };
        let (least, most) = (number("MinBurn").unwrap_or(0), number("MaxBurn").unwrap_or(u64::MAX));
        if let Some(half_life) = number("BurnHalfLife").and_then(|blocks| u16::try_from(blocks).ok()) {
            let increase = self.find_bits(subnet.netuid, "BurnIncreaseMult", moment).await?;
            let curve = BurnCurve {
                half_life,
                increase: increase.map_or_else(|| U64F64::ratio(126, 100), U64F64::from_bits),
                least_rao: least,
                most_rao: most,
            };
            cost.rule = Some("decay");
            cost.after_registration_rao = Some(curve.after_registration(burn));
            let price = |blocks: &u64| FuturePrice { blocks: *blocks, cost_rao: curve.after(burn, *blocks) };
            cost.ahead = ahead.iter().map(price).collect();
            return Ok(cost);
        }
        let (Some(interval), Some(target), Some(kept)) = (
            number("AdjustmentInterval").filter(|blocks| *blocks > 0),
            number("TargetRegistrationsPerInterval").and_then(|count| u16::try_from(count).ok()),
            number("AdjustmentAlpha"),
        ) else {
            return Ok(cost);
        };
        let adjustment = Adjustment { target, kept, least, most };
        let last = number("LastAdjustmentBlock").unwrap_or(moment.block);
        let price = |blocks: &u64| {
            let intervals = moment.block.saturating_add(*blocks).saturating_sub(last) / interval;
            // after some hundred intervals the price has stopped at its least
            let after = (0..intervals.min(10_000)).try_fold(burn, |price, _| adjustment.next(price, 0));
            FuturePrice { blocks: *blocks, cost_rao: after.unwrap_or(burn) }
        };
        cost.rule = Some("interval");
        cost.ahead = ahead.iter().map(price).collect();
        Ok(cost)
    }

    /// What registering a subnet costs at a moment, and after each of `ahead` blocks if nobody does.
    pub async fn find_subnet_cost(
        &self,
        moment: &Moment,
        ahead: &[u64],
    ) -> Result<SubnetCost, WarehouseError> {
        let (network, numbers, last) = futures::try_join!(
            self.find_network(moment),
            self.get_network_numbers(moment),
            self.find_last_subnet(moment),
        )?;
        let network = network.unwrap_or_default();
        let interval = numbers.get("NetworkLockReductionInterval").copied();
        let lock = network.last_lock_cost_rao.zip(network.min_lock_cost_rao).zip(interval.zip(last));
        let price = |blocks: u64| {
            let ((last_rao, least_rao), (stored, last_block)) = lock?;
            let emission = block_emission(network.total_issuance_rao?);
            let interval = reduction_interval(stored, emission);
            let lock = SubnetLock { least_rao, last_rao, last_block, interval };
            Some(lock.cost_rao(moment.block.saturating_add(blocks)))
        };
        let ahead = ahead
            .iter()
            .filter_map(|blocks| Some(FuturePrice { blocks: *blocks, cost_rao: price(*blocks)? }));
        Ok(SubnetCost {
            lock_rao: network.lock_cost_rao,
            last_rao: network.last_lock_cost_rao,
            least_rao: network.min_lock_cost_rao,
            ahead: ahead.collect(),
        })
    }

    /// Subnets in the order in which they would be pruned at a moment, immune ones last; without root.
    pub async fn list_pruning(&self, moment: &Moment) -> Result<Vec<PruningPlace>, WarehouseError> {
        let (subnets, numbers) =
            futures::try_join!(self.list_subnets(moment), self.get_network_numbers(moment))?;
        Ok(pruning_of(&subnets, moment.block, numbers.get("NetworkImmunityPeriod").copied().unwrap_or(0)))
    }

    /// Neurons of a subnet in the order in which a registration would replace them: uid, position, end of immunity.
    pub async fn list_neuron_pruning(
        &self,
        subnet: &SubnetStateRow,
        neurons: &[NeuronStateRow],
        moment: &Moment,
    ) -> Result<Vec<Place<pruning::Neuron>>, WarehouseError> {
        let numbers = self.get_subnet_numbers(subnet.netuid, moment).await?;
        let immunity = numbers.get("ImmunityPeriod").copied().unwrap_or(0);
        let least =
            numbers.get("MinNonImmuneUids").and_then(|count| usize::try_from(*count).ok()).unwrap_or(0);
        let is_immune = |neuron: &&NeuronStateRow| {
            neuron.registered_at.is_some_and(|block| moment.block < block.saturating_add(immunity))
        };
        let is_spared = |neuron: &&NeuronStateRow| {
            is_immune(neuron) && neuron.hotkey.is_some() && neuron.hotkey == subnet.owner_hotkey
        };
        let to_candidate = |neuron: &NeuronStateRow| {
            Some(pruning::Neuron {
                uid: neuron.uid,
                registered_at: neuron.registered_at?,
                score: neuron.emission_rao.or(neuron.pruning_score.map(u64::from))?,
            })
        };
        let candidates: Vec<_> =
            neurons.iter().filter(|neuron| !is_spared(neuron)).filter_map(to_candidate).collect();
        Ok(pruning::rank_neurons(&candidates, moment.block, immunity, least))
    }

    async fn find_last_subnet(&self, moment: &Moment) -> Result<Option<u64>, WarehouseError> {
        let sql = Sql::new(
            "SELECT max(registered_at) FROM subnet_state WHERE block_number BETWEEN ? AND ? AND isNotNull(registered_at)",
        );
        let found = self.fetch_optional::<Option<u64>>(
            "find the last subnet",
            sql.bind(moment.floor()).bind(moment.block),
        );
        Ok(found.await?.flatten())
    }

    async fn find_bits(
        &self,
        netuid: u16,
        name: &str,
        moment: &Moment,
    ) -> Result<Option<u128>, WarehouseError> {
        let rows = self.list_hyperparameters(netuid, moment).await?;
        let value = rows.into_iter().find(|row| row.name == name).and_then(|row| row.new_value);
        // {"bits":"…"} or the bits alone
        let digits = value.map(|json| json.chars().filter(char::is_ascii_digit).collect::<String>());
        Ok(digits.and_then(|digits| digits.parse().ok()))
    }
}

/// The order of pruning of these subnets.
#[must_use]
pub fn pruning_of(subnets: &[SubnetStateRow], block: u64, immunity_period: u64) -> Vec<PruningPlace> {
    let by_netuid: BTreeMap<u16, &SubnetStateRow> = subnets.iter().map(|row| (row.netuid, row)).collect();
    let candidates: Vec<_> = subnets
        .iter()
        .filter(|row| row.netuid != 0)
        .filter_map(|row| {
            Some(pruning::Subnet {
                netuid: row.netuid,
                registered_at: row.registered_at?,
                moving_price: I96F32::from_bits(row.moving_price_bits?),
            })
        })
        .collect();
    let places = pruning::rank_subnets(&candidates, block, immunity_period);
    let first = places.first().filter(|place| place.position.is_some()).map(|place| place.of.moving_price);
    let to_place = |place: Place<pruning::Subnet>| {
        let row = by_netuid.get(&place.of.netuid);
        let liquidation = row.and_then(|row| pruning::liquidation_price(row.tao_in_rao?, row.alpha_out_rao?));
        PruningPlace {
            netuid: place.of.netuid,
            position: place.position,
            immune_until: place.immune_until,
            registered_at: place.of.registered_at,
            moving_price_bits: place.of.moving_price.to_bits(),
            margin_ppm: first
                .filter(|_| place.position.is_some())
                .and_then(|first| change_ppm(first.convert(), place.of.moving_price.convert())),
            liquidation_price_bits: liquidation.map(|price| price.to_bits()),
            risk: match place.position {
                None => "immune",
                Some(1) => "next",
                Some(2..=10) => "near",
                Some(_) => "low",
            },
        }
    };
    places.into_iter().map(to_place).collect()
}
