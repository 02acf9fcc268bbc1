//! Epochs as a runtime of spec 377 computed them, to the last bit of every intermediate.
//!
//! `demo/epochs.jsonl.zst` holds a choice of them. `YUMASCAN_VECTORS=<path>` names a longer file of the same form.

use std::{collections::BTreeMap, fs::File, io::BufRead, path::Path};

use serde_json::Value;
use yumascan_protocol::{
    epoch::{
        AccountKey, EpochInputs, Era, MechanismInputs, Neuron, Parameters, StakeInputs, StoredRow, Workspace,
        compare::{StoredEpoch, StoredMechanism, compare},
        run_with_steps,
    },
    fixed::{I32F32, I64F64},
};

/// `TaoWeight` of the recorded chain: its default.
const TAO_WEIGHT: u64 = 971_718_665_099_567_868;

/// The records of one epoch: its mechanisms and what was stored after.
#[derive(Default)]
struct Recorded {
    mechanisms: Vec<Value>,
    after: Option<Value>,
}

fn read(path: &Path) -> BTreeMap<(u64, u64), Recorded> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = std::io::BufReader::new(zstd::Decoder::new(file).unwrap()).lines();
    let mut epochs: BTreeMap<(u64, u64), Recorded> = BTreeMap::new();
    for line in lines {
        let record: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let epoch = epochs.entry((number(&record["block"]), number(&record["netuid"]))).or_default();
        match record["kind"].as_str().unwrap() {
            "epoch_mechanism" => epoch.mechanisms.push(record),
            "epoch_after" => epoch.after = Some(record),
            _ => {}
        }
    }
    epochs
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("a number, not {value}"))
}

fn numbers<T: TryFrom<u64, Error: std::fmt::Debug>>(value: &Value) -> Vec<T> {
    value.as_array().unwrap().iter().map(|value| T::try_from(number(value)).unwrap()).collect()
}

fn flags(value: &Value) -> Vec<bool> {
    numbers::<u64>(value).into_iter().map(|flag| flag == 1).collect()
}

fn small<T: TryFrom<u64, Error: std::fmt::Debug>>(value: &Value) -> T {
    T::try_from(number(value)).unwrap()
}

/// Rows by uid of a sparse record.
fn rows<T: serde::de::DeserializeOwned + Clone>(value: &Value, neurons: usize) -> Vec<Vec<(u16, T)>> {
    let mut rows = vec![Vec::new(); neurons];
    let sparse: Vec<(usize, Vec<(u16, T)>)> = serde_json::from_value(value.clone()).unwrap();
    for (uid, row) in sparse {
        rows[uid] = row;
    }
    rows
}

fn whole(value: &Value) -> Vec<u64> {
    let values: Vec<I64F64> = serde_json::from_value(value.clone()).unwrap();
    values.into_iter().map(I64F64::to_u64).collect()
}

fn inputs(mechanisms: &[Value]) -> EpochInputs {
    let record = &mechanisms[0];
    let neurons: usize = small(&record["n"]);
    let keys: Vec<AccountKey> = serde_json::from_value(record["keys"].clone()).unwrap();
    let registered: Vec<u64> = numbers(&record["block_at_registration"]);
    let permits = flags(&record["permits_before"]);
    let (alpha, tao) = (whole(&record["alpha_stake_i64f64"]), whole(&record["tao_stake_i64f64"]));
    let neuron = |uid: usize| Neuron {
        key: Some(keys[uid]),
        block_at_registration: registered[uid],
        permit: permits[uid],
        // the record has stake after inheritance
        stake: StakeInputs { alpha: alpha[uid], tao: tao[uid], ..StakeInputs::default() },
    };
    let mechanism = |record: &Value| MechanismInputs {
        last_update: numbers(&record["last_update"]),
        weights: rows(&record["weights_u16"], neurons),
        bonds: rows(&record["bonds_before_u16"], neurons),
        commit_blocks: (!record["commit_blocks"].is_null()).then(|| numbers(&record["commit_blocks"])),
    };
    EpochInputs {
        era: Era::of_spec(377).unwrap(),
        netuid: small(&record["netuid"]),
        block: number(&record["block"]),
        rao: mechanisms.iter().map(|record| number(&record["rao_emission"])).sum(),
        parameters: Parameters {
            tempo: small(&record["tempo"]),
            kappa: small(&record["kappa"]),
            bonds_penalty: small(&record["bonds_penalty"]),
            bonds_moving_average: number(&record["bonds_moving_avg"]),
            yuma3_on: record["yuma3_on"].as_bool().unwrap(),
            liquid_alpha_on: record["liquid_alpha_on"].as_bool().unwrap(),
            alpha_low: small(&record["alpha_low"]),
            alpha_high: small(&record["alpha_high"]),
            alpha_sigmoid_steepness: i32::try_from(record["alpha_sigmoid_steepness"].as_i64().unwrap())
                .unwrap(),
            activity_cutoff: number(&record["activity_cutoff"]),
            max_allowed_validators: small(&record["max_allowed_validators"]),
            stake_threshold: number(&record["min_stake_threshold"]),
            tao_weight: TAO_WEIGHT,
            max_stake: None,
        },
        owner_uid: (!record["owner_uid"].is_null()).then(|| small(&record["owner_uid"])),
        last_step_block: 0,
        neurons: (0..neurons).map(neuron).collect(),
        mechanism_split: None,
        mechanisms: mechanisms.iter().map(mechanism).collect(),
    }
}

