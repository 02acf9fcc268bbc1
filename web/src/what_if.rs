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

/// A change as it is typed; what is empty stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fields {
    /// Validator whose weight changes.
    pub by: String,
    /// Neuron that it is given to.
    pub on: String,
    /// The weight, of 65535.
    pub weight: String,
    /// Neuron whose stake changes.
    pub whose: String,
    /// To how many percent.
    pub percent: String,
    /// `Kappa`.
    pub kappa: String,
    /// `BondsPenalty`.
    pub penalty: String,
    /// `LiquidAlphaOn`: `on`, `off` or `any`.
    pub liquid: String,
    /// `Yuma3On`: `on`, `off` or `any`.
    pub yuma3: String,
}

/// What the parameters are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// `Kappa`.
    pub kappa: u16,
    /// `BondsPenalty`.
    pub bonds_penalty: u16,
    /// `LiquidAlphaOn`.
    pub liquid_alpha: bool,
    /// `Yuma3On`.
    pub yuma3: bool,
}

impl Fields {
    /// Names of all fields.
    pub const NAMES: [&str; 9] =
        ["by", "on", "weight", "whose", "percent", "kappa", "penalty", "liquid", "yuma3"];

    /// Sets a field by its name; other names do nothing.
    pub fn set(&mut self, name: &str, value: String) {
        let field = match name {
            "by" => &mut self.by,
            "on" => &mut self.on,
            "weight" => &mut self.weight,
            "whose" => &mut self.whose,
            "percent" => &mut self.percent,
            "kappa" => &mut self.kappa,
            "penalty" => &mut self.penalty,
            "liquid" => &mut self.liquid,
            "yuma3" => &mut self.yuma3,
            _ => return,
        };
        *field = value;
    }

    /// The change that is meant.
    ///
    /// # Errors
    /// The field that is not understood, in words.
    pub fn change(&self, mechid: u8) -> Result<Change, String> {
        let validator = number::<u16>("Validator", &self.by)?;
        let neuron = number::<u16>("Neuron", &self.on)?;
        let weight = number::<u16>("Weight", &self.weight)?;
        let whose = number::<u16>("Whose stake", &self.whose)?;
        let percent = number::<u32>("Percent of stake", &self.percent)?;
        Ok(Change {
            mechid,
            weight: validator.zip(neuron).zip(weight).map(|((by, on), weight)| (by, on, weight)),
            stake: whose.zip(percent),
            kappa: number("Kappa", &self.kappa)?,
            bonds_penalty: number("Bonds penalty", &self.penalty)?,
            liquid_alpha: switch("Liquid alpha", &self.liquid)?,
            yuma3: switch("Yuma3", &self.yuma3)?,
        })
    }

    /// What comes of it; `None` while nothing is changed.
    #[must_use]
    pub fn outcome(&self, inputs: &EpochInputs, mechid: u8) -> Option<Result<Vec<Effect>, String>> {
        match self.change(mechid) {
            Ok(change) => change.is_some().then(|| effects(inputs, &change)),
            Err(reason) => Some(Err(reason)),
        }
    }
}

fn number<T: std::str::FromStr>(label: &str, text: &str) -> Result<Option<T>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let refused = || {
        format!(
            "{label}: “{text}” is not a whole number from 0 to {}",
            if size_of::<T>() == 2 { "65535" } else { "4294967295" }
        )
    };
    text.parse().map(Some).map_err(|_| refused())
}

fn switch(label: &str, text: &str) -> Result<Option<bool>, String> {
    match text {
        "" | "any" => Ok(None),
        "on" => Ok(Some(true)),
        "off" => Ok(Some(false)),
        other => Err(format!("{label}: “{other}” is not on, off or any")),
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
