//! `assign` against the reference runtime.

use proptest::prelude::*;

use super::{
    simulator::{BatchKind, Call, SimEvent, SimOrigin, Simulation},
    *,
};

const SIGNER: AccountId = AccountId([7; 32]);

fn leaf() -> Call {
    Call::Leaf { error: None, hidden: Vec::new() }
}

fn failing(error: &'static str) -> Call {
    Call::Leaf { error: Some(error), hidden: Vec::new() }
}

fn batch(kind: BatchKind, calls: Vec<Call>) -> Call {
    Call::Batch(kind, calls)
}

fn simulate(call: &Call) -> (Simulation, Result<(), &'static str>) {
    run(call, false)
}

fn run(call: &Call, without_item_events: bool) -> (Simulation, Result<(), &'static str>) {
    let mut simulation = Simulation { without_item_events, ..Simulation::default() };
    let result = simulation.run(call, SIGNER);
    (simulation, result)
}

/// What `assign` makes of a simulation's calls and events: origin text, outcome, error.
fn assigned(
    simulation: &Simulation,
    success: Option<bool>,
    error: Option<&'static str>,
) -> Vec<(String, Outcome, Option<String>)> {
    let signer = SIGNER.to_string();
    let calls: Vec<CallNode<'_>> = simulation
        .nodes
        .iter()
        .map(|node| CallNode { parent: node.parent, pallet: node.pallet, call: node.call, args: &node.args })
        .collect();
    let events: Vec<CallEvent<'_>> = simulation
        .events
        .iter()
        .map(|event| CallEvent { pallet: event.pallet, variant: event.variant, args: &event.args })
        .collect();
    let mut out = Vec::new();
    assign(ExtrinsicFacts { signer: Some(&signer), success, error }, &calls, &events, &mut out);
    assert_eq!(out.len(), calls.len());
    out.into_iter()
        .map(|answer| {
            let origin = match answer.origin {
                Origin::Account(account) => account.to_string(),
                Origin::Text(text) => text.to_owned(),
                other => format!("{other:?}"),
            };
            (origin, answer.outcome, answer.error.map(Cow::into_owned))
        })
        .collect()
}

fn outcomes(call: &Call) -> Vec<Outcome> {
    let (simulation, result) = simulate(call);
    assigned(&simulation, Some(result.is_ok()), result.err())
        .into_iter()
        .map(|(_, outcome, _)| outcome)
        .collect()
}

fn origin_text(origin: SimOrigin) -> String {
    match origin {
        SimOrigin::Account(account) => account.to_string(),
        SimOrigin::Root => "Root".to_owned(),
        SimOrigin::Nobody => "Unknown".to_owned(),
    }
}

/// Every answer equals the truth, or (where `may_be_untold`) is `Unknown`.
fn check(
    simulation: &Simulation,
    result: Result<(), &'static str>,
    may_be_untold: bool,
) -> Result<usize, TestCaseError> {
    let answers = assigned(simulation, Some(result.is_ok()), result.err());
    let mut untold = 0;
    for (index, (node, (origin, outcome, error))) in simulation.nodes.iter().zip(&answers).enumerate() {
        prop_assert_eq!(origin, &origin_text(node.origin), "origin of node {}", index);
        if *outcome == Outcome::Unknown && (may_be_untold || node.untold) {
            untold += 1;
            continue;
        }
        prop_assert_eq!(*outcome, node.outcome, "outcome of node {} of {:#?}", index, &simulation.nodes);
        prop_assert_eq!(error, &node.error, "error of node {} of {:#?}", index, &simulation.nodes);
    }
    Ok(untold)
}

fn errors() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "Balances.InsufficientBalance",
        "SubtensorModule.NotEnoughStake",
        "Token.FundsUnavailable",
        "BadOrigin",
        "Utility.TooManyCalls",
        "Multisig.NotFound",
        "Other",
    ])
}

fn accounts() -> impl Strategy<Value = AccountId> {
    any::<u8>().prop_map(|byte| AccountId([byte; 32]))
}

