//! Whole epochs on recorded chains: accrual, epoch and distribution, against what the chain stored.
//!
//! Subnets whose weights are committed first are left out here: their epochs need the block's reveals too.

use yumascan_protocol::{
    emission::distribute,
    epoch::{
        AccountKey, EpochInputs, Era, MechanismInputs, Neuron, Parameters, ParentStake, Payout, StakeInputs,
        StoredRow, Workspace, run,
    },
};

use crate::{
    recorded_coinbase::is_due,
    recorded_distribution::{changed_further, hotkey_state, inputs},
    recording::{self, Hasher, Recording, Scale, State, flag, uint, uint_or},
};

/// Mechanisms of a subnet have storage indices this far apart.
const MECHANISM_STRIDE: u16 = 4_096;

fn by_uid<'s>(state: &'s State, item: &str, index: u16, uid: u16) -> Option<&'s [u8]> {
    let key: [(Hasher, &[u8]); 2] =
        [(Hasher::Identity, &index.to_le_bytes()), (Hasher::Identity, &uid.to_le_bytes())];
    state.raw("SubtensorModule", item, &key)
}

fn by_netuid<'s>(state: &'s State, item: &str, hasher: Hasher, netuid: u16) -> Option<&'s [u8]> {
    state.raw("SubtensorModule", item, &[(hasher, &netuid.to_le_bytes())])
}

fn row(value: Option<&[u8]>) -> StoredRow {
    value.map_or(Vec::new(), |value| {
        let mut scale = Scale(value);
        let short = |scale: &mut Scale<'_>| u16::from_le_bytes(scale.take());
        (0..scale.compact()).map(|_| (short(&mut scale), short(&mut scale))).collect()
    })
}

fn parameters(state: &State, netuid: u16) -> Parameters {
    let of = |item, default| uint_or(state.of(item, netuid), default) as u16;
    let flag_of = |item| flag(by_netuid(state, item, Hasher::Blake2Concat, netuid), false);
    let (alpha_low, alpha_high) = state.of("AlphaValues", netuid).map_or((45_875, 58_982), |value| {
        let mut scale = Scale(value);
        (u16::from_le_bytes(scale.take()), u16::from_le_bytes(scale.take()))
    });
    Parameters {
        tempo: of("Tempo", 360),
        kappa: of("Kappa", 32_767),
        bonds_penalty: of("BondsPenalty", 65_535),
        bonds_moving_average: uint_or(state.of("BondsMovingAverage", netuid), 900_000),
        yuma3_on: flag_of("Yuma3On"),
        liquid_alpha_on: flag_of("LiquidAlphaOn"),
        alpha_low,
        alpha_high,
        alpha_sigmoid_steepness: i32::from(of("AlphaSigmoidSteepness", 1_000) as i16),
        activity_cutoff: u64::from(of("ActivityCutoff", 5_000)),
        max_allowed_validators: of("MaxAllowedValidators", 128),
        stake_threshold: uint(state.single("StakeThreshold")),
        tao_weight: uint_or(state.single("TaoWeight"), 971_718_665_099_567_868),
        max_stake: None,
    }
}

fn neuron(state: &State, netuid: u16, uid: u16, permits: &[u8]) -> Neuron {
    let key = by_uid(state, "Keys", netuid, uid).map(|value| Scale(value).account());
    let stake = |hotkey: AccountKey| hotkey_state(state, hotkey, netuid);
    let stake = key.map_or(StakeInputs::default(), |hotkey| {
        let of_hotkey = stake(hotkey);
        let parents = of_hotkey.parents.iter().map(|parent| {
            let of_parent = stake(parent.hotkey);
            ParentStake { proportion: parent.proportion, alpha: of_parent.alpha_rao, tao: of_parent.root_rao }
        });
        let parents = parents.collect();
        StakeInputs {
            alpha: of_hotkey.alpha_rao,
            tao: of_hotkey.root_rao,
            children: of_hotkey.children,
            parents,
        }
    });
    Neuron {
        key,
        block_at_registration: uint(by_uid(state, "BlockAtRegistration", netuid, uid)),
        permit: permits.get(usize::from(uid)) == Some(&1),
        stake,
    }
}

