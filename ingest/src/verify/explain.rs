//! Why a neuron got what it got: every step of its epoch, each number beside the chain's own where there is one.

use std::fmt;

use serde::Serialize;
use yumascan_chain::{AccountId, BlockNumber};
use yumascan_protocol::{
    epoch::{
        EpochInputs, EpochOutputs, EpochSteps, Rows, Workspace,
        compare::{StoredEpoch, StoredMechanism},
        run_with_steps,
    },
    fixed::I32F32,
};

use super::{Verifier, replay::settle_rao};
use crate::IngestError;

/// Partners of a neuron listed in each step, the heaviest first.
const LISTED: usize = 8;

/// The steps of a neuron's epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Block of the epoch.
    pub block: u64,
    /// Subnet.
    pub netuid: u16,
    /// Neuron.
    pub uid: u16,
    /// SS58 of its hotkey.
    pub hotkey: Option<String>,
    /// Rules in force.
    pub era: String,
    /// All numbers, in the order in which they are computed.
    pub lines: Vec<Line>,
}

/// One number of the explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Step it belongs to.
    pub step: String,
    /// What it is.
    pub what: String,
    /// Recomputed.
    pub computed: String,
    /// As the chain stored it, where it does.
    pub stored: Option<String>,
}

impl Line {
    /// Whether the two are equal; a number that the chain does not store is.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.stored.as_ref().is_none_or(|stored| *stored == self.computed)
    }
}

impl Explanation {
    /// Whether every number that the chain stored comes out.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.lines.iter().all(Line::agrees)
    }
}

impl Verifier {
    /// Explains a neuron's epoch.
    pub(crate) async fn explain(
        &self,
        netuid: u16,
        uid: u16,
        block: BlockNumber,
    ) -> Result<Explanation, IngestError> {
        let fail = |reason: String| IngestError::NoEpoch { netuid, block, reason };
        let Some((case, _)) = self.read_epoch(netuid, block).await? else {
            return Err(fail(
                "none was due in this block; `yumascan sql \"SELECT block_number FROM epoch_verifications WHERE netuid = N\"` \
                 lists those that were verified"
                    .to_owned(),
            ));
        };
        let (mut loaded, stored) = case.state.map_err(fail)?;
        let explaining = move || {
            let mut workspace = Workspace::default();
            settle_rao(case.rao, &mut loaded, &stored, &mut workspace);
            let replayed =
                run_with_steps(&loaded.inputs, &mut workspace).map_err(|error| error.to_string())?;
            Ok::<_, String>((loaded.inputs, stored, replayed))
        };
        let explained = tokio::task::spawn_blocking(explaining).await?;
        let (inputs, stored, (outputs, steps)) = explained.map_err(fail)?;
        if usize::from(uid) >= inputs.neurons.len() {
            let last = inputs.neurons.len().saturating_sub(1);
            return Err(fail(format!("uid {uid} does not exist; the subnet had uids 0 to {last}")));
        }
        Ok(explain(&inputs, &outputs, &steps, &stored, uid))
    }
}

/// All lines of a neuron.
pub(crate) fn explain(
    inputs: &EpochInputs,
    outputs: &EpochOutputs,
    steps: &[EpochSteps],
    stored: &StoredEpoch,
    uid: u16,
) -> Explanation {
    let neuron = &inputs.neurons[usize::from(uid)];
    let mut writer = Writer { uid: usize::from(uid), step: String::new(), lines: Vec::new() };
    writer.stake(inputs, outputs, steps.first(), stored);
    for (position, (mechanism, steps)) in outputs.mechanisms.iter().zip(steps).enumerate() {
        let name = match outputs.mechanisms.len() {
            1 => String::new(),
            _ => format!("mechanism {}: ", mechanism.mechid),
        };
        let of = stored.mechanisms.get(position);
        writer.weights(&name, inputs, position, steps);
        writer.consensus(&name, outputs, position, steps, stored, of);
        writer.bonds(&name, inputs, outputs, position, steps, stored, of);
        writer.amounts(&name, outputs, position, steps, of);
    }
    writer.begin("together".to_owned());
    writer.stored(
        "emission, rao",
        at(&outputs.subnet.emission, writer.uid),
        at_stored(&stored.emission, writer.uid),
    );
    writer.stored(
        "permit from the next epoch on",
        at(&outputs.subnet.validator_permit, writer.uid),
        at_stored(&stored.validator_permit, writer.uid),
    );
    Explanation {
        block: inputs.block,
        netuid: inputs.netuid,
        uid,
        hotkey: neuron.key.map(|key| AccountId(key.0).to_ss58()),
        era: inputs.era.to_string(),
        lines: writer.lines,
    }
}

fn at<T: ToString>(values: &[T], uid: usize) -> String {
    values.get(uid).map_or_else(|| "nothing".to_owned(), ToString::to_string)
}