/// What the trees of a test may hold beside plain calls.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Menu {
    /// Leaves that leave the events of calls which the tree does not show.
    hidden: bool,
    /// Carriers that nobody knows.
    strange: bool,
    /// Runtimes that do not mark the items of a batch (those have no `force_batch` either).
    unmarked: bool,
}

const PLAIN: Menu = Menu { hidden: false, strange: false, unmarked: false };

fn trees(menu: Menu) -> impl Strategy<Value = Call> {
    let hidden_events = if menu.hidden {
        prop::option::weighted(0.4, hidden_run(menu)).prop_map(Option::unwrap_or_default).boxed()
    } else {
        Just(Vec::new()).boxed()
    };
    let leaves = prop_oneof![
        6 => hidden_events.prop_map(|hidden| Call::Leaf { error: None, hidden }),
        2 => errors().prop_map(failing),
        1 => Just(Call::Approve),
    ];
    let mut batches = vec![BatchKind::Batch, BatchKind::All];
    if !menu.unmarked {
        batches.push(BatchKind::Force);
    }
    leaves.prop_recursive(6, 60, 5, move |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        let many = |most| prop::collection::vec(inner.clone(), 0..most);
        let carrier = prop_oneof![
            8 => (prop::sample::select(batches.clone()), many(5)).prop_map(|(kind, calls)| batch(kind, calls)),
            2 => (any::<u16>(), boxed()).prop_map(|(index, call)| Call::Derivative(index, call)),
            2 => (any::<bool>(), accounts(), boxed())
                .prop_map(|(fallible, who, call)| Call::DispatchAs(fallible, who, call)),
            2 => (boxed(), boxed()).prop_map(|(main, fallback)| Call::IfElse(main, fallback)),
            4 => (accounts(), prop::bool::weighted(0.8), boxed())
                .prop_map(|(real, allowed, call)| Call::Proxy(real, allowed, call)),
            2 => boxed().prop_map(Call::Sudo),
            1 => boxed().prop_map(Call::SubtensorSudo),
            2 => (accounts(), any::<bool>(), boxed())
                .prop_map(|(other, reports, call)| Call::MultisigOfOne(other, reports, call)),
            3 => (accounts(), any::<bool>(), boxed()).prop_map(|(other, last, call)| Call::Multisig(other, last, call)),
            1 => boxed().prop_map(Call::Schedule),
        ];
        match menu.strange {
            true => prop_oneof![9 => carrier, 1 => many(3).prop_map(Call::Strange)].boxed(),
            false => carrier.boxed(),
        }
    })
}

/// The events of some other, complete run.
fn hidden_run(menu: Menu) -> BoxedStrategy<Vec<SimEvent>> {
    let complete = Menu { hidden: false, ..menu };
    trees(complete).prop_map(move |call| run(&call, menu.unmarked).0.events).boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_call_has_the_fate_that_the_runtime_gave_it(call in trees(PLAIN)) {
        let (simulation, result) = simulate(&call);
        prop_assert_eq!(check(&simulation, result, false)?, 0);
    }

    #[test]
    fn hidden_calls_make_fates_unknown_but_never_wrong(call in trees(Menu { hidden: true, strange: true, ..PLAIN })) {
        let (simulation, result) = simulate(&call);
        check(&simulation, result, true)?;
    }

    #[test]
    fn without_item_events_fates_may_be_unknown_but_never_wrong(call in trees(Menu { hidden: true, unmarked: true, ..PLAIN })) {
        let (simulation, result) = run(&call, true);
        check(&simulation, result, true)?;
    }

    #[test]
    fn any_events_at_all_are_taken_without_panic(
        call in trees(Menu { hidden: true, strange: true, ..PLAIN }),
        shuffle in any::<u64>(),
        success in any::<Option<bool>>(),
    ) {
        let (mut simulation, _) = simulate(&call);
        let count = simulation.events.len();
        if count > 1 {
            simulation.events.swap(shuffle as usize % count, (shuffle >> 32) as usize % count);
            simulation.events.truncate(1 + shuffle as usize % count);
        }
        assigned(&simulation, success, Some("Any.Error"));
    }
}