fn epoch_inputs(state: &State, era: Era, block: u64, netuid: u16, rao: u64) -> EpochInputs {
    let neurons = uint(state.of("SubnetworkN", netuid)) as u16;
    let permits = state.of("ValidatorPermit", netuid).map_or(Vec::new(), |value| {
        let mut scale = Scale(value);
        let _ = scale.compact();
        scale.0.to_vec()
    });
    let neurons: Vec<Neuron> = (0..neurons).map(|uid| neuron(state, netuid, uid, &permits)).collect();
    let owner = state.of("SubnetOwnerHotkey", netuid).map(|value| Scale(value).account());
    let owner_uid = neurons.iter().position(|neuron| owner.is_some() && neuron.key == owner);
    let count = uint_or(by_netuid(state, "MechanismCountCurrent", Hasher::Twox64Concat, netuid), 1) as u16;
    let mechanisms = (0..count).map(|mechid| {
        let index = mechid * MECHANISM_STRIDE + netuid;
        let rows = |item| (0..neurons.len()).map(|uid| row(by_uid(state, item, index, uid as u16))).collect();
        let last_update = state.of("LastUpdate", index).map_or(Vec::new(), |value| {
            let mut scale = Scale(value);
            (0..scale.compact()).map(|_| scale.u64()).collect()
        });
        MechanismInputs { last_update, weights: rows("Weights"), bonds: rows("Bonds"), commit_blocks: None }
    });
    let split = by_netuid(state, "MechanismEmissionSplit", Hasher::Twox64Concat, netuid).map(|value| {
        let mut scale = Scale(value);
        (0..scale.compact()).map(|_| u16::from_le_bytes(scale.take())).collect()
    });
    EpochInputs {
        era,
        netuid,
        block,
        rao,
        parameters: parameters(state, netuid),
        owner_uid: owner_uid.map(|uid| uid as u16),
        last_step_block: 0,
        mechanism_split: split,
        mechanisms: mechanisms.collect(),
        neurons,
    }
}

/// What became of the due epochs of a recording.
#[derive(Debug, Default)]
struct Tally {
    epochs: usize,
    left_out: usize,
    paid: usize,
    changed_further: usize,
}

#[test]
fn every_recorded_epoch_pays_what_the_chain_paid() {
    for mut recording in recording::all() {
        let mut tally = Tally::default();
        let mut workspace = Workspace::default();
        while let Some(block) = recording.step() {
            if !recording.is_chosen(block) {
                continue;
            }
            for netuid in recording.before.netuids() {
                if is_due(&recording.before, netuid, block) {
                    check_epoch(&recording, block, netuid, &mut workspace, &mut tally);
                }
            }
        }
        println!("{}: {tally:?}", recording.directory.display());
        assert!(tally.epochs > 30 && tally.changed_further * 10 < tally.paid, "{tally:?}");
    }
}

fn check_epoch(recording: &Recording, block: u64, netuid: u16, workspace: &mut Workspace, tally: &mut Tally) {
    let (before, after) = (&recording.before, &recording.after);
    let dissolved = before.of("NetworkRegisteredAt", netuid) != after.of("NetworkRegisteredAt", netuid);
    if dissolved || flag(before.of("CommitRevealWeightsEnabled", netuid), true) {
        tally.left_out += 1;
        return;
    }
    let rules = Era::of_spec(recording.spec_version(block)).unwrap();
    let mut distribution = inputs(recording, block, netuid, Vec::new());
    let rao = distribution.pendings.epoch_rao();
    let outputs = run(&epoch_inputs(before, rules, block, netuid, rao), workspace).unwrap();
    let payouts: Vec<Payout> = outputs.payouts;
    distribution = inputs(recording, block, netuid, payouts);
    let outputs = distribute(&distribution).unwrap();
    tally.epochs += 1;
    tally.paid += outputs.hotkey_alpha.len();
    tally.changed_further += changed_further(recording, (block, netuid), &outputs);
}
