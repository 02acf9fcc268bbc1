//! Epochs a second on one core: `cargo xtask bench epoch`.
//!
//! Every validator weighs every miner and holds bonds of all of them: the fullest matrix of its size. Inputs are
//! generated from a fixed seed; the bonds are those of the epoch before. Each epoch is timed alone: a disturbed machine
//! shows in the distance between median and best.
//!
//! Memory is measured twice: what the workspace holds by its own count, and what the system says the process has
//! resident, each after the first epochs and after the last one. All that the run itself needs is allocated before.

use std::time::{Duration, Instant};

use yumascan_protocol::epoch::{
    AccountKey, EpochError, EpochInputs, Era, MechanismInputs, Neuron, Parameters, StakeInputs, Workspace,
    run,
};

/// How long epochs of one kind are run, and how many at least.
const LASTS: Duration = Duration::from_millis(300);
const FEWEST: usize = 11;
/// How many at most: their times are kept.
const MOST: usize = 1 << 16;

fn main() -> Result<(), EpochError> {
    // one era is enough to look at a change: its first spec as argument
    let only: Option<u32> = std::env::args().nth(1).and_then(|spec| spec.parse().ok());
    println!("epochs on one core; epochs/s from the median of single epochs");
    println!(
        "{:<18} {:<14} {:>8} {:>11} {:>8} {:>10} {:>10} {:>11} {:>8} {:>6} {:>12} {:>9}",
        "era",
        "bonds",
        "neurons",
        "validators",
        "epochs",
        "median µs",
        "best µs",
        "epochs/s",
        "kB held",
        "grown",
        "kB resident",
        "grown"
    );
    // written to, so that the system has given it
    let mut times = vec![Duration::MAX; MOST];
    for era in Era::all().filter(|era| only.is_none_or(|spec| era.first_spec() == spec)) {
        for neurons in [64, 256, 1024] {
            for validators in [16, 64] {
                for bonds in [Bonds::Classic, Bonds::Liquid, Bonds::Yuma3, Bonds::Yuma3Liquid] {
                    if bonds.exist_in(era) {
                        measure(era, bonds, neurons, validators, &mut times)?;
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

fn measure(
    era: Era,
    bonds: Bonds,
    neurons: usize,
    validators: usize,
    times: &mut [Duration],
) -> Result<(), EpochError> {
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
    std::hint::black_box(run(&inputs, &mut workspace)?);
    let (held, resident) = (workspace.bytes(), resident_kb());
    let mut epochs = 0;
    let start = Instant::now();
    while epochs < times.len() && (start.elapsed() < LASTS || epochs < FEWEST) {
        let epoch = Instant::now();
        std::hint::black_box(run(std::hint::black_box(&inputs), &mut workspace)?);
        times[epochs] = epoch.elapsed();
        epochs += 1;
    }
    let resident_after = resident_kb();
    let times = &mut times[..epochs];
    times.sort_unstable();
    let or_dash = |kb: Option<i64>| kb.map_or_else(|| "-".to_owned(), |kb| kb.to_string());
    let resident_grown = resident.zip(resident_after).map(|(before, after)| after - before);
    let microseconds = |time: Duration| time.as_secs_f64() * 1e6;
    let median = microseconds(times[times.len() / 2]);
    println!(
        "{:<18} {:<14} {neurons:>8} {validators:>11} {epochs:>8} {median:>10.1} {:>10.1} {:>11.0} {:>8} {:>6} {:>12} {:>9}",
        era.to_string(),
        bonds.name(),
        microseconds(times[0]),
        1e6 / median,
        held / 1000,
        workspace.bytes() - held,
        or_dash(resident_after),
        or_dash(resident_grown),
    );
    Ok(())
}

/// Memory that the process has resident, kB, where the system tells.
fn resident_kb() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
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