fn at_stored<T: ToString>(values: &Option<Vec<T>>, uid: usize) -> Option<String> {
    values.as_ref().map(|values| at(values, uid))
}

/// A column of sparse rows: (row, value).
fn column(rows: &Rows, uid: usize) -> Vec<(u16, I32F32)> {
    let cells = (0u16..).zip(rows).flat_map(|(row, cells)| cells.iter().map(move |cell| (row, *cell)));
    cells
        .filter(|(_, (target, _))| usize::from(*target) == uid)
        .map(|(row, (_, value))| (row, value))
        .collect()
}

fn cell(rows: &Rows, row: usize, column: u16) -> String {
    let found = rows.get(row).and_then(|cells| cells.iter().find(|(target, _)| *target == column));
    found.map_or_else(|| "none".to_owned(), |(_, value)| value.to_string())
}

fn heaviest(mut cells: Vec<(u16, I32F32)>) -> Vec<(u16, I32F32)> {
    cells.sort_by_key(|(uid, value)| (std::cmp::Reverse(*value), *uid));
    cells.truncate(LISTED);
    cells
}

struct Writer {
    uid: usize,
    step: String,
    lines: Vec<Line>,
}

impl Writer {
    fn begin(&mut self, step: String) {
        self.step = step;
    }

    fn line(&mut self, what: impl Into<String>, computed: &dyn fmt::Display) {
        let line =
            Line { step: self.step.clone(), what: what.into(), computed: computed.to_string(), stored: None };
        self.lines.push(line);
    }

    fn stored(&mut self, what: &str, computed: String, stored: Option<String>) {
        self.lines.push(Line { step: self.step.clone(), what: what.to_owned(), computed, stored });
    }

    fn stake(
        &mut self,
        inputs: &EpochInputs,
        outputs: &EpochOutputs,
        steps: Option<&EpochSteps>,
        stored: &StoredEpoch,
    ) {
        let neuron = &inputs.neurons[self.uid];
        self.begin("stake".to_owned());
        self.line("own alpha, rao", &neuron.stake.alpha);
        self.line("own TAO on root, rao", &neuron.stake.tao);
        self.line(
            "children and parents",
            &format!("{} and {}", neuron.stake.children.len(), neuron.stake.parents.len()),
        );
        if let Some(steps) = steps {
            if let Some(weight) = steps.stake_weight.get(self.uid) {
                self.line("alpha after inheritance, rao", &weight.alpha);
                self.line("TAO after inheritance, rao", &weight.tao);
                self.line("stake weight (alpha + TAO × weight), rao", &weight.total);
            }
            self.line("least stake that counts, rao", &inputs.parameters.stake_threshold);
            self.line("share of all stake", &at(&steps.stake, self.uid));
        }
        let weight = outputs.subnet.stake_weight.as_ref().map(|weights| at(weights, self.uid));
        if let Some(weight) = weight {
            self.stored("StakeWeight, of 65535", weight, at_stored(&stored.stake_weight, self.uid));
        }
        self.line("permit in force", &neuron.permit);
        self.stored("active", at(&outputs.subnet.active, self.uid), at_stored(&stored.active, self.uid));
    }

    fn weights(&mut self, name: &str, inputs: &EpochInputs, position: usize, steps: &EpochSteps) {
        self.begin(format!("{name}weights it set"));
        let mechanism = &inputs.mechanisms[position];
        let updated = mechanism.last_update.get(self.uid).copied().unwrap_or(0);
        self.line("last update, block", &updated);
        let set = mechanism.weights.get(self.uid).map_or(0, Vec::len);
        let counted = steps.weights.get(self.uid).cloned().unwrap_or_default();
        self.line("weights set, and of these counted", &format!("{set}, {}", counted.len()));
        self.line("share of the active stake", &at(&steps.active_stake, self.uid));
        for (target, weight) in heaviest(counted) {
            let clipped = cell(&steps.clipped_weights, self.uid, target);
            let consensus = at(&steps.consensus, usize::from(target));
            self.line(
                format!("to uid {target}"),
                &format!("{weight}, cut to {clipped} (consensus {consensus})"),
            );
        }
    }

