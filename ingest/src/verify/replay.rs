//! One epoch: recomputed, compared, judged.

use std::{collections::HashSet, time::Instant};

use yumascan_chain::{AccountId, Hash};
use yumascan_protocol::epoch::{
    Certainty, EpochInputs, EpochOutputs, Workspace,
    compare::{Field, StoredEpoch},
    mechanisms::split_rao,
    run,
};
use yumascan_warehouse::rows::{
    EpochDifferenceRow, EpochInputsRow, EpochVerificationRow, Verdict, VerificationCauseRow,
};

use super::{
    distribution::{Distribution, PaymentDifference, Payments},
    due::DueEpoch,
    effects::Effects,
    items::Reason,
    judge::{Comparison, Found, judge_numbers},
    load::Loaded,
    rao,
    tally::{Causes, How, Lane},
};

/// What is known of an epoch before it is replayed.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) block: u64,
    pub(crate) timestamp_ms: Option<u64>,
    pub(crate) spec_version: u32,
    pub(crate) due: DueEpoch,
    /// Migrations ran before the epoch.
    pub(crate) is_upgraded: bool,
    /// Subnets with two uids of the same hotkey are left out (since spec 334).
    pub(crate) skips_duplicates: bool,
    pub(crate) certainty: Option<Certainty>,
    pub(crate) era: String,
    /// Inputs and stored outputs, or why they could not be read.
    pub(crate) state: Result<(Loaded, StoredEpoch), Reason>,
    /// What the epoch shared out, where the block's emission was recomputed.
    pub(crate) rao: Option<u64>,
    /// What its payments depend on, or why that could not be read; `None` where the block's emission was not recomputed.
    pub(crate) distribution: Option<Result<Distribution, Reason>>,
}

/// All rows of one subnet's epoch.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    pub(crate) epochs: Vec<EpochVerificationRow>,
    pub(crate) differences: Vec<EpochDifferenceRow>,
    pub(crate) inputs: Option<EpochInputsRow>,
    /// What extrinsics of the block moved or rewrote.
    pub(crate) causes: Vec<VerificationCauseRow>,
}

impl Judged {
    pub(crate) fn differs(&self) -> bool {
        self.epochs.iter().any(|row| row.verdict == Verdict::Differs.name())
    }
}

/// Differences kept of one epoch and mechanism; all are counted.
const MOST_KEPT: usize = 10_000;
/// How the amount was obtained.
const RECOMPUTED: &str = "recomputed";
const INFERRED: &str = "inferred";

