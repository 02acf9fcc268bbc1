//! The same rows give the same incidents, however they come.

use std::{collections::BTreeMap, sync::Arc};

use yumascan_watch::{BlockInput, Engine, Incident, Lane, WatchConfig, engine::Checkpoint, ledger::Changes};

use crate::world::{Builder, account, chain};

/// A chain with some of everything.
fn eventful() -> Vec<BlockInput> {
    chain(2_200, |block: &mut Builder| {
        let number = block.number();
        if (600..660).contains(&number) {
            for who in 0..3 {
                block.signed(&account(300 + who), &[("SubtensorModule", "add_stake"); 400], None);
            }
        }
        if (1_250..1_350).contains(&number) {
            for who in 0..2 {
                block.signed(
                    &account((2 * number + who) % 30),
                    &[("SubtensorModule", "add_stake")],
                    Some("Token.FundsUnavailable"),
                );
            }
        }
        match number {
            1_100 => block.event("SafeMode", "Entered", "{\"until\":1200}".into(), None),
            1_400 => block.undecodable(),
            1_500 => block.transfer(&account(1), &account(2), 9_000_000_000_000),
            1_560 => block.transfer(&account(1), &account(2), 9_000_000_000_000),
            _ => {}
        }
    })
}

fn engine() -> Engine {
    Engine::new(Arc::new(WatchConfig::default()), Lane::Log, None)
}

/// Incidents as they are stored in the end, by id.
fn stored(steps: impl IntoIterator<Item = Changes>) -> (BTreeMap<String, Incident>, usize) {
    let (mut incidents, mut events) = (BTreeMap::new(), 0);
    for step in steps {
        incidents.extend(step.incidents.into_iter().map(|incident| (incident.id.clone(), incident)));
        events += step.events.len();
    }
    (incidents, events)
}

#[test]
fn a_restart_after_any_block_neither_repeats_nor_misses() {
    let blocks = eventful();
    let mut straight = engine();
    let wanted = stored(blocks.iter().map(|block| straight.observe(block)));
    assert!(
        wanted.0.len() >= 5,
        "{:?}",
        wanted.0.values().map(|incident| &incident.title).collect::<Vec<_>>()
    );

    let mut interrupted = engine();
    let mut steps = Vec::new();
    for (place, block) in blocks.iter().enumerate() {
        if place % 37 == 5 {
            let text = serde_json::to_string(&interrupted.checkpoint()).unwrap();
            let checkpoint: Checkpoint = serde_json::from_str(&text).unwrap();
            interrupted = engine();
            assert!(interrupted.restore(checkpoint));
        }
        steps.push(interrupted.observe(block));
    }
    assert_eq!(stored(steps), wanted);
}

#[test]
fn blocks_seen_before_are_passed_over() {
    let blocks = eventful();
    let mut engine = engine();
    for block in &blocks {
        engine.observe(block);
    }
    assert!(blocks.iter().all(|block| engine.observe(block).is_empty()));
}

#[test]
fn a_memory_of_other_thresholds_is_not_taken() {
    let mut first = engine();
    for block in eventful().iter().take(50) {
        first.observe(block);
    }
    let mut config = WatchConfig::default();
    config.runaway.z = 9.0;
    let mut other = Engine::new(Arc::new(config), Lane::Log, None);
    assert!(!other.restore(first.checkpoint()));
    assert_eq!(other.last_block(), None);
}

#[test]
fn two_transfers_within_the_merging_distance_are_one_incident() {
    let mut engine = engine();
    let (found, _) = stored(eventful().iter().map(|block| engine.observe(block)));
    let transfer = found.values().find(|incident| incident.kind.name() == "large_transfer").unwrap();
    assert_eq!((transfer.first_block, transfer.last_block, transfer.events), (1_500, 1_560, 2));
}
