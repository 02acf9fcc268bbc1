//! Outcomes from boundary events, read backwards.
//!
//! A carrying call deposits its event after those of the calls inside it, and a failed call leaves no events at
//! all (its storage layer is rolled back). Read backwards, the events therefore name the outermost carrier first,
//! then its last item, and so on: each event decides, before an inner call is entered, whether that call ran.
//!
//! Some calls run others that the tree does not show (an EVM call into a precompile, a crowdloan's stored call),
//! or carry them in an unknown way. Their boundary events lie where an item's mark is expected, and none of them
//! ends in such a mark: the walk notices, counts itself as *lost*, and from there on concludes only what needs no
//! events. It never guesses.

use std::borrow::Cow;

use super::{Assigned, CallEvent, CallNode, ExtrinsicFacts, Origin, boundary, kind::Kind, tree::Tree};
use crate::{decode::dispatch::error_name, json, records::Outcome};

pub(super) fn assign<'a>(
    extrinsic: ExtrinsicFacts<'a>,
    calls: &[CallNode<'a>],
    events: &[CallEvent<'a>],
    out: &mut [Assigned<'a>],
) {
    if calls.is_empty() {
        return;
    }
    let mut replay = Replay {
        calls,
        tree: Tree::new(calls),
        events: events.iter().filter(|event| boundary::is_boundary(event)).copied().collect(),
        lost: false,
        out,
        work: Vec::new(),
    };
    match extrinsic.success {
        Some(true) => replay.run(),
        Some(false) => replay.fail(0, extrinsic.error.map(Cow::Borrowed).as_ref()),
        None => {} // every outcome stands at unknown already
    }
}

struct Replay<'a, 'o> {
    calls: &'o [CallNode<'a>],
    tree: Tree,
    /// Boundary events not yet accounted for; the last is the next.
    events: Vec<CallEvent<'a>>,
    /// Whether the events can no longer be matched with the calls.
    lost: bool,
    out: &'o mut [Assigned<'a>],
    work: Vec<Task>,
}

/// What is still to do; the last is the next.
enum Task {
    /// This call succeeded: look into it.
    Succeeded(u32),
    /// The first `left` children of a batch ran.
    Items { batch: u32, left: usize, rule: Rule },
}

#[derive(Clone, Copy)]
enum Rule {
    /// Each succeeded; whether the runtime marks that is not known yet.
    Completed,
    /// Each succeeded and has its `ItemCompleted`.
    CompletedAndMarked,
    /// Each succeeded, but the runtime is too old to mark them.
    CompletedUnmarked,
    /// Each succeeded or failed on its own.
    Forced { some_failed: bool },
}

