//! Epochs a second on one core: `cargo xtask bench epoch`.
//!
//! Every validator weighs every miner and holds bonds of all of them: the fullest matrix of its size. Inputs are
//! generated from a fixed seed; the bonds are those of the epoch before. Each epoch is timed alone: a disturbed machine
//! shows in the distance between median and best.

use std::time::{Duration, Instant};

use yumascan_protocol::epoch::{
    AccountKey, EpochError, EpochInputs, Era, MechanismInputs, Neuron, Parameters, StakeInputs, Workspace,
    run,
};

/// How long epochs of one kind are run, and how many at least.
const LASTS: Duration = Duration::from_millis(300);
const FEWEST: usize = 11;

fn main() -> Result<(), EpochError> {
    // one era is enough to look at a change: its first spec as argument
    let only: Option<u32> = std::env::args().nth(1).and_then(|spec| spec.parse().ok());
    println!("epochs on one core; epochs/s from the median of single epochs");
    println!(
        "{:<18} {:<14} {:>8} {:>11} {:>10} {:>10} {:>11} {:>10} {:>8}",
        "era", "bonds", "neurons", "validators", "median µs", "best µs", "epochs/s", "kB held", "grown"
    );
    for era in Era::all().filter(|era| only.is_none_or(|spec| era.first_spec() == spec)) {
        for neurons in [64, 256, 1024] {
            for validators in [16, 64] {
                for bonds in [Bonds::Classic, Bonds::Liquid, Bonds::Yuma3, Bonds::Yuma3Liquid] {
                    if bonds.exist_in(era) {
                        measure(era, bonds, neurons, validators)?;
                    }
                }
            }
        }
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bonds {
    Classic,
    Liquid,
    Yuma3,
    Yuma3Liquid,
}

impl Bonds {
    fn name(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Liquid => "classic liquid",
            Self::Yuma3 => "Yuma3",
            Self::Yuma3Liquid => "Yuma3 liquid",
        }
    }

    fn exist_in(self, era: Era) -> bool {
        match self {
            Self::Classic => true,
            Self::Liquid => !era.rules().yuma3,
            Self::Yuma3 | Self::Yuma3Liquid => era.rules().yuma3,
        }
    }
}

fn measure(era: Era, bonds: Bonds, neurons: usize, validators: usize) -> Result<(), EpochError> {
    let mut inputs = generate(era, bonds, neurons, validators);
    let mut workspace = Workspace::default();
    // a few epochs, so that bonds are those of a running subnet
    for _ in 0..3 {
        let outputs = run(&inputs, &mut workspace)?;
        inputs.block += 361;
        for (mechanism, outputs) in inputs.mechanisms.iter_mut().zip(outputs.mechanisms) {
            mechanism.bonds = outputs.bonds;
            mechanism.last_update.fill(inputs.block - 1);
        }
    }
    let held = workspace.bytes();
    let mut times = Vec::new();
    let start = Instant::now();
    while start.elapsed() < LASTS || times.len() < FEWEST {
        let epoch = Instant::now();
        std::hint::black_box(run(std::hint::black_box(&inputs), &mut workspace)?);
        times.push(epoch.elapsed());
    }
    times.sort_unstable();
    let microseconds = |time: Duration| time.as_secs_f64() * 1e6;
    let median = microseconds(times[times.len() / 2]);
    println!(
        "{:<18} {:<14} {neurons:>8} {validators:>11} {median:>10.1} {:>10.1} {:>11.0} {:>10} {:>8}",
        era.to_string(),
        bonds.name(),
        microseconds(times[0]),
        1e6 / median,
        held / 1000,
        workspace.bytes() - held
    );
    Ok(())
}

fn generate(era: Era, bonds: Bonds, neurons: usize, validators: usize) -> EpochInputs {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let neuron = |uid: usize, stake: u64| {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&(uid as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes());
        Neuron {
            key: Some(AccountKey(key)),
            block_at_registration: 10,
            permit: uid < validators,
            stake: StakeInputs { alpha: stake, tao: stake / 3, ..StakeInputs::default() },
        }
    };
    // miners are good or bad and validators see that alike, within a tenth: most weights are near the consensus
    let quality: Vec<u64> = (0..neurons).map(|_| 1000 + random() % 50_000).collect();
    let mut weights = vec![Vec::new(); neurons];
    // where all are validators they weigh each other
    let first_miner = if validators < neurons { validators } else { 0 };
    for row in weights.iter_mut().take(validators) {
        for (uid, quality) in quality.iter().enumerate().skip(first_miner) {
            row.push((uid as u16, (quality + random() % (quality / 10)).min(65535) as u16));
        }
    }
    EpochInputs {
        era,
        netuid: 7,
        block: 1000,
        rao: 361_000_000_000,
        parameters: Parameters {
            tempo: 360,
            kappa: 32767,
            bonds_penalty: 65535,
            bonds_moving_average: 900_000,
            yuma3_on: matches!(bonds, Bonds::Yuma3 | Bonds::Yuma3Liquid),
            liquid_alpha_on: matches!(bonds, Bonds::Liquid | Bonds::Yuma3Liquid),
            alpha_low: 45875,
            alpha_high: 58982,
            alpha_sigmoid_steepness: if era == Era::Yuma273 { 10 } else { 1000 },
            activity_cutoff: 5000,
            max_allowed_validators: validators as u16,
            stake_threshold: 1000,
            tao_weight: 3_320_413_933_267_719_290,
            max_stake: None,
        },
        owner_uid: Some(0),
        last_step_block: 0,
        neurons: (0..neurons)
            .map(|uid| {
                neuron(uid, if uid < validators { 1_000_000_000_000 + random() % (1 << 45) } else { 0 })
            })
            .collect(),
        mechanism_split: None,
        mechanisms: vec![MechanismInputs {
            last_update: vec![999; neurons],
            weights,
            bonds: vec![Vec::new(); neurons],
            commit_blocks: None,
        }],
    }
}
