//! A reference runtime for the tests: runs a tree of calls as the pallets do, with storage layers that roll
//! events back, and notes what became of every call.

use parity_scale_codec::Encode;

use super::{AccountId, Outcome};
use crate::ids::Hash;

/// A call to be simulated.
#[derive(Debug, Clone)]
pub(super) enum Call {
    /// Ends well or with this error; on success it leaves these events of calls that the tree does not show.
    Leaf {
        error: Option<&'static str>,
        hidden: Vec<SimEvent>,
    },
    /// `batch`, `batch_all`, `force_batch`.
    Batch(BatchKind, Vec<Call>),
    /// `as_derivative` with this index.
    Derivative(u16, Box<Call>),
    /// `dispatch_as` or (true) `dispatch_as_fallible`, for this account.
    DispatchAs(bool, AccountId, Box<Call>),
    IfElse(Box<Call>, Box<Call>),
    /// `proxy` for this account; refused by the proxy pallet itself if false.
    Proxy(AccountId, bool, Box<Call>),
    /// `sudo`.
    Sudo(Box<Call>),
    /// The sudo that the subtensor pallet once had.
    SubtensorSudo(Box<Call>),
    /// `as_multi_threshold_1` with this other signatory; whether the runtime reports it.
    MultisigOfOne(AccountId, bool, Box<Call>),
    /// `as_multi`: the last approval if true.
    Multisig(AccountId, bool, Box<Call>),
    /// `approve_as_multi`.
    Approve,
    /// `Scheduler.schedule`.
    Schedule(Box<Call>),
    /// A carrier that nobody knows: runs its calls, ignores their errors.
    Strange(Vec<Call>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BatchKind {
    Batch,
    All,
    Force,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SimEvent {
    pub(super) pallet: &'static str,
    pub(super) variant: &'static str,
    pub(super) args: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SimOrigin {
    Account(AccountId),
    Root,
    /// An account derived of no account: such calls are refused.
    Nobody,
}

/// A call as the decoder would hand it over, with what really became of it.
#[derive(Debug, Clone)]
pub(super) struct SimNode {
    pub(super) parent: Option<u32>,
    pub(super) pallet: &'static str,
    pub(super) call: &'static str,
    pub(super) args: String,
    pub(super) origin: SimOrigin,
    pub(super) outcome: Outcome,
    pub(super) error: Option<String>,
    /// Below a carrier that nobody knows: nothing can be told.
    pub(super) untold: bool,
}

#[derive(Debug, Default)]
pub(super) struct Simulation {
    pub(super) nodes: Vec<SimNode>,
    pub(super) events: Vec<SimEvent>,
    /// Runtimes older than 2022 do not mark the items of a batch.
    pub(super) without_item_events: bool,
}

fn error_json(error: &str) -> String {
    match error.split_once('.') {
        Some((outer @ ("Token" | "Arithmetic"), inner)) => format!(r#"{{"{outer}":{{"{inner}":null}}}}"#),
        Some(_) => format!(r#"{{"Module":{{"index":1,"error":"0x02000000","name":"{error}"}}}}"#),
        None => format!(r#"{{"{error}":null}}"#),
    }
}

fn result_json(result: Result<(), &'static str>) -> String {
    match result {
        Ok(()) => r#"{"Ok":null}"#.to_owned(),
        Err(error) => format!(r#"{{"Err":{}}}"#, error_json(error)),
    }
}

fn derived(preimage: impl Encode) -> SimOrigin {
    SimOrigin::Account(AccountId(Hash::blake2_256(&preimage.encode()).0))
}

fn multisig_of(origin: SimOrigin, other: AccountId, threshold: u16) -> SimOrigin {
    let SimOrigin::Account(who) = origin else { return SimOrigin::Nobody };
    let (low, high) = if who < other { (who, other) } else { (other, who) };
    derived((*b"modlpy/utilisuba", vec![low.0, high.0], threshold))
}

impl Simulation {
    /// Runs `call` as an extrinsic signed by `signer`; its result is that of the extrinsic.
    pub(super) fn run(&mut self, call: &Call, signer: AccountId) -> Result<(), &'static str> {
        self.lay_out(call, None, SimOrigin::Account(signer), false);
        let mut at = 0;
        self.dispatch(call, &mut at)
    }

    fn event(&mut self, pallet: &'static str, variant: &'static str, args: String) {
        self.events.push(SimEvent { pallet, variant, args });
    }

    /// Pushes the nodes of `call` in pre-order, nothing of it having run.
    fn lay_out(&mut self, call: &Call, parent: Option<u32>, origin: SimOrigin, untold: bool) {
        let (pallet, name, args) = describe(call);
        let own = u32::try_from(self.nodes.len()).unwrap();
        let outcome = Outcome::NotExecuted;
        self.nodes.push(SimNode { parent, pallet, call: name, args, origin, outcome, error: None, untold });
        let inner = match call {
            Call::Derivative(index, _) => match origin {
                SimOrigin::Account(who) => derived((*b"modlpy/utilisuba", who.0, *index)),
                SimOrigin::Root | SimOrigin::Nobody => SimOrigin::Nobody,
            },
            Call::DispatchAs(_, who, _) | Call::Proxy(who, _, _) => SimOrigin::Account(*who),
            Call::Sudo(_) | Call::SubtensorSudo(_) => SimOrigin::Root,
            Call::MultisigOfOne(other, _, _) => multisig_of(origin, *other, 1),
            Call::Multisig(other, _, _) => multisig_of(origin, *other, 2),
            _ => origin,
        };
        let untold = untold || matches!(call, Call::Strange(_));
        for child in children(call) {
            self.lay_out(child, Some(own), inner, untold);
        }
    }

    fn set_all(&mut self, nodes: std::ops::Range<usize>, outcome: Outcome) {
        for node in &mut self.nodes[nodes] {
            node.outcome = outcome;
            node.error = None;
        }
    }

    /// One call in its storage layer; `at` is its node and becomes the one after its subtree.
    fn dispatch(&mut self, call: &Call, at: &mut usize) -> Result<(), &'static str> {
        let own = *at;
        let layer = self.events.len();
        *at += 1;
        let (result, culprit) = self.execute(call, at);
        *at = own + size(call);
        match result {
            Ok(()) => self.nodes[own].outcome = Outcome::Success,
            Err(error) => {
                self.events.truncate(layer);
                // what an error's name leaves open cannot be expected of anybody
                let told = culprit.is_some()
                    && !matches!(error, "BadOrigin" | "Other")
                    && !error.starts_with(&format!("{}.", self.nodes[own].pallet));
                if told {
                    let kept: Vec<(usize, Outcome, Option<String>)> = (own + 1..*at)
                        .filter(|node| self.is_in_failing_chain(culprit, *node))
                        .map(|node| (node, self.nodes[node].outcome, self.nodes[node].error.clone()))
                        .collect();
                    self.set_all(own + 1..*at, Outcome::Reverted);
                    for (node, outcome, error) in kept {
                        self.nodes[node].outcome = outcome;
                        self.nodes[node].error = error;
                    }
                } else if matches!(call, Call::Proxy(..) | Call::Multisig(..)) {
                    // these check who calls before they run anything
                    self.set_all(own + 1..*at, Outcome::NotExecuted);
                } else {
                    self.set_all(own + 1..*at, Outcome::Reverted);
                }
                self.nodes[own].outcome = Outcome::Failed;
                self.nodes[own].error = Some(error.to_owned());
            }
        }
        result
    }

    /// The failing children of a carrier, with their insides.
    fn is_in_failing_chain(&self, culprits: Option<(usize, usize)>, node: usize) -> bool {
        culprits.is_some_and(|(from, to)| (from..to).contains(&node))
    }

    /// The body of a call: its result and, if it passes on the error of a call inside, the nodes that tell.
    fn execute(&mut self, call: &Call, at: &mut usize) -> (Result<(), &'static str>, Option<(usize, usize)>) {
        let needs_account = matches!(
            call,
            Call::Derivative(..)
                | Call::Proxy(..)
                | Call::MultisigOfOne(..)
                | Call::Multisig(..)
                | Call::Approve
        );
        if needs_account && !matches!(self.nodes[*at - 1].origin, SimOrigin::Account(_)) {
            return (Err("BadOrigin"), None);
        }
        match call {
            Call::Leaf { error: Some(error), .. } => {
                self.event("Balances", "Withdraw", "{}".to_owned());
                (Err(error), None)
            }
            Call::Leaf { error: None, hidden } => {
                self.event("System", "Remarked", "{}".to_owned());
                self.events.extend(hidden.iter().cloned());
                (Ok(()), None)
            }
            Call::Batch(kind, calls) => self.batch(*kind, calls, at),
            Call::Derivative(_, inner) => self.pass_on(inner, at),
            Call::DispatchAs(fallible, _, inner) => {
                let from = *at;
                let result = self.dispatch(inner, at);
                if let (true, Err(error)) = (*fallible, result) {
                    return (Err(error), Some((from, *at)));
                }
                let args = format!(r#"{{"result":{}}}"#, result_json(result));
                self.event("Utility", "DispatchedAs", args);
                (Ok(()), None)
            }
            Call::IfElse(main, fallback) => {
                let from = *at;
                let Err(main_error) = self.dispatch(main, at) else {
                    self.event("Utility", "IfElseMainSuccess", "{}".to_owned());
                    return (Ok(()), None);
                };
                let fallback_result = self.dispatch(fallback, at);
                if let Err(error) = fallback_result {
                    // the main call failed as well, but its error is not told
                    let main_end = from + size(main);
                    self.set_all(from..main_end, Outcome::Reverted);
                    self.nodes[from].outcome = Outcome::Failed;
                    return (Err(error), Some((from, *at)));
                }
                let args = format!(r#"{{"main_error":{}}}"#, error_json(main_error));
                self.event("Utility", "IfElseFallbackCalled", args);
                (Ok(()), None)
            }
            Call::Proxy(_, allowed, inner) => {
                if !allowed {
                    return (Err("Proxy.NotProxy"), None);
                }
                let args = format!(r#"{{"result":{}}}"#, result_json(self.dispatch(inner, at)));
                self.event("Proxy", "ProxyExecuted", args);
                (Ok(()), None)
            }
            Call::Sudo(inner) => {
                let args = format!(r#"{{"sudo_result":{}}}"#, result_json(self.dispatch(inner, at)));
                self.event("Sudo", "Sudid", args);
                (Ok(()), None)
            }
            Call::SubtensorSudo(inner) => {
                let from = *at;
                let result = self.dispatch(inner, at);
                self.event("SubtensorModule", "Sudid", format!("[{}]", result_json(result)));
                (result, result.err().map(|_| (from, *at)))
            }
            Call::MultisigOfOne(_, reports, inner) => {
                let (from, multisig) = (*at, self.nodes[*at].origin);
                let result = self.dispatch(inner, at);
                if let (true, SimOrigin::Account(multisig)) = (*reports, multisig) {
                    self.multisig_executed(multisig, result);
                }
                (result, result.err().map(|_| (from, *at)))
            }
            Call::Multisig(_, last, inner) => {
                if !last {
                    let (deferred, multisig) = (*at..*at + size(inner), self.nodes[*at].origin);
                    self.set_all(deferred, Outcome::Deferred);
                    self.event("Multisig", "MultisigApproval", format!(r#"{{"multisig":"{multisig:?}"}}"#));
                    return (Ok(()), None);
                }
                let multisig = self.nodes[*at].origin;
                let result = self.dispatch(inner, at);
                if let SimOrigin::Account(multisig) = multisig {
                    self.multisig_executed(multisig, result);
                }
                (Ok(()), None)
            }
            Call::Approve => {
                self.event("Multisig", "NewMultisig", "{}".to_owned());
                (Ok(()), None)
            }
            Call::Schedule(inner) => {
                self.set_all(*at..*at + size(inner), Outcome::Deferred);
                self.event("Scheduler", "Scheduled", "{}".to_owned());
                (Ok(()), None)
            }
            Call::Strange(calls) => {
                for inner in calls {
                    let _ignored = self.dispatch(inner, at);
                }
                self.event("Strange", "Done", "{}".to_owned());
                (Ok(()), None)
            }
        }
    }

    fn multisig_executed(&mut self, multisig: AccountId, result: Result<(), &'static str>) {
        let args = format!(
            r#"{{"approving":"x","timepoint":{{"height":1,"index":2}},"multisig":"{multisig}","call_hash":"0x","result":{}}}"#,
            result_json(result)
        );
        self.event("Multisig", "MultisigExecuted", args);
    }

    fn pass_on(
        &mut self,
        inner: &Call,
        at: &mut usize,
    ) -> (Result<(), &'static str>, Option<(usize, usize)>) {
        let from = *at;
        let result = self.dispatch(inner, at);
        (result, result.err().map(|_| (from, *at)))
    }

    fn batch(
        &mut self,
        kind: BatchKind,
        calls: &[Call],
        at: &mut usize,
    ) -> (Result<(), &'static str>, Option<(usize, usize)>) {
        let from = *at;
        let mut some_failed = false;
        for (index, inner) in calls.iter().enumerate() {
            match (self.dispatch(inner, at), kind) {
                (Ok(()), _) if self.without_item_events => {}
                (Ok(()), _) => self.event("Utility", "ItemCompleted", "{}".to_owned()),
                (Err(error), BatchKind::Batch) => {
                    let args = format!(r#"{{"index":{index},"error":{}}}"#, error_json(error));
                    self.event("Utility", "BatchInterrupted", args);
                    return (Ok(()), None);
                }
                (Err(error), BatchKind::All) => {
                    // only where there is one item does the error tell which one it was
                    return (Err(error), (calls.len() == 1).then_some((from, *at)));
                }
                (Err(error), BatchKind::Force) => {
                    some_failed = true;
                    self.event("Utility", "ItemFailed", format!(r#"{{"error":{}}}"#, error_json(error)));
                }
            }
        }
        let end = if some_failed { "BatchCompletedWithErrors" } else { "BatchCompleted" };
        self.event("Utility", end, "{}".to_owned());
        (Ok(()), None)
    }
}

fn children(call: &Call) -> Vec<&Call> {
    match call {
        Call::Leaf { .. } | Call::Approve => Vec::new(),
        Call::Batch(_, calls) | Call::Strange(calls) => calls.iter().collect(),
        Call::IfElse(main, fallback) => vec![main, fallback],
        Call::Derivative(_, inner)
        | Call::DispatchAs(_, _, inner)
        | Call::Proxy(_, _, inner)
        | Call::Sudo(inner)
        | Call::SubtensorSudo(inner)
        | Call::MultisigOfOne(_, _, inner)
        | Call::Multisig(_, _, inner)
        | Call::Schedule(inner) => vec![inner],
    }
}

fn size(call: &Call) -> usize {
    1 + children(call).into_iter().map(size).sum::<usize>()
}

fn describe(call: &Call) -> (&'static str, &'static str, String) {
    let none = || "{}".to_owned();
    match call {
        Call::Leaf { .. } => ("System", "remark", none()),
        Call::Batch(BatchKind::Batch, _) => ("Utility", "batch", none()),
        Call::Batch(BatchKind::All, _) => ("Utility", "batch_all", none()),
        Call::Batch(BatchKind::Force, _) => ("Utility", "force_batch", none()),
        Call::Derivative(index, _) => ("Utility", "as_derivative", format!(r#"{{"index":{index}}}"#)),
        Call::DispatchAs(fallible, who, _) => {
            let name = if *fallible { "dispatch_as_fallible" } else { "dispatch_as" };
            ("Utility", name, format!(r#"{{"as_origin":{{"system":{{"Signed":"{who}"}}}}}}"#))
        }
        Call::IfElse(..) => ("Utility", "if_else", none()),
        Call::Proxy(real, _, _) => {
            ("Proxy", "proxy", format!(r#"{{"real":{{"Id":"{real}"}},"force_proxy_type":null}}"#))
        }
        Call::Sudo(_) => ("Sudo", "sudo", none()),
        Call::SubtensorSudo(_) => ("SubtensorModule", "sudo", none()),
        Call::MultisigOfOne(other, _, _) => {
            ("Multisig", "as_multi_threshold_1", format!(r#"{{"other_signatories":["{other}"]}}"#))
        }
        Call::Multisig(other, _, _) => {
            ("Multisig", "as_multi", format!(r#"{{"threshold":2,"other_signatories":["{other}"]}}"#))
        }
        Call::Approve => ("Multisig", "approve_as_multi", none()),
        Call::Schedule(_) => ("Scheduler", "schedule", none()),
        Call::Strange(_) => ("Strange", "carry", none()),
    }
}
