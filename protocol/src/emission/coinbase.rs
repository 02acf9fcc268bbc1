//! The coinbase of one block: every subnet, in the order of the chain.

use super::{
    CoinbaseInputs, CoinbaseOutputs, EmissionError, Era, Exclusion, FlowAverage, SubnetInputs, SubnetOutputs,
    accrual::{accrue, root_proportion},
    injection::inject,
    moving_price::moving_price,
    shares::{by_flow, flow_average, part},
};
use crate::{
    amm::{Curve, Order, Pool, Side, SwapError},
    fixed::{I64F64, I96F32, U64F64, U96F32},
    supply::block_emission,
};

/// Recomputes the coinbase of one block.
///
/// Where the chain bought alpha from a pool whose swap is not followed here, that subnet alone is
/// [unknown](CoinbaseOutputs::unknown).
///
/// # Errors
/// [`EmissionError::WrongPool`] where the inputs have a pool that the era has not.
pub fn coinbase(inputs: &CoinbaseInputs) -> Result<CoinbaseOutputs, EmissionError> {
    if let Some(subnet) =
        inputs.subnets.iter().find(|subnet| !matches!(subnet.pool.curve, Curve::Concentrated(_)))
    {
        return Err(EmissionError::WrongPool { netuid: subnet.netuid });
    }
    let block_emission_rao = block_emission(inputs.total_issuance_rao);
    let mut excluded = Vec::new();
    let mut receiving: Vec<&SubnetInputs> = Vec::new();
    for subnet in &inputs.subnets {
        match exclusion(inputs.era, subnet) {
            Some(reason) => excluded.push((subnet.netuid, reason)),
            None => receiving.push(subnet),
        }
    }
    let averages: Vec<FlowAverage> = receiving
        .iter()
        .map(|subnet| {
            let factor = inputs.flow.smoothing_factor;
            flow_average(subnet.average_flow, subnet.tao_flow_rao, factor, inputs.block_number)
        })
        .collect();
    let flows: Vec<I64F64> = averages.iter().map(|average| average.rao).collect();
    let shares = by_flow(&flows, &inputs.flow);
    let block = Block { inputs, block_emission_rao, root_receives: root_receives(&receiving) };

    let mut subnets = Vec::with_capacity(receiving.len());
    let mut unknown = Vec::new();
    let mut issued_rao = 0_u64;
    for ((subnet, average), share) in receiving.into_iter().zip(averages).zip(shares) {
        let terms = block.terms(subnet, share);
        issued_rao = issued_rao.saturating_add(terms.tao_in_rao).saturating_add(terms.excess_tao_rao);
        match block.emit(subnet, average, terms) {
            Ok(outputs) => subnets.push(outputs),
            Err(reason) => unknown.push((subnet.netuid, reason)),
        }
    }
    Ok(CoinbaseOutputs {
        block_emission_rao,
        issued_rao,
        root_receives: block.root_receives,
        subnets,
        unknown,
        excluded,
    })
}

fn exclusion(era: Era, subnet: &SubnetInputs) -> Option<Exclusion> {
    if subnet.first_emission_block.is_none() {
        return Some(Exclusion::NotStarted);
    }
    if !subnet.subtoken_enabled {
        return Some(Exclusion::SubtokenDisabled);
    }
    let by_work = era.counts_pow_registration() && subnet.pow_registration_allowed;
    if subnet.registration_allowed || by_work { None } else { Some(Exclusion::RegistrationClosed) }
}

/// Root receives while the receiving subnets' moving prices sum to more than one.
fn root_receives(receiving: &[&SubnetInputs]) -> bool {
    let total = receiving
        .iter()
        .map(|subnet| subnet.moving_price.convert::<U96F32>())
        .fold(U96F32::ZERO, U96F32::saturating_add);
    total > U96F32::ONE
}

/// What all subnets of the block share.
struct Block<'i> {
    inputs: &'i CoinbaseInputs,
    block_emission_rao: u64,
    root_receives: bool,
}

