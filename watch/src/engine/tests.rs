//! A detector that fails is one's own trouble.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::detect::{Detector, holder};

/// Fails at every tenth block, else counts blocks and reports every third.
struct Flawed;

impl Detector for Flawed {
    type State = u64;
    const NAME: &'static str = "flawed";
    const LANE: Lane = Lane::Log;
    const KINDS: &'static [Kind] = &[Kind::LargeTransfer];

    fn thresholds(_config: &WatchConfig) -> Value {
        json!({})
    }

    fn observe(_config: &WatchConfig, state: &mut u64, block: &Block<'_>, out: &mut Out) {
        *state += 1;
        out.fire(Finding::point(
            Kind::LargeTransfer,
            Scope::Account(state.to_string()),
            Severity::S4,
            "made up",
        ));
        assert!(block.number != 10, "made to fail");
    }
}

/// Says that it is blind.
struct Blind;

impl Detector for Blind {
    type State = ();
    const NAME: &'static str = "blind";
    const LANE: Lane = Lane::Log;
    const KINDS: &'static [Kind] = &[Kind::Halving];

    fn thresholds(_config: &WatchConfig) -> Value {
        json!({})
    }

    fn observe(_config: &WatchConfig, (): &mut (), _block: &Block<'_>, out: &mut Out) {
        out.blind(Kind::Halving, None, "nothing to see");
    }
}

fn block(number: u64) -> BlockInput {
    let mut input = BlockInput::default();
    input.block.number = number;
    input
}

#[test]
fn a_detector_that_panics_is_reported_and_reset_and_the_others_go_on() {
    let watchers = vec![holder::<Flawed>(), holder::<Blind>()];
    let mut engine = Engine::with(Arc::new(WatchConfig::default()), Lane::Log, watchers);
    let mut all = Changes::default();
    for number in 1..=12 {
        all.extend(engine.observe(&block(number)));
    }
    let failure: Vec<_> = all.incidents.iter().filter(|found| found.kind == Kind::DetectorFailure).collect();
    assert_eq!(failure.len(), 1);
    assert_eq!(failure[0].first_block, 10);
    assert!(failure[0].evidence["message"].as_str().unwrap().contains("made to fail"));
    // what it said before it failed does not count, and its memory began anew
    let scopes: Vec<_> = all
        .incidents
        .iter()
        .filter(|found| found.last_block > 10)
        .map(|found| found.scope.to_string())
        .collect();
    assert_eq!(scopes, ["account:1", "account:2"]);
    let blind: Vec<_> = engine.not_evaluable().collect();
    assert_eq!((blind.len(), blind[0].blocks, blind[0].reason.as_str()), (1, 12, "nothing to see"));
}