#[test]
fn after_an_interruption_the_rest_did_not_run() {
    let call =
        batch(BatchKind::Batch, vec![leaf(), failing("Balances.X"), batch(BatchKind::All, vec![leaf()])]);
    use Outcome::*;
    assert_eq!(outcomes(&call), [Success, Success, Failed, NotExecuted, NotExecuted]);
}

#[test]
fn a_failed_extrinsic_reverts_what_it_carries() {
    use Outcome::*;
    let call = batch(BatchKind::All, vec![leaf(), failing("Balances.X"), leaf()]);
    assert_eq!(outcomes(&call), [Failed, Reverted, Reverted, Reverted]);
    // with a single item the error can only be that item's
    assert_eq!(outcomes(&batch(BatchKind::All, vec![failing("Balances.X")])), [Failed, Failed]);
    assert_eq!(outcomes(&batch(BatchKind::All, vec![failing("BadOrigin")])), [Failed, Reverted]);
}

#[test]
fn batches_of_runtimes_without_item_events_are_told_by_their_end() {
    use Outcome::*;
    let calls = vec![leaf(), Call::Proxy(AccountId([1; 32]), true, Box::new(failing("Balances.X")))];
    let (simulation, result) = run(&batch(BatchKind::Batch, calls), true);
    let answers = assigned(&simulation, Some(result.is_ok()), None);
    let outcomes: Vec<_> = answers.iter().map(|(_, outcome, _)| *outcome).collect();
    assert_eq!(outcomes, [Success, Success, Success, Failed]);
}

#[test]
fn without_the_events_of_the_extrinsics_end_nothing_is_claimed() {
    let (simulation, _) = simulate(&batch(BatchKind::Force, vec![leaf(), failing("Balances.X")]));
    assert!(assigned(&simulation, None, None).iter().all(|(_, outcome, _)| *outcome == Outcome::Unknown));
}

#[test]
fn a_call_nested_300_deep_is_told_apart_at_every_depth() {
    let mut call = failing("Balances.X");
    for depth in 0..300u32 {
        call = match depth % 3 {
            0 => Call::Proxy(AccountId([depth as u8; 32]), true, Box::new(call)),
            1 => batch(BatchKind::Force, vec![leaf(), call, failing("Token.Frozen")]),
            _ => Call::Multisig(AccountId([9; 32]), true, Box::new(call)),
        };
    }
    let (simulation, result) = simulate(&call);
    assert_eq!(check(&simulation, result, false).unwrap(), 0);
}

#[test]
fn ten_thousand_items_are_told_apart() {
    let items = (0..10_000)
        .map(|index| match index % 4 {
            0 => failing("SubtensorModule.TooFast"),
            1 => Call::Proxy(AccountId([index as u8; 32]), true, Box::new(failing("Balances.X"))),
            _ => leaf(),
        })
        .collect();
    let (simulation, result) = simulate(&batch(BatchKind::Force, items));
    assert_eq!(simulation.nodes.len(), 12_501);
    assert_eq!(check(&simulation, result, false).unwrap(), 0);
}

#[test]
fn what_ran_after_a_hidden_call_is_still_told() {
    let inner = |error| Call::Proxy(AccountId([1; 32]), true, Box::new(failing(error)));
    let hidden = simulate(&batch(BatchKind::Force, vec![leaf(), failing("Balances.X")])).0.events;
    let call = batch(
        BatchKind::Force,
        vec![
            inner("Balances.A"),
            Call::Leaf { error: None, hidden },
            inner("Balances.B"),
            failing("Token.Frozen"),
        ],
    );
    let (simulation, result) = simulate(&call);
    let answers = assigned(&simulation, Some(result.is_ok()), None);
    use Outcome::*;
    let outcomes: Vec<_> = answers.iter().map(|(_, outcome, _)| *outcome).collect();
    // proxied call A lies before the hidden events: whether it ran cannot be told; B lies after them
    assert_eq!(outcomes, [Success, Unknown, Unknown, Success, Success, Failed, Failed]);
}