/// What a block gives a subnet, in whole rao.
#[derive(Clone, Copy)]
struct Terms {
    share: U64F64,
    tao: U96F32,
    price: U96F32,
    tao_in_rao: u64,
    alpha_in_rao: u64,
    excess_tao_rao: u64,
    alpha_out_rao: u64,
}

impl Block<'_> {
    fn terms(&self, subnet: &SubnetInputs, share: U64F64) -> Terms {
        let tao = part(self.block_emission_rao, share);
        let price = subnet.pool.price();
        let alpha_out_rao = block_emission(subnet.alpha_issuance_rao());
        let cap_rao = if self.inputs.era.caps_by_tao_emission() {
            alpha_out_rao.min(self.block_emission_rao)
        } else {
            alpha_out_rao
        };
        let injection = inject(tao, price, U96F32::from_u64(cap_rao));
        Terms {
            share,
            tao,
            price,
            tao_in_rao: injection.tao_in.to_u64(),
            alpha_in_rao: injection.alpha_in.to_u64(),
            excess_tao_rao: injection.excess.to_u64(),
            alpha_out_rao,
        }
    }

    fn emit(
        &self,
        subnet: &SubnetInputs,
        average_flow: FlowAverage,
        terms: Terms,
    ) -> Result<SubnetOutputs, SwapError> {
        let inputs = self.inputs;
        let mut pool = subnet.pool.clone();
        pool.adjust_liquidity(terms.tao_in_rao, terms.alpha_in_rao);
        let bought_alpha_rao = buy(&mut pool, terms.excess_tao_rao)?;
        pool.alpha_in_rao = pool.alpha_in_rao.saturating_add(terms.alpha_in_rao);
        pool.tao_rao = pool.tao_rao.saturating_add(terms.tao_in_rao);

        // what the chain bought is recycled at once, so `SubnetAlphaOut` grows by the emission alone
        let alpha_out_rao = subnet.alpha_out_rao.saturating_add(terms.alpha_out_rao);
        let root_weight = |alpha_out: u64| {
            let issuance = pool.alpha_reserve_rao().saturating_add(alpha_out);
            root_proportion(inputs.root_tao_rao, inputs.tao_weight, issuance)
        };
        let accrual =
            accrue(terms.alpha_out_rao, inputs.owner_cut, root_weight(alpha_out_rao), self.root_receives);
        let alpha_out_rao = alpha_out_rao.saturating_sub(accrual.recycled_rao);
        Ok(SubnetOutputs {
            netuid: subnet.netuid,
            share: terms.share,
            tao: terms.tao,
            price: terms.price,
            tao_in_emission_rao: terms.tao_in_rao,
            alpha_in_emission_rao: terms.alpha_in_rao,
            alpha_out_emission_rao: terms.alpha_out_rao,
            excess_tao_rao: terms.excess_tao_rao,
            bought_alpha_rao,
            accrual,
            pendings: subnet.pendings.plus(accrual.added),
            average_flow,
            moving_price: self.moving_price(subnet, pool.price()),
            root_proportion: root_weight(alpha_out_rao),
            alpha_out_rao,
            pool,
        })
    }

    fn moving_price(&self, subnet: &SubnetInputs, price: U96F32) -> I96F32 {
        moving_price(
            subnet.moving_price,
            price,
            self.inputs.moving_alpha,
            self.inputs.block_number,
            subnet.first_emission_block.unwrap_or(0),
            subnet.price_halving_blocks,
        )
    }
}

/// The chain's own buy: without fee, its alpha recycled. A pool that refuses leaves everything as it was.
fn buy(pool: &mut Pool, excess_tao_rao: u64) -> Result<Option<u64>, SwapError> {
    if excess_tao_rao == 0 {
        return Ok(None);
    }
    let order = Order { side: Side::Buy, amount_rao: excess_tao_rao, limit_price_rao: None, with_fee: false };
    match pool.swap(order) {
        Ok((swap, after)) => {
            *pool = after;
            Ok(Some(swap.paid_out_rao))
        }
        Err(SwapError::ReservesTooLow | SwapError::PriceLimitExceeded) => Ok(None),
        Err(reason) => Err(reason),
    }
}
