//! Prices of pools in the state before a block.

use yumascan_protocol::{
    amm::{Balancer, Concentrated, Curve, Pool},
    fixed::{U64F64, U96F32},
};

use super::{
    args,
    read::{Key, Moment, Reader},
};

/// Whether a subnet has a pool; `None` before dTAO and where it could not be read. A subnet that the block itself
/// founded is looked up after it.
pub(super) fn has_pool(reader: &Reader<'_>, netuid: u16) -> Option<bool> {
    let key = [Key::U16(netuid)];
    let moment = if is_there(reader, netuid) { Moment::Before } else { Moment::After };
    reader.integer::<u16>(moment, "SubnetMechanism", &key).map(|mechanism| mechanism == 1)
}

/// TAO for one alpha as the chain has it, in the state before the block. `None` for a subnet that was not there.
pub(super) fn before(reader: &Reader<'_>, netuid: u16) -> Option<U96F32> {
    // everything is asked for before anything is judged, so that it is read at once
    let is_there = is_there(reader, netuid);
    let key = [Key::U16(netuid)];
    let amount = |item: &'static str| reader.integer::<u64>(Moment::Before, item, &key);
    let mechanism = reader.integer(Moment::Before, "SubnetMechanism", &key);
    let (tao, alpha) = (amount("SubnetTAO"), amount("SubnetAlphaIn"));
    let provided = (amount("SubnetTaoProvided"), amount("SubnetAlphaInProvided"));
    let curve = curve(reader, netuid);
    if !is_there {
        return None;
    }
    Some(
        Pool {
            mechanism: mechanism?,
            tao_rao: tao?,
            alpha_in_rao: alpha?,
            tao_provided_rao: provided.0.unwrap_or(0),
            alpha_in_provided_rao: provided.1.unwrap_or(0),
            curve: curve?,
        }
        .price(),
    )
}

fn is_there(reader: &Reader<'_>, netuid: u16) -> bool {
    let added = reader.value(Moment::Before, super::read::SUBTENSOR, "NetworksAdded", &[Key::U16(netuid)]);
    added.and_then(|added| added.as_bool()).unwrap_or(false)
}

/// What of the curve makes the price; the rest of its state is left at nothing.
fn curve(reader: &Reader<'_>, netuid: u16) -> Option<Curve> {
    let key = [Key::U16(netuid)];
    if reader.has(Moment::Before, "Swap", "SwapBalancer") {
        let balancer = reader.value(Moment::Before, "Swap", "SwapBalancer", &key)?;
        let quote = balancer.get("quote").unwrap_or(&balancer);
        return Some(Curve::Balancer(Balancer { quote_weight: args::integer(quote)?, fee_rate: 0 }));
    }
    if !reader.has(Moment::Before, "Swap", "AlphaSqrtPrice") {
        return Some(Curve::ConstantProduct);
    }
    let initialized = reader.value(Moment::Before, "Swap", "SwapV3Initialized", &key);
    let root = reader.value(Moment::Before, "Swap", "AlphaSqrtPrice", &key);
    let root = root.as_ref().and_then(|root| args::integer::<u128>(root.get("bits")?));
    Some(Curve::Concentrated(Box::new(Concentrated {
        initialized: initialized?.as_bool()?,
        sqrt_price: U64F64::from_bits(root?),
        ..Concentrated::default()
    })))
}