    fn consensus(
        &mut self,
        name: &str,
        outputs: &EpochOutputs,
        position: usize,
        steps: &EpochSteps,
        stored: &StoredEpoch,
        of: Option<&StoredMechanism>,
    ) {
        // what mechanisms share is stored as one: it stands beside a mechanism's own only where there is one mechanism
        let single = outputs.mechanisms.len() == 1;
        self.begin(format!("{name}weights it received"));
        let received = column(&steps.weights, self.uid);
        self.line("validators that weigh it", &received.len());
        for (validator, weight) in heaviest(received) {
            let stake = at(&steps.active_stake, usize::from(validator));
            let uid = u16::try_from(self.uid).unwrap_or(u16::MAX);
            let clipped = cell(&steps.clipped_weights, usize::from(validator), uid);
            self.line(
                format!("from uid {validator}"),
                &format!("{weight}, cut to {clipped}, with stake {stake}"),
            );
        }
        self.line("consensus", &at(&steps.consensus, self.uid));
        self.line("rank", &at(&steps.ranks, self.uid));
        self.line("incentive", &at(&steps.incentive, self.uid));
        let incentive = at(&outputs.mechanisms[position].incentive, self.uid);
        self.stored("Incentive, of 65535", incentive, of.and_then(|of| at_stored(&of.incentive, self.uid)));
        self.line("validator trust", &at(&steps.validator_trust, self.uid));
        if single {
            let subnet = &outputs.subnet;
            self.stored(
                "Consensus, of 65535",
                at(&subnet.consensus, self.uid),
                at_stored(&stored.consensus, self.uid),
            );
            self.stored(
                "ValidatorTrust, of 65535",
                at(&subnet.validator_trust, self.uid),
                at_stored(&stored.validator_trust, self.uid),
            );
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn bonds(
        &mut self,
        name: &str,
        inputs: &EpochInputs,
        outputs: &EpochOutputs,
        position: usize,
        steps: &EpochSteps,
        stored: &StoredEpoch,
        of: Option<&StoredMechanism>,
    ) {
        self.begin(format!("{name}bonds and dividends"));
        let before = inputs.mechanisms[position].bonds.get(self.uid).map_or(0, Vec::len);
        let bonds = steps.bonds.get(self.uid).cloned().unwrap_or_default();
        self.line("bonds before, and now", &format!("{before}, {}", bonds.len()));
        let kept = outputs.mechanisms[position].bonds.get(self.uid).cloned().unwrap_or_default();
        let rows = of.and_then(|of| of.bonds.as_ref());
        let bond_of = |row: &[(u16, u16)], target: u16| {
            let found = row.iter().find(|(of, _)| *of == target);
            found.map_or_else(|| "none".to_owned(), |(_, bond)| bond.to_string())
        };
        for (target, bond) in heaviest(bonds) {
            let old = cell(&steps.old_bonds, self.uid, target);
            let new = match steps.new_bonds.is_empty() {
                true => cell(&steps.weights_for_bonds, self.uid, target),
                false => cell(&steps.new_bonds, self.uid, target),
            };
            self.line(format!("to uid {target}"), &format!("{bond} (before {old}, bought {new})"));
            let stored = rows.map(|rows| bond_of(rows.get(self.uid).map_or(&[], Vec::as_slice), target));
            self.stored(&format!("to uid {target}, of 65535"), bond_of(&kept, target), stored);
        }
        self.line("dividends", &at(&steps.dividends, self.uid));
        if outputs.mechanisms.len() == 1 {
            let dividends = at(&outputs.subnet.dividends, self.uid);
            self.stored("Dividends, of 65535", dividends, at_stored(&stored.dividends, self.uid));
        }
    }

    fn amounts(
        &mut self,
        name: &str,
        outputs: &EpochOutputs,
        position: usize,
        steps: &EpochSteps,
        of: Option<&StoredMechanism>,
    ) {
        self.begin(format!("{name}amounts"));
        let mechanism = &outputs.mechanisms[position];
        self.line("shared out by the mechanism, rao", &mechanism.rao);
        if steps.fallback {
            self.line("nobody earned by weights", &"it follows the stake");
        }
        let server = at(&mechanism.server_emission, self.uid);
        self.stored("as a miner, rao", server, of.and_then(|of| at_stored(&of.server_emission, self.uid)));
        self.line("as a validator, a weight in rao", &at(&mechanism.validator_emission, self.uid));
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hotkey = self.hotkey.as_deref().unwrap_or("no hotkey");
        writeln!(
            f,
            "uid {} ({hotkey}) of subnet {} at block {}, {}",
            self.uid, self.netuid, self.block, self.era
        )?;
        let width = self.lines.iter().map(|line| line.what.chars().count()).max().unwrap_or(0);
        let mut step = "";
        for line in &self.lines {
            if line.step != step {
                writeln!(f, "\n{}", line.step)?;
                step = &line.step;
            }
            write!(f, "  {:width$}  {}", line.what, line.computed)?;
            match &line.stored {
                Some(stored) if line.agrees() => writeln!(f, "   = {stored} stored")?,
                Some(stored) => writeln!(f, "   ≠ {stored} stored")?,
                None => writeln!(f)?,
            }
        }
        match self.agrees() {
            true => f.write_str("\nevery number that the chain stores comes out"),
            false => f.write_str("\nnumbers marked ≠ differ from what the chain stores after the block"),
        }
    }
}
