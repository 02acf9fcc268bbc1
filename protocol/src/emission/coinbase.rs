//! The coinbase of one block: every subnet, in the order of the chain.

use super::{
    CoinbaseInputs, CoinbaseOutputs, EmissionError, Era, Exclusion, FlowAverage, SubnetInputs, SubnetOutputs,
    accrual::{accrue, root_proportion},
    injection::inject,
    moving_price::moving_price,
    shares::{by_flow, flow_average, part},
};
use crate::{
    amm::{Order, Pool, Side, SwapError},
    fixed::{I64F64, I96F32, U64F64, U96F32},
    supply::block_emission,
};

/// Recomputes the coinbase of one block.
///
/// # Errors
/// [`EmissionError::Buy`] where the chain bought alpha from a pool whose swap is not followed here.
pub fn coinbase(inputs: &CoinbaseInputs) -> Result<CoinbaseOutputs, EmissionError> {
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
    let mut issued_rao = 0_u64;
    for ((subnet, average), share) in receiving.into_iter().zip(averages).zip(shares) {
        let outputs = block.emit(subnet, average, share)?;
        issued_rao =
            issued_rao.saturating_add(outputs.tao_in_emission_rao).saturating_add(outputs.excess_tao_rao);
        subnets.push(outputs);
    }
    Ok(CoinbaseOutputs {
        block_emission_rao,
        issued_rao,
        root_receives: block.root_receives,
        subnets,
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

impl Block<'_> {
    fn emit(
        &self,
        subnet: &SubnetInputs,
        average_flow: FlowAverage,
        share: U64F64,
    ) -> Result<SubnetOutputs, EmissionError> {
        let inputs = self.inputs;
        let tao = part(self.block_emission_rao, share);
        let price = subnet.pool.price();
        let alpha_emission_rao = block_emission(subnet.alpha_issuance_rao());
        let cap_rao = if inputs.era.caps_by_tao_emission() {
            alpha_emission_rao.min(self.block_emission_rao)
        } else {
            alpha_emission_rao
        };
        let injection = inject(tao, price, U96F32::from_u64(cap_rao));
        let tao_in_rao = injection.tao_in.to_u64();
        let alpha_in_rao = injection.alpha_in.to_u64();
        let excess_tao_rao = injection.excess.to_u64();

        let mut pool = subnet.pool.clone();
        pool.adjust_liquidity(tao_in_rao, alpha_in_rao);
        let bought_alpha_rao = buy(&mut pool, subnet.netuid, excess_tao_rao)?;
        pool.alpha_in_rao = pool.alpha_in_rao.saturating_add(alpha_in_rao);
        pool.tao_rao = pool.tao_rao.saturating_add(tao_in_rao);

        // what the chain bought is recycled at once, so `SubnetAlphaOut` grows by the emission alone
        let alpha_out_rao = subnet.alpha_out_rao.saturating_add(alpha_emission_rao);
        let root_weight = |alpha_out: u64| {
            let issuance = pool.alpha_reserve_rao().saturating_add(alpha_out);
            root_proportion(inputs.root_tao_rao, inputs.tao_weight, issuance)
        };
        let accrual =
            accrue(alpha_emission_rao, inputs.owner_cut, root_weight(alpha_out_rao), self.root_receives);
        let alpha_out_rao = alpha_out_rao.saturating_sub(accrual.recycled_rao);
        Ok(SubnetOutputs {
            netuid: subnet.netuid,
            share,
            tao,
            price,
            tao_in_emission_rao: tao_in_rao,
            alpha_in_emission_rao: alpha_in_rao,
            alpha_out_emission_rao: alpha_emission_rao,
            excess_tao_rao,
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
fn buy(pool: &mut Pool, netuid: u16, excess_tao_rao: u64) -> Result<Option<u64>, EmissionError> {
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
        Err(reason) => Err(EmissionError::Buy { netuid, reason }),
    }
}