/// Judges an epoch.
pub(crate) fn judge(case: Case, effects: &Effects, workspace: &mut Workspace) -> Judged {
    let blank = EpochVerificationRow {
        block_number: case.block,
        netuid: case.due.netuid,
        timestamp_ms: case.timestamp_ms,
        spec_version: case.spec_version,
        era: case.era.clone(),
        ..EpochVerificationRow::default()
    };
    let only = |verdict: Verdict, reason: String| Judged {
        epochs: vec![EpochVerificationRow {
            verdict: verdict.name().to_owned(),
            first_difference: (verdict == Verdict::Differs).then(|| reason.clone()),
            reason,
            ..blank.clone()
        }],
        ..Judged::default()
    };
    if let Some(cause) = effects.rebuilt(case.due.netuid).filter(|_| !case.due.ran) {
        return only(
            Verdict::CannotSay,
            format!("the subnet was removed or rebuilt after its epoch by {}", cause.text),
        );
    }
    let (mut loaded, stored) = match case.state {
        Ok(state) => state,
        Err(reason) => return only(Verdict::CannotSay, reason),
    };
    if let Some((verdict, reason)) = unexpected(&case.due, &loaded.inputs, effects, case.skips_duplicates) {
        let doubt = doubt_of_rules(case.is_upgraded, case.certainty).filter(|_| verdict == Verdict::Differs);
        return match doubt {
            Some(doubt) => only(Verdict::CannotSay, format!("{reason}; {doubt}")),
            None => only(verdict, reason),
        };
    }

    let started = Instant::now();
    let (rao, source) = settle_rao(case.rao, &mut loaded, &stored, workspace);
    let outputs = match run(&loaded.inputs, workspace) {
        Ok(outputs) => outputs,
        Err(error) => return only(Verdict::CannotSay, error.to_string()),
    };
    let payments = case.distribution.map(|distribution| distribution?.compare(&outputs.payouts, effects));
    let replay_ns = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let (payments, payments_reason) = match payments {
        Some(Ok(payments)) => (payments, String::new()),
        Some(Err(reason)) => (Payments::default(), format!("payments were not recomputed: {reason}")),
        None => {
            (Payments::default(), "payments were not recomputed: the block's emission was not".to_owned())
        }
    };
    let nothing = Payments::default();
    let comparisons = judge_numbers(case.due.netuid, &outputs, &stored, effects);

    let (text, inputs_hash) = encode(&loaded.inputs);
    let parts =
        split_rao(loaded.inputs.rao, outputs.mechanisms.len(), loaded.inputs.mechanism_split.as_deref());
    let mut judged = Judged::default();
    let mut causes: Causes = payments.causes.clone();
    for (position, comparison) in comparisons.iter().enumerate() {
        let mechanism = &outputs.mechanisms[position];
        let notes = Notes {
            doubts: &loaded.doubts,
            is_upgraded: case.is_upgraded,
            certainty: case.certainty,
            without_rao: rao.is_none(),
        };
        // payments are those of all mechanisms: they count with the first
        let payments = if position == 0 { &payments } else { &nothing };
        let (verdict, mut reason) = notes.verdict(comparison, payments);
        if position == 0 && reason.is_empty() {
            reason.clone_from(&payments_reason);
        }
        let first_number = comparison.unexcused().next().map(ToString::to_string);
        let first_payment = || payments.unexcused().next().map(ToString::to_string);
        let payments_equal = payments.checked.saturating_sub(payments.found.len() as u64);
        judged.epochs.push(EpochVerificationRow {
            mechid: mechanism.mechid,
            verdict: verdict.name().to_owned(),
            reason,
            neurons: u32::try_from(loaded.inputs.neurons.len()).unwrap_or(u32::MAX),
            fields_checked: comparison.checked + payments.checked,
            fields_equal: comparison.equal() + payments_equal,
            fields_excused: comparison.excused() + payments.excused(),
            first_difference: first_number.or_else(first_payment),
            emission_rao: rao.and_then(|_| parts.get(position).copied()),
            emission_source: rao.map_or("", |_| source).to_owned(),
            replay_ns: if position == 0 { replay_ns } else { 0 },
            inputs_hash: inputs_hash.clone(),
            ..blank.clone()
        });
        for Found { difference, excused_by } in &comparison.found {
            if let Some(excuse) = excused_by {
                causes.note(Lane::Epoch, difference.field.name(), &excuse.kind, How::Excused);
            }
        }
        let mut rows = difference_rows(&blank, mechanism.mechid, comparison, &loaded.inputs);
        payment_rows(&blank, mechanism.mechid, payments, &mut rows);
        judged.differences.extend(rows);
    }
    judged.causes = causes.rows(case.block, case.due.netuid).collect();
    judged.inputs =
        Some(EpochInputsRow { block_number: case.block, netuid: case.due.netuid, inputs_hash, inputs: text });
    judged
}

/// Inputs as they are stored, and their hash.
fn encode(inputs: &EpochInputs) -> (String, String) {
    let text = serde_json::to_string(inputs).unwrap_or_default();
    let hash = Hash::blake2_256(text.as_bytes()).to_string();
    (text, hash)
}

/// An epoch that ran without being due, or the other way round.
fn unexpected(
    due: &DueEpoch,
    inputs: &EpochInputs,
    effects: &Effects,
    skips_duplicates: bool,
) -> Option<(Verdict, String)> {
    let has_duplicates = || {
        let mut seen = HashSet::new();
        inputs.neurons.iter().filter_map(|neuron| neuron.key).any(|key| !seen.insert(key))
    };
    match (due.is_due, due.ran) {
        (true, true) => None,
        (false, true) => Some((Verdict::Differs, "the epoch ran although it was not due".to_owned())),
        (_, false) if skips_duplicates && has_duplicates() => Some((
            Verdict::Verified,
            "no epoch: a hotkey holds two uids, so the chain skips the subnet".to_owned(),
        )),
        (_, false) if effects.is_skipped(due.netuid) => {
            Some((Verdict::CannotSay, "the chain announced that it skipped or deferred the epoch".to_owned()))
        }
        (_, false) => Some((Verdict::Differs, "the epoch was due and did not run".to_owned())),
    }
}

/// Puts in what the epoch shared out, and says where it is from.
pub(crate) fn settle_rao(
    recomputed: Option<u64>,
    loaded: &mut Loaded,
    stored: &StoredEpoch,
    workspace: &mut Workspace,
) -> (Option<u64>, &'static str) {
    let (rao, source) = match recomputed {
        Some(rao) => (Some(rao), RECOMPUTED),
        None => (infer(loaded, stored, workspace), INFERRED),
    };
    // all but the amounts is the same whatever was shared out
    loaded.inputs.rao = rao.unwrap_or_else(|| loaded.pending.sum());
    (rao, source)
}

