//! One input of an epoch changed by the least there is.

use yumascan_protocol::epoch::EpochInputs;

use super::random::Dice;

/// Which input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Weight,
    WeightTarget,
    Bond,
    BondTarget,
    LastUpdate,
    CommitBlock,
    Stake,
    RootStake,
    Child,
    Parent,
    ParentStake,
    ParentRootStake,
    Registration,
    Permit,
    Owner,
    Rao,
    Split,
    Block,
    LastStep,
    Tempo,
    Kappa,
    BondsPenalty,
    BondsMovingAverage,
    Yuma3,
    LiquidAlpha,
    AlphaLow,
    AlphaHigh,
    Steepness,
    ActivityCutoff,
    MaxValidators,
    StakeThreshold,
    TaoWeight,
    MaxStake,
}

impl Fault {
    pub(super) const ALL: [Self; 33] = [
        Self::Weight,
        Self::WeightTarget,
        Self::Bond,
        Self::BondTarget,
        Self::LastUpdate,
        Self::CommitBlock,
        Self::Stake,
        Self::RootStake,
        Self::Child,
        Self::Parent,
        Self::ParentStake,
        Self::ParentRootStake,
        Self::Registration,
        Self::Permit,
        Self::Owner,
        Self::Rao,
        Self::Split,
        Self::Block,
        Self::LastStep,
        Self::Tempo,
        Self::Kappa,
        Self::BondsPenalty,
        Self::BondsMovingAverage,
        Self::Yuma3,
        Self::LiquidAlpha,
        Self::AlphaLow,
        Self::AlphaHigh,
        Self::Steepness,
        Self::ActivityCutoff,
        Self::MaxValidators,
        Self::StakeThreshold,
        Self::TaoWeight,
        Self::MaxStake,
    ];

    /// One in so many shows at least. Most weights are masked, outdated or of validators without a permit; a rao is lost
    /// in stakes of millions of TAO; most parameters count in some eras or modes alone.
    pub(super) fn shows_one_in(self) -> usize {
        match self {
            Self::Weight | Self::Bond => 20,
            Self::Stake => 40,
            _ => 1000,
        }
    }
}

/// Plants a fault; `None` where the epoch has nothing of the kind.
pub(super) fn plant(inputs: &EpochInputs, fault: Fault, dice: &mut Dice) -> Option<EpochInputs> {
    let mut faulty = inputs.clone();
    let mechanism = dice.below(faulty.mechanisms.len() as u64) as usize;
    let uid = dice.below(faulty.neurons.len() as u64) as usize;
    let any = |row: &mut Vec<(u16, u16)>, dice: &mut Dice, change: fn(&mut (u16, u16))| {
        let index = dice.below(row.len() as u64) as usize;
        row.get_mut(index).map(change)
    };
    let mechanism = &mut faulty.mechanisms[mechanism];
    let neuron = &mut faulty.neurons[uid];
    let parent = neuron.stake.parents.first_mut();
    let parameters = &mut faulty.parameters;
    match fault {
        Fault::Weight => any(&mut mechanism.weights[uid], dice, |cell| cell.1 = cell.1.wrapping_add(1))?,
        Fault::Bond => any(&mut mechanism.bonds[uid], dice, |cell| cell.1 ^= 0x100)?,
        Fault::WeightTarget => retarget(&mut mechanism.weights[uid])?,
        Fault::BondTarget => retarget(&mut mechanism.bonds[uid])?,
        Fault::LastUpdate => mechanism.last_update[uid] += 1,
        Fault::CommitBlock => {
            // a commit that is pending, or is not
            let block = &mut mechanism.commit_blocks.as_mut()?[uid];
            *block = if *block == u64::MAX { 0 } else { u64::MAX };
        }
        Fault::Stake => neuron.stake.alpha += 1,
        Fault::RootStake => neuron.stake.tao += 1,
        Fault::Child => *neuron.stake.children.first_mut()? ^= 1 << 32,
        Fault::Parent => parent?.proportion ^= 1 << 32,
        Fault::ParentStake => parent?.alpha += 1,
        Fault::ParentRootStake => parent?.tao += 1,
        Fault::Registration => neuron.block_at_registration += 1,
        Fault::Permit => neuron.permit = !neuron.permit,
        Fault::Owner => {
            faulty.owner_uid = match faulty.owner_uid {
                Some(_) => None,
                None => Some(uid as u16),
            };
        }
        Fault::Rao => faulty.rao += 1,
        Fault::Split => {
            let split = faulty.mechanism_split.as_mut().filter(|split| split[0] > 0)?;
            (split[0], split[1]) = (split[0] - 1, split[1] + 1);
        }
        Fault::Block => faulty.block += 1,
        Fault::LastStep => faulty.last_step_block += 1,
        Fault::Tempo => parameters.tempo += 1,
        Fault::Kappa => parameters.kappa ^= 1,
        Fault::BondsPenalty => parameters.bonds_penalty ^= 1,
        Fault::BondsMovingAverage => parameters.bonds_moving_average ^= 1,
        Fault::Yuma3 => parameters.yuma3_on = !parameters.yuma3_on,
        Fault::LiquidAlpha => parameters.liquid_alpha_on = !parameters.liquid_alpha_on,
        Fault::AlphaLow => parameters.alpha_low ^= 1,
        Fault::AlphaHigh => parameters.alpha_high ^= 1,
        Fault::Steepness => parameters.alpha_sigmoid_steepness += 1,
        Fault::ActivityCutoff => parameters.activity_cutoff -= 1,
        Fault::MaxValidators => parameters.max_allowed_validators += 1,
        Fault::StakeThreshold => parameters.stake_threshold += 1,
        Fault::TaoWeight => parameters.tao_weight ^= 1 << 40,
        // of caps a rao apart most shares have the same bits
        Fault::MaxStake => *parameters.max_stake.as_mut()? /= 2,
    }
    Some(faulty)
}

/// Moves a pair to a column that the row has not.
fn retarget(row: &mut [(u16, u16)]) -> Option<()> {
    let free = (0..).find(|column| row.iter().all(|(known, _)| known != column))?;
    row.first_mut()?.0 = free;
    Some(())
}