impl<'a> Replay<'a, '_> {
    fn run(&mut self) {
        self.work.push(Task::Succeeded(0));
        while let Some(task) = self.work.pop() {
            match task {
                Task::Succeeded(node) => self.succeed(node),
                Task::Items { left: 0, .. } => {}
                Task::Items { batch, left, rule } => self.step_back(batch, left - 1, rule),
            }
        }
    }

    /// Takes the next event if `wanted` accepts it; otherwise the walk is lost.
    fn take(&mut self, wanted: impl FnOnce(&CallEvent<'a>) -> bool) -> Option<CallEvent<'a>> {
        if self.lost {
            return None;
        }
        let event = self.events.last().copied().filter(wanted);
        match event {
            Some(_) => drop(self.events.pop()),
            None => self.lost = true,
        }
        event
    }

    /// Takes the next event if it is one of `variants` of the pallet of `node`.
    fn take_own(&mut self, node: u32, variants: &[&str]) -> Option<CallEvent<'a>> {
        let pallet = self.calls[node as usize].pallet;
        self.take(|event| event.pallet == pallet && variants.contains(&event.variant))
    }

    fn succeed(&mut self, node: u32) {
        self.out[node as usize].outcome = Outcome::Success;
        let call = &self.calls[node as usize];
        match Kind::of(call.pallet, call.call) {
            Kind::Other => {}
            Kind::Batch => self.batch(node),
            Kind::BatchAll => {
                self.take_own(node, &["BatchCompleted"]);
                self.items(node, usize::MAX, Rule::Completed);
            }
            Kind::ForceBatch => {
                let end = self.take_own(node, &["BatchCompleted", "BatchCompletedWithErrors"]);
                if let Some(end) = end {
                    let some_failed = end.variant == "BatchCompletedWithErrors";
                    self.items(node, usize::MAX, Rule::Forced { some_failed });
                }
            }
            Kind::Transparent => self.succeed_children(node),
            Kind::Reporting(report) => {
                let event = self.take_own(node, &[report.variant]);
                let result = event.and_then(|event| json::member(event.args, report.field, report.position));
                match result {
                    Some(result) => self.reported(node, result),
                    None if report.propagates => self.succeed_children(node),
                    None => {}
                }
            }
            Kind::MultisigOfOne => {
                if self.reports_multisig_of_one(node) {
                    self.events.pop();
                }
                self.succeed_children(node);
            }
            Kind::Multisig => self.multisig(node),
            Kind::MultisigApproval => drop(self.take_own(node, &["NewMultisig", "MultisigApproval"])),
            Kind::IfElse => self.if_else(node),
            Kind::Deferred => self.mark_below(node, Outcome::Deferred),
            Kind::Propose => {
                let event = self.take_own(node, &["Executed", "Proposed"]);
                match event {
                    Some(event) if event.variant == "Proposed" => self.mark_below(node, Outcome::Deferred),
                    Some(event) => self.reported_in(node, &event, "result", 1),
                    None => {}
                }
            }
        }
    }

    fn succeed_children(&mut self, node: u32) {
        self.work.extend(self.tree.children(node).iter().map(|child| Task::Succeeded(*child)));
    }

    fn reported_in(&mut self, node: u32, event: &CallEvent<'a>, field: &str, position: usize) {
        if let Some(result) = json::member(event.args, field, position) {
            self.reported(node, result);
        }
    }

    /// The one call that `node` carries had this result.
    fn reported(&mut self, node: u32, result: &'a str) {
        let &[child] = self.tree.children(node) else { return };
        match boundary::result(result) {
            Some(Ok(())) => self.work.push(Task::Succeeded(child)),
            Some(Err(error)) => self.fail(child, error.as_ref()),
            None => {}
        }
    }

    fn batch(&mut self, node: u32) {
        let Some(end) = self.take_own(node, &["BatchCompleted", "BatchInterrupted"]) else { return };
        if end.variant == "BatchCompleted" {
            return self.items(node, usize::MAX, Rule::Completed);
        }
        let index = json::member(end.args, "index", 0).and_then(json::integer);
        let error = json::member(end.args, "error", 1).and_then(error_name);
        let Some(failed) = index.and_then(|index| usize::try_from(index).ok()) else { return };
        let children = self.tree.children(node);
        let Some(&failed_node) = children.get(failed) else { return };
        let (first_unrun, end_of_batch) =
            (self.tree.descendants(failed_node).end, self.tree.descendants(node).end);
        for after in &mut self.out[first_unrun..end_of_batch] {
            after.outcome = Outcome::NotExecuted;
        }
        self.fail(failed_node, error.as_ref());
        self.items(node, failed, Rule::Completed);
    }

    /// The first `count` children of `batch` ran under `rule`.
    fn items(&mut self, batch: u32, count: usize, rule: Rule) {
        let left = count.min(self.tree.children(batch).len());
        self.work.push(Task::Items { batch, left, rule });
    }

    /// Looks at item `index` of `batch`, after which nothing is left unaccounted for.
    fn step_back(&mut self, batch: u32, index: usize, rule: Rule) {
        let item = self.tree.children(batch)[index];
        let (next_rule, outcome) = match rule {
            Rule::Completed => {
                let marked = self.events.last().is_some_and(|event| event.variant == "ItemCompleted");
                if marked && !self.lost {
                    self.events.pop();
                }
                (
                    if marked { Rule::CompletedAndMarked } else { Rule::CompletedUnmarked },
                    Ok(Outcome::Success),
                )
            }
            Rule::CompletedAndMarked => {
                self.take(|event| event.pallet == "Utility" && event.variant == "ItemCompleted");
                (rule, Ok(Outcome::Success))
            }
            Rule::CompletedUnmarked => {
                // without marks nothing would tell an item's own events from those of hidden calls before it
                self.lost = true;
                (rule, Ok(Outcome::Success))
            }
            Rule::Forced { some_failed } => {
                let mark = self.take(|event| {
                    event.pallet == "Utility" && matches!(event.variant, "ItemCompleted" | "ItemFailed")
                });
                let outcome = match mark {
                    Some(mark) if mark.variant == "ItemFailed" => {
                        Err(json::member(mark.args, "error", 0).and_then(error_name))
                    }
                    Some(_) => Ok(Outcome::Success),
                    None if some_failed => Ok(Outcome::Unknown),
                    None => Ok(Outcome::Success),
                };
                (rule, outcome)
            }
        };
        self.work.push(Task::Items { batch, left: index, rule: next_rule });
        match outcome {
            Ok(Outcome::Success) => self.work.push(Task::Succeeded(item)),
            Ok(_) => {}
            Err(error) => self.fail(item, error.as_ref()),
        }
    }

    /// Whether the next event reports the call of `as_multi_threshold_1`: its multisig address tells.
    fn reports_multisig_of_one(&self, node: u32) -> bool {
        let Some(event) =
            self.events.last().filter(|event| !self.lost && event.variant == "MultisigExecuted")
        else {
            return false;
        };
        let reported = json::member(event.args, "multisig", 2).and_then(json::text);
        let own = self.tree.children(node).first().map(|child| self.out[*child as usize].origin);
        match (own, reported) {
            (Some(Origin::Account(own)), Some(reported)) => reported.parse() == Ok(own),
            _ => false,
        }
    }

    fn multisig(&mut self, node: u32) {
        let event = self.take_own(node, &["MultisigExecuted", "NewMultisig", "MultisigApproval"]);
        match event {
            Some(event) if event.variant == "MultisigExecuted" => self.reported_in(node, &event, "result", 4),
            Some(_) => self.mark_below(node, Outcome::Deferred),
            None => {}
        }
    }

    fn if_else(&mut self, node: u32) {
        let Some(event) = self.take_own(node, &["IfElseMainSuccess", "IfElseFallbackCalled"]) else { return };
        let Some((main, fallback)) = self.arms(node) else { return };
        if event.variant == "IfElseMainSuccess" {
            self.out[fallback as usize].outcome = Outcome::NotExecuted;
            self.mark_below(fallback, Outcome::NotExecuted);
            self.work.push(Task::Succeeded(main));
        } else {
            let error = json::member(event.args, "main_error", 0).and_then(error_name);
            self.fail(main, error.as_ref());
            self.work.push(Task::Succeeded(fallback));
        }
    }

    fn arms(&self, node: u32) -> Option<(u32, u32)> {
        match self.tree.children(node) {
            &[main, fallback] => Some((main, fallback)),
            _ => None,
        }
    }

    fn mark_below(&mut self, node: u32, outcome: Outcome) {
        for inner in &mut self.out[self.tree.descendants(node)] {
            inner.outcome = outcome;
        }
    }

    /// `node` failed: everything inside was rolled back, and the call whose error it was failed too.
    fn fail(&mut self, node: u32, error: Option<&Cow<'a, str>>) {
        self.mark_below(node, Outcome::Reverted);
        let mut failed = node;
        loop {
            let answer = &mut self.out[failed as usize];
            answer.outcome = Outcome::Failed;
            answer.error = error.cloned();
            let call = &self.calls[failed as usize];
            let kind = Kind::of(call.pallet, call.call);
            let from_inside = kind.propagates() && error.is_some_and(|error| is_foreign(call.pallet, error));
            if !from_inside {
                if kind.fails_before_inside() {
                    self.mark_below(failed, Outcome::NotExecuted);
                }
                return;
            }
            failed = match (kind, self.tree.children(failed)) {
                // both arms failed; the error is that of the second
                (Kind::IfElse, &[main, fallback]) => {
                    self.out[main as usize].outcome = Outcome::Failed;
                    fallback
                }
                (Kind::IfElse, _) => return,
                (_, &[only]) => only,
                // which item of a `batch_all` it was, no event tells
                _ => return,
            };
        }
    }
}

/// Whether a carrier of `pallet` that failed with `error` can only have got it from a call inside.
fn is_foreign(pallet: &str, error: &str) -> bool {
    let own = error.strip_prefix(pallet).is_some_and(|rest| rest.starts_with('.'));
    // the checks of the carriers themselves, and of the storage layer each call runs in
    let general = matches!(error, "BadOrigin" | "Other" | "CannotLookup" | "Exhausted" | "RootNotAllowed")
        || error.starts_with("Transactional.")
        || error.starts_with("Module.");
    !own && !general
}
