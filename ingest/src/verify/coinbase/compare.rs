//! What the coinbase gives beside what the chain stored.

use yumascan_protocol::emission::{CoinbaseOutputs, Exclusion, FlowAverage, Pendings, SubnetOutputs};

use super::{Pallets, Reader, Reserves, read_average, read_pendings};
use crate::{
    source::BlockAt,
    verify::{
        items::{Part, Reason},
        state::States,
    },
};

/// One amount compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compared {
    pub(crate) field: &'static str,
    pub(crate) expected: String,
    pub(crate) stored: String,
}

impl Compared {
    pub(crate) fn is_equal(&self) -> bool {
        self.expected == self.stored
    }
}

/// What the coinbase of a block gives for one subnet, beside what is stored.
#[derive(Debug)]
pub(crate) struct SubnetEmission {
    pub(crate) netuid: u16,
    /// Why it received nothing.
    pub(crate) excluded: Option<&'static str>,
    /// Why what it received is not known.
    pub(crate) unknown: Option<String>,
    pub(crate) outputs: Option<SubnetOutputs>,
    pub(crate) compared: Vec<Compared>,
    /// `None` where what the coinbase left is not known.
    pub(crate) reserves: Option<Reserves>,
    /// The subnet was removed or founded within the block.
    pub(crate) is_rebuilt: bool,
}

/// Compares what the coinbase gives with what block `at` stored. `ran` are the subnets whose epoch ran in the block.
pub(crate) fn compare(
    pallets: &Pallets<'_>,
    states: &States,
    parent: BlockAt,
    at: BlockAt,
    outputs: CoinbaseOutputs,
    ran: &[u16],
) -> Result<Vec<SubnetEmission>, Reason> {
    let before = Reader { items: &pallets.subtensor, states, block: parent.number };
    let after = Reader { items: &pallets.subtensor, states, block: at.number };
    let swap = Reader { items: &pallets.swap, states, block: parent.number };
    let mut found = Vec::new();
    let is_rebuilt = |netuid: u16| -> Result<bool, Reason> {
        let key = [Part::U16(netuid)];
        Ok(before.amount("NetworkRegisteredAt", &key)? != after.amount("NetworkRegisteredAt", &key)?)
    };
    for subnet in outputs.subnets {
        let ran = ran.contains(&subnet.netuid);
        let compared = compare_subnet(&after, &subnet, ran)?;
        let reserves = Reserves::read(&before, &after, &swap, subnet.netuid, Some(&subnet), ran)?;
        let (netuid, is_rebuilt) = (subnet.netuid, is_rebuilt(subnet.netuid)?);
        found.push(SubnetEmission {
            netuid,
            excluded: None,
            unknown: None,
            outputs: Some(subnet),
            compared,
            reserves: Some(reserves),
            is_rebuilt,
        });
    }
    for (netuid, why) in outputs.excluded {
        let key = [Part::U16(netuid)];
        let mut compared = Vec::new();
        for name in ["SubnetTaoInEmission", "SubnetAlphaInEmission", "SubnetAlphaOutEmission"] {
            compared.push(amounts(name, before.amount(name, &key)?, after.amount(name, &key)?));
        }
        let drained = ran.contains(&netuid);
        let pendings = if drained { Pendings::default() } else { read_pendings(&before, &key)? };
        compare_pendings(pendings, read_pendings(&after, &key)?, &mut compared);
        let price = |reader: &Reader<'_>| reader.fixed("SubnetMovingPrice", &key);
        compared.push(texts("SubnetMovingPrice", &price(&before)?, &price(&after)?));
        let excluded = Some(match why {
            Exclusion::NotStarted => "its owner has not started it",
            Exclusion::SubtokenDisabled => "its token is not enabled",
            Exclusion::RegistrationClosed => "its registration is closed",
        });
        found.push(SubnetEmission {
            netuid,
            excluded,
            unknown: None,
            outputs: None,
            compared,
            reserves: Some(Reserves::read(&before, &after, &swap, netuid, None, drained)?),
            is_rebuilt: is_rebuilt(netuid)?,
        });
    }
    for (netuid, reason) in outputs.unknown {
        found.push(SubnetEmission {
            netuid,
            excluded: None,
            unknown: Some(reason.to_string()),
            outputs: None,
            compared: Vec::new(),
            reserves: None,
            is_rebuilt: false,
        });
    }
    found.sort_by_key(|subnet| subnet.netuid);
    Ok(found)
}

fn compare_subnet(after: &Reader<'_>, subnet: &SubnetOutputs, ran: bool) -> Result<Vec<Compared>, Reason> {
    let key = [Part::U16(subnet.netuid)];
    let mut compared = Vec::with_capacity(10);
    for (name, expected) in [
        ("SubnetTaoInEmission", subnet.tao_in_emission_rao),
        ("SubnetAlphaInEmission", subnet.alpha_in_emission_rao),
        ("SubnetAlphaOutEmission", subnet.alpha_out_emission_rao),
    ] {
        compared.push(amounts(name, expected, after.amount(name, &key)?));
    }
    let pendings = if ran { Pendings::default() } else { subnet.pendings };
    compare_pendings(pendings, read_pendings(after, &key)?, &mut compared);
    let price = after.fixed("SubnetMovingPrice", &key)?;
    compared.push(texts("SubnetMovingPrice", &subnet.moving_price.to_bits(), &price));
    let average =
        |average: FlowAverage| format!("{} at block {}", average.rao.to_bits(), average.block_number);
    let stored = read_average(after, &key)?.map_or_else(|| "null".to_owned(), average);
    compared.push(Compared { field: "SubnetEmaTaoFlow", expected: average(subnet.average_flow), stored });
    // an epoch recycles and burns alpha after the coinbase
    if !ran && after.items.has("RootProp") {
        let stored = after.unsigned("RootProp", &key)?;
        compared.push(texts("RootProp", &subnet.root_proportion.to_bits(), &stored));
    }
    Ok(compared)
}

fn compare_pendings(expected: Pendings, stored: Pendings, compared: &mut Vec<Compared>) {
    for (name, expected, stored) in [
        ("PendingServerEmission", expected.server_rao, stored.server_rao),
        ("PendingValidatorEmission", expected.validator_rao, stored.validator_rao),
        ("PendingRootAlphaDivs", expected.root_rao, stored.root_rao),
        ("PendingOwnerCut", expected.owner_cut_rao, stored.owner_cut_rao),
    ] {
        compared.push(amounts(name, expected, stored));
    }
}

fn amounts(field: &'static str, expected: u64, stored: u64) -> Compared {
    texts(field, &expected, &stored)
}

fn texts(field: &'static str, expected: &impl ToString, stored: &impl ToString) -> Compared {
    Compared { field, expected: expected.to_string(), stored: stored.to_string() }
}