fn infer(loaded: &Loaded, stored: &StoredEpoch, workspace: &mut Workspace) -> Option<u64> {
    let count = loaded.inputs.mechanisms.len();
    let unit = EpochInputs {
        rao: rao::UNIT.saturating_mul(count as u64),
        mechanism_split: None,
        ..loaded.inputs.clone()
    };
    let unit: EpochOutputs = run(&unit, workspace).ok()?;
    let announced: Vec<Option<&[u64]>> =
        stored.mechanisms.iter().map(|mechanism| mechanism.server_emission.as_deref()).collect();
    let split = loaded.inputs.mechanism_split.as_deref();
    rao::infer(&unit, &announced, stored.emission.as_deref(), split, loaded.pending.sum())
}

/// Why a difference may come from rules or a state that are not known for certain.
fn doubt_of_rules(is_upgraded: bool, certainty: Option<Certainty>) -> Option<&'static str> {
    match (is_upgraded, certainty) {
        (true, _) => Some("a runtime upgrade ran its migrations between the parent's state and this epoch"),
        (false, Some(Certainty::Later)) => {
            Some("the runtime is newer than the newest whose rules are known here")
        }
        (false, Some(Certainty::Inferred)) => {
            Some("the runtime lies between two releases of which only the later is known to have these rules")
        }
        (false, Some(Certainty::Known) | None) => None,
    }
}

/// What a verdict has to take into account besides the numbers.
struct Notes<'a> {
    doubts: &'a [String],
    is_upgraded: bool,
    certainty: Option<Certainty>,
    without_rao: bool,
}

impl Notes<'_> {
    fn verdict(&self, comparison: &Comparison, payments: &Payments) -> (Verdict, String) {
        let mut open = comparison.unexcused().peekable();
        let payments_agree = payments.unexcused().next().is_none();
        if open.peek().is_none() && payments_agree {
            let is_whole = comparison.found.is_empty() && payments.found.is_empty();
            return (if is_whole { Verdict::Verified } else { Verdict::Excused }, String::new());
        }
        let cannot_say = if let Some(doubt) = self.doubts.first() {
            Some(doubt.clone())
        } else if let Some(doubt) = doubt_of_rules(self.is_upgraded, self.certainty) {
            Some(doubt.to_owned())
        } else if self.without_rao
            && open.all(|found| matches!(found.field, Field::Emission | Field::ServerEmission))
        {
            Some("what the epoch shared out is not known".to_owned())
        } else {
            None
        };
        match cannot_say {
            Some(reason) => (Verdict::CannotSay, reason),
            None => (Verdict::Differs, String::new()),
        }
    }
}

fn difference_rows(
    blank: &EpochVerificationRow,
    mechid: u8,
    comparison: &Comparison,
    inputs: &EpochInputs,
) -> Vec<EpochDifferenceRow> {
    let hotkey_of = |uid: u16| {
        let key = inputs.neurons.get(usize::from(uid))?.key?;
        Some(AccountId(key.0).to_ss58())
    };
    let text = |value: Option<u64>| value.map_or_else(|| "null".to_owned(), |value| value.to_string());
    let row = |(position, Found { difference, excused_by }): (usize, &Found)| EpochDifferenceRow {
        block_number: blank.block_number,
        netuid: blank.netuid,
        mechid,
        position: u32::try_from(position).unwrap_or(u32::MAX),
        field: difference.field.name().to_owned(),
        uid: difference.uid,
        target: difference.target,
        hotkey: difference.uid.and_then(hotkey_of),
        expected: text(difference.computed),
        stored: text(difference.stored),
        excused_by: excused_by.as_ref().map(|excuse| excuse.text.clone()),
    };
    comparison.found.iter().take(MOST_KEPT).enumerate().map(row).collect()
}

/// Rows of payments, behind those of the numbers.
fn payment_rows(
    blank: &EpochVerificationRow,
    mechid: u8,
    payments: &Payments,
    rows: &mut Vec<EpochDifferenceRow>,
) {
    let text = |value: Option<i128>| value.map_or_else(|| "null".to_owned(), |value| value.to_string());
    let first = rows.len();
    let row = |(position, found): (usize, &PaymentDifference)| EpochDifferenceRow {
        block_number: blank.block_number,
        netuid: blank.netuid,
        mechid,
        position: u32::try_from(first + position).unwrap_or(u32::MAX),
        field: found.field.to_owned(),
        uid: None,
        target: None,
        hotkey: found.hotkey.map(|hotkey| hotkey.to_ss58()),
        expected: text(found.expected),
        stored: text(found.stored),
        excused_by: found.excused_by.as_ref().map(|excuse| excuse.text.clone()),
    };
    rows.extend(payments.found.iter().take(MOST_KEPT).enumerate().map(row));
}
