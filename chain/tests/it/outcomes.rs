//! Origins and outcomes of recorded call trees, held against the events themselves.

use yumascan_chain::{CallView, DecodedBlock, EventView, Outcome, RawBlock};

use crate::fixtures;

fn decoded() -> impl Iterator<Item = (RawBlock, DecodedBlock)> {
    let (before, after) = (fixtures::runtime(377), fixtures::runtime(402));
    fixtures::blocks().into_iter().map(move |block| {
        let runtime = if block.spec_version.0 == 402 { &after } else { &before };
        let decoded = runtime.decode_block(&block);
        assert_eq!(decoded.quarantined, []);
        (block, decoded)
    })
}

fn in_extrinsic<'a>(block: &'a DecodedBlock, index: u32) -> (Vec<CallView<'a>>, Vec<EventView<'a>>) {
    (
        block.calls().filter(|call| call.extrinsic_index == index).collect(),
        block.events().filter(|event| event.extrinsic_index() == Some(index)).collect(),
    )
}

#[test]
fn no_recorded_call_is_left_without_an_outcome() {
    let mut nested = 0;
    for (raw, block) in decoded() {
        for call in block.calls() {
            assert_ne!(call.outcome, Outcome::Unknown, "block {} call {}", raw.header.number, call.path);
            nested += usize::from(call.depth > 0);
        }
    }
    assert!(nested > 1_000, "{nested}");
}

#[test]
fn as_many_items_succeeded_and_failed_as_their_marks_say() {
    let mut marks = 0;
    for (raw, block) in decoded() {
        for extrinsic in block.extrinsics().filter(|extrinsic| extrinsic.success == Some(true)) {
            let (calls, events) = in_extrinsic(&block, extrinsic.index);
            let marked = |variants: &[&str]| {
                events
                    .iter()
                    .filter(|event| event.pallet == "Utility" && variants.contains(&event.variant))
                    .count()
            };
            let items = |outcome| {
                let is_item = |call: &&CallView<'_>| {
                    let parent = call.parent_index.and_then(|parent| calls.get(parent as usize));
                    parent.is_some_and(|parent| {
                        parent.outcome == Outcome::Success
                            && parent.pallet == "Utility"
                            && matches!(parent.call, "batch" | "batch_all" | "force_batch")
                    })
                };
                calls.iter().filter(is_item).filter(|call| call.outcome == outcome).count()
            };
            let place = format!("block {} extrinsic {}", raw.header.number, extrinsic.index);
            assert_eq!(items(Outcome::Success), marked(&["ItemCompleted"]), "{place}");
            assert_eq!(items(Outcome::Failed), marked(&["ItemFailed", "BatchInterrupted"]), "{place}");
            marks += items(Outcome::Success) + items(Outcome::Failed);
        }
    }
    assert!(marks > 1_000, "{marks}");
}

#[test]
fn the_outer_call_has_the_extrinsics_own_outcome_and_its_signer_as_origin() {
    for (_, block) in decoded() {
        for extrinsic in block.extrinsics() {
            let (calls, _) = in_extrinsic(&block, extrinsic.index);
            assert_eq!(calls[0].outcome.success(), extrinsic.success);
            assert_eq!(calls[0].error, extrinsic.error);
            assert_eq!(calls[0].origin, extrinsic.signer.unwrap_or("None"));
        }
    }
}
