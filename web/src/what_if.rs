//! What if: an epoch run again with something changed, by the same code that verifies it, on the server and in the
//! browser.

use serde::{Deserialize, Serialize};
use yumascan_protocol::epoch::{EpochInputs, EpochOutputs, Workspace, run};

/// What is changed before the epoch runs again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Mechanism whose weights are changed.
    pub mechid: u8,
    /// A validator's weight on a neuron: (validator, neuron, weight of 65535 before its row is normalised).
    pub weight: Option<(u16, u16, u16)>,
    /// A neuron's stake in percent of what it is; 0 takes it away.
    pub stake: Option<(u16, u32)>,
    /// `Kappa`, of 65535.
    pub kappa: Option<u16>,
    /// `BondsPenalty`, of 65535.
    pub bonds_penalty: Option<u16>,
    /// `LiquidAlphaOn`.
    pub liquid_alpha: Option<bool>,
    /// `Yuma3On`.
    pub yuma3: Option<bool>,
}

impl Change {
    /// Whether anything is changed.
    #[must_use]
    pub fn is_some(&self) -> bool {
        *self != Self { mechid: self.mechid, ..Self::default() }
    }

    fn apply(&self, inputs: &mut EpochInputs) {
        let mechanism = inputs.mechanisms.get_mut(usize::from(self.mechid));
        if let (Some((validator, neuron, weight)), Some(mechanism)) = (self.weight, mechanism) {
            let row = usize::from(validator);
            if row < inputs.neurons.len() {
                let rows = mechanism.weights.len().max(row + 1);
                mechanism.weights.resize(rows, Vec::new());
                match mechanism.weights[row].iter_mut().find(|(uid, _)| *uid == neuron) {
                    Some(cell) => cell.1 = weight,
                    None => mechanism.weights[row].push((neuron, weight)),
                }
            }
        }
        if let Some((uid, percent)) = self.stake
            && let Some(neuron) = inputs.neurons.get_mut(usize::from(uid))
        {
            let scaled =
                |rao: u64| u64::try_from(u128::from(rao) * u128::from(percent) / 100).unwrap_or(u64::MAX);
            neuron.stake.alpha = scaled(neuron.stake.alpha);
            neuron.stake.tao = scaled(neuron.stake.tao);
        }
        let parameters = &mut inputs.parameters;
        parameters.kappa = self.kappa.unwrap_or(parameters.kappa);
        parameters.bonds_penalty = self.bonds_penalty.unwrap_or(parameters.bonds_penalty);
        parameters.liquid_alpha_on = self.liquid_alpha.unwrap_or(parameters.liquid_alpha_on);
        parameters.yuma3_on = self.yuma3.unwrap_or(parameters.yuma3_on);
    }
}

/// One neuron whose results change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// Neuron.
    pub uid: u16,
    /// Share of incentive before and after, of 65535.
    pub incentive: (u16, u16),
    /// Share of dividends before and after, of 65535.
    pub dividends: (u16, u16),
    /// Emission before and after, rao of alpha.
    pub emission_rao: (u64, u64),
}

/// Runs the epoch as it was and changed; the neurons whose results differ, the greatest change of emission first.
///
/// # Errors
/// The replay's own, in words: an era that it does not know.
pub fn effects(inputs: &EpochInputs, change: &Change) -> Result<Vec<Effect>, String> {
    let mut workspace = Workspace::default();
    let before = run(inputs, &mut workspace).map_err(|error| error.to_string())?;
    let mut changed = inputs.clone();
    change.apply(&mut changed);
    let after = run(&changed, &mut workspace).map_err(|error| error.to_string())?;
    let mechid = usize::from(change.mechid);
    let effect = |uid: usize| {
        let of = |outputs: &EpochOutputs| {
            let incentive = outputs.mechanisms.get(mechid).and_then(|one| one.incentive.get(uid).copied());
            let dividends = outputs.subnet.dividends.get(uid).copied();
            let emission = outputs.subnet.emission.get(uid).copied();
            (incentive.unwrap_or(0), dividends.unwrap_or(0), emission.unwrap_or(0))
        };
        let (old, new) = (of(&before), of(&after));
        (old != new).then(|| Effect {
            uid: u16::try_from(uid).unwrap_or(u16::MAX),
            incentive: (old.0, new.0),
            dividends: (old.1, new.1),
            emission_rao: (old.2, new.2),
        })
    };
    let mut effects: Vec<Effect> = (0..inputs.neurons.len()).filter_map(effect).collect();
    effects.sort_by_key(|effect| {
        (std::cmp::Reverse(effect.emission_rao.0.abs_diff(effect.emission_rao.1)), effect.uid)
    });
    Ok(effects)
}