fn stored(after: &Value, mechanisms: &[Value], neurons: usize) -> StoredEpoch {
    let mechanism = |(after, record): (&Value, &Value)| StoredMechanism {
        incentive: Some(numbers(&after["incentive"])),
        bonds: Some(rows(&after["bonds_u16"], neurons)),
        server_emission: Some(numbers(&record["server_emission"])),
    };
    let of_mechanisms = after["mechanisms"].as_array().unwrap().iter().zip(mechanisms);
    StoredEpoch {
        mechanisms: of_mechanisms.map(mechanism).collect(),
        active: Some(flags(&after["active"])),
        emission: Some(numbers(&after["emission"])),
        consensus: Some(numbers(&after["consensus"])),
        dividends: Some(numbers(&after["dividends"])),
        validator_trust: Some(numbers(&after["validator_trust"])),
        validator_permit: Some(flags(&after["validator_permit"])),
        stake_weight: Some(numbers(&after["stake_weight"])),
        rank: None,
        trust: None,
        pruning_scores: None,
    }
}

/// Replays all epochs of a file with one workspace; the number of mechanism epochs that were equal.
fn replay(path: &Path) -> usize {
    let mut workspace = Workspace::default();
    let mut equal = 0;
    for ((block, netuid), recorded) in read(path) {
        let inputs = inputs(&recorded.mechanisms);
        let (outputs, steps) = run_with_steps(&inputs, &mut workspace).unwrap();
        let after = stored(&recorded.after.unwrap(), &recorded.mechanisms, inputs.neurons.len());
        let differences = compare(&outputs, &after);
        assert!(differences.is_empty(), "block {block}, subnet {netuid}: {differences:?}");
        for ((record, steps), outputs) in recorded.mechanisms.iter().zip(&steps).zip(&outputs.mechanisms) {
            let at = format!("block {block}, subnet {netuid}, mechanism {}", record["mechid"]);
            let vector = |name: &str, got: &[I32F32]| {
                let expected: Vec<I32F32> = serde_json::from_value(record[name].clone()).unwrap();
                assert_eq!(got, expected, "{at}: {name}");
            };
            let matrix = |name: &str, got: &[Vec<(u16, I32F32)>]| {
                assert_eq!(got, rows::<I32F32>(&record[name], inputs.neurons.len()), "{at}: {name}");
            };
            let totals: Vec<I64F64> = serde_json::from_value(record["total_stake_i64f64"].clone()).unwrap();
            let weighed: Vec<I64F64> = steps.stake_weight.iter().map(|stake| stake.total).collect();
            assert_eq!(weighed, totals, "{at}: total_stake_i64f64");
            assert_eq!(steps.active, flags(&record["active"]), "{at}: active");
            assert_eq!(outputs.rao, number(&record["rao_emission"]), "{at}: rao_emission");
            vector("stake_i32f32", &steps.stake);
            vector("active_stake_i32f32", &steps.active_stake);
            matrix("weights_masked_norm_i32f32", &steps.weights);
            vector("consensus_i32f32", &steps.consensus);
            matrix("clipped_weights_i32f32", &steps.clipped_weights);
            vector("validator_trust_i32f32", &steps.validator_trust);
            vector("incentive_i32f32", &steps.incentive);
            matrix("weights_for_bonds_i32f32", &steps.weights_for_bonds);
            matrix("ema_bonds_i32f32", &steps.scaled_bonds);
            vector("dividends_i32f32", &steps.dividends);
            assert_eq!(steps.emission, numbers::<u64>(&record["emission"]), "{at}: emission");
            assert_eq!(outputs.server_emission, numbers::<u64>(&record["server_emission"]), "{at}");
            assert_eq!(outputs.validator_emission, numbers::<u64>(&record["validator_emission"]), "{at}");
            equal += 1;
        }
    }
    equal
}

#[test]
fn recorded_epochs_are_equal_in_every_bit() {
    let path = std::env::var_os("YUMASCAN_VECTORS")
        .map_or_else(|| Path::new("../demo/epochs.jsonl.zst").to_owned(), std::path::PathBuf::from);
    let equal = replay(&path);
    assert!(equal >= 30, "only {equal} epochs in {}", path.display());
    eprintln!("{equal} mechanism epochs equal in every intermediate and output");
}

#[test]
fn rows_are_read_by_uid() {
    let sparse = serde_json::json!([[1, [[0, 5]]], [2, []]]);
    let expected: Vec<StoredRow> = vec![vec![], vec![(0, 5)], vec![]];
    assert_eq!(rows::<u16>(&sparse, 3), expected);
}
