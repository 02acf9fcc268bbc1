//! Thresholds: section `[watch]` of the configuration. docs/incidents.md is generated from the same text.

use serde::{Deserialize, Serialize};

/// A setting for the documentation: name, default, meaning.
pub type Setting = (&'static str, &'static str, &'static str);

macro_rules! thresholds {
    ($( $(#[doc = $about:literal])+ $name:ident $key:ident {
        $( $(#[doc = $doc:literal])+ $field:ident : $type:ty = $default:expr ),* $(,)?
    } )*) => {
        $(
            $(#[doc = $about])+
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
            #[serde(default, deny_unknown_fields)]
            pub struct $name { $( $(#[doc = $doc])+ pub $field: $type ),* }

            impl Default for $name {
                fn default() -> Self {
                    Self { $( $field: $default ),* }
                }
            }
        )*

        /// Everything that can be set.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct WatchConfig {
            /// Whether `up` and `ingest` watch for incidents while they follow the head.
            pub enabled: bool,
            /// Blocks between two checkpoints of the detectors' memory.
            pub checkpoint_blocks: u64,
            /// Blocks that a replay of a part of history reads before it, so that baselines are those of a run over all.
            pub warm_up_blocks: u64,
            $( $(#[doc = $about])+ pub $key: $name, )*
        }

        impl Default for WatchConfig {
            fn default() -> Self {
                Self {
                    enabled: true,
                    checkpoint_blocks: 100,
                    warm_up_blocks: 14_400,
                    $( $key: $name::default(), )*
                }
            }
        }

        /// All sections: name, what they are for, their settings.
        pub const SECTIONS: &[(&str, &str, &[Setting])] = &[ $( (
            stringify!($key),
            concat!($($about),+),
            &[ $( (stringify!($field), stringify!($default), concat!($($doc),+)) ),* ],
        ), )* ];
    };
}

thresholds! {
    /// Runaway batches and nested calls.
    Runaway runaway {
        /// Levels of a call tree from which it is noteworthy.
        depth_notice: u32 = 4,
        /// Levels from which it is serious.
        depth_serious: u32 = 6,
        /// Leaf calls of one extrinsic from which it is noteworthy.
        leaves_notice: u32 = 200,
        /// Leaf calls of one extrinsic from which it is serious.
        leaves_serious: u32 = 1000,
        /// Fill of a block (0 to 1) from which it counts as full.
        fill_serious: f64 = 0.8,
        /// Fill from which it counts as critical.
        fill_critical: f64 = 0.95,
        /// How many of the busiest signers are looked at together.
        few_signers: usize = 5,
        /// Share of leaves that those must make.
        few_signers_share: f64 = 0.5,
        /// Robust z from which leaves or fees of a block stand out.
        z: f64 = 8.0,
        /// Share of leaves of the few signers for a block that stands out.
        z_signers_share: f64 = 0.6,
        /// Least leaf calls of a block that stands out.
        least_leaves: u32 = 100,
        /// Repetitions of one batch shape by one signer within 100 blocks.
        repeats: u32 = 50,
        /// Least leaves of a batch whose shape is counted.
        repeat_leaves: u32 = 10,
        /// Blocks of the baseline.
        baseline_blocks: usize = 3600,
        /// Blocks before which the baseline is not trusted.
        warm_up: usize = 100,
        /// Computation that normal calls of a block may use, picoseconds.
        normal_ref_time: u64 = 3_000_000_000_000,
        /// Encoded bytes that normal extrinsics of a block may use.
        normal_length: u64 = 3_932_160,
    }
    /// Time between blocks, authors.
    Time time {
        /// Seconds between two blocks above which it is noteworthy.
        gap_notice_s: u64 = 36,
        /// Seconds above which it is serious.
        gap_serious_s: u64 = 120,
        /// Seconds above which it is critical.
        gap_critical_s: u64 = 600,
        /// Mean seconds of 100 blocks above which they are slow.
        mean_notice_s: f64 = 14.0,
        /// Mean seconds of 100 blocks above which it is serious.
        mean_serious_s: f64 = 18.0,
        /// Slots in which an author is judged.
        author_slots: u64 = 300,
        /// Turns an author must have missed at least.
        author_misses: u32 = 3,
        /// Share of its turns that an author must have missed.
        author_share: f64 = 0.5,
        /// Blocks in a row without a signed extrinsic.
        empty_blocks: u64 = 20,
        /// Signed extrinsics a block that are usual where such a row counts.
        usual_signed: f64 = 3.0,
        /// Seconds without a pulse of the random beacon.
        drand_seconds: u64 = 600,
    }
    /// Money that leaves accounts.
    Drain drain {
        /// Blocks in which victims are gathered.
        window_blocks: u64 = 300,
        /// Share of what an account had that must have left.
        emptied_share: f64 = 0.9,
        /// Victims from which it is serious, with `serious_tao`.
        serious_victims: usize = 5,
        /// TAO from which it is serious, with `serious_victims`.
        serious_tao: u64 = 500,
        /// Victims from which it is serious whatever the amount.
        many_victims: usize = 15,
        /// TAO of a single victim from which it is serious.
        single_victim_tao: u64 = 5_000,
        /// Victims from which it is critical, with `critical_tao`.
        critical_victims: usize = 20,
        /// TAO from which it is critical, with `critical_victims`.
        critical_tao: u64 = 5_000,
        /// Victims with less TAO do not count.
        dust_tao: u64 = 1,
        /// TAO from which an emptied account is reported by itself.
        emptied_tao: u64 = 1_000,
        /// Blocks after a subnet was dissolved in which sweeps do not count.
        dissolve_guard_blocks: u64 = 14_400,
    }
    /// Validators: copying, consensus, activity.
    Validators validators {
        /// Epochs that are looked at.
        epochs: usize = 24,
        /// Epochs of them in which copying must show.
        copy_epochs: usize = 12,
        /// Cosine with the previous consensus from which weights are a copy of it.
        copy_similarity: f64 = 0.995,
        /// By how much that must exceed the cosine with the present consensus.
        copy_gap: f64 = 0.003,
        /// Change against the previous consensus (L1) below which there is no own opinion.
        copy_innovation: f64 = 0.02,
        /// Median change of the others above which there is something to have an opinion on.
        others_innovation: f64 = 0.05,
        /// Equal rows to another validator's of the epoch before that mean copying.
        equal_rows: usize = 6,
        /// Share of stake from which copying is noteworthy.
        copy_stake: f64 = 0.05,
        /// Share of stake of all copiers of a subnet from which it is serious.
        copiers_stake: f64 = 0.25,
        /// Median cosine of two validators above which a subnet is unanimous.
        unanimous: f64 = 0.99,
        /// Trust (0 to 1) below which a validator is out of consensus.
        trust: f64 = 0.5,
        /// Epochs in a row below it.
        trust_epochs: u32 = 6,
        /// Share of stake from which a validator counts.
        least_stake: f64 = 0.01,
        /// Share of stake from which being out of consensus is serious.
        serious_stake: f64 = 0.1,
        /// Share of weight to neurons without consensus.
        zero_consensus: f64 = 0.5,
        /// Epochs for which a new permit is not judged.
        new_permit_epochs: u32 = 3,
        /// Share of active stake above which one validator sets the consensus.
        majority: f64 = 0.5,
        /// Share of the activity cutoff from which a validator is warned.
        stale_share: f64 = 0.7,
        /// Activity cutoff where no change of it was seen, blocks.
        activity_cutoff: u64 = 5_000,
        /// Share of permitted stake that is inactive from which it is serious.
        inactive_stake: f64 = 0.33,
        /// Changes between active and inactive that make a validator flaky.
        flaky_changes: u32 = 3,
        /// Commits of a day from which reveals are judged.
        least_commits: u64 = 10,
        /// Share of commits not revealed.
        unrevealed: f64 = 0.2,
        /// Blocks after which a commit should have been revealed.
        reveal_blocks: u64 = 1_100,
    }
    /// Pumped subnets.
    Pump pump {
        /// Share of the emission of all subnets from which it counts as high.
        emission_share: f64 = 0.01,
        /// Times the price of a window ago from which it counts as risen.
        price_rise: f64 = 1.5,
        /// Effective miners below which nobody works.
        effective_miners: f64 = 2.0,
        /// Share of incentive that the owner gets.
        owner_incentive: f64 = 0.95,
        /// Validators with new weights at most.
        validators: usize = 1,
        /// Share of purchases of the three largest buyers.
        top_buyers: f64 = 0.7,
        /// Share of purchases by the owner.
        owner_buys: f64 = 0.5,
        /// TAO of purchases from which they are judged.
        least_tao: u64 = 100,
        /// Blocks of the window of purchases and activity.
        window_blocks: u64 = 7_200,
        /// Blocks after the start of a subnet in which it is not judged.
        immunity_blocks: u64 = 720,
        /// Blocks after the start of a subnet in which it is S3 at most.
        young_blocks: u64 = 100_800,
    }
    /// Subnets: emission, epochs, stake, price, registration, deregistration.
    Subnets subnets {
        /// Blocks without emission.
        emission_blocks: u64 = 50,
        /// Share of all pools from which lost emission is serious.
        emission_pool_share: f64 = 0.01,
        /// Blocks beyond the tempo after which an epoch is overdue.
        overdue_blocks: u64 = 5,
        /// Share of a pool that leaves in an hour.
        exit_hour: f64 = 0.1,
        /// Share of a pool that leaves in a day.
        exit_day: f64 = 0.25,
        /// Share in an hour from which it is serious.
        exit_serious: f64 = 0.4,
        /// Share of root that leaves in an hour from which it is serious.
        exit_root: f64 = 0.02,
        /// Share of the outflow of one account that makes it a single exit.
        single_exit: f64 = 0.8,
        /// TAO of a pool below which it is not judged.
        least_pool_tao: u64 = 100,
        /// Logarithm of the price against an hour ago.
        price_hour: f64 = 0.2,
        /// Standard deviations of the hours of a week.
        price_sigmas: f64 = 6.0,
        /// Logarithm of the price against a day ago from which a fall is serious.
        price_day: f64 = 0.5,
        /// TAO of a pool below which it is thin: one level less.
        thin_pool_tao: u64 = 2_000,
        /// Blocks after the start of a subnet in which price and registrations are not judged.
        young_blocks: u64 = 21_600,
        /// Share of uids replaced within a tempo.
        replaced: f64 = 0.3,
        /// Times the price of registration of a day ago.
        burn_rise: f64 = 10.0,
        /// Share of a day's registrations by one coldkey.
        sybil_share: f64 = 0.2,
        /// Least registrations of one coldkey in a day.
        sybil_least: u64 = 20,
        /// How many of the lowest subnets are at risk.
        risk_rank: usize = 5,
        /// How near the lock cost must be to the last paid one (times).
        risk_cost: f64 = 1.1,
        /// Blocks for which a subnet cannot be pruned.
        network_immunity_blocks: u64 = 864_000,
    }
    /// Stake of the root network.
    Root root {
        /// Validators holding half from which it is noteworthy.
        nakamoto_notice: usize = 3,
        /// Validators holding half from which it is serious.
        nakamoto_serious: usize = 2,
        /// HHI from which it is noteworthy.
        hhi_notice: f64 = 0.18,
        /// HHI from which it is serious.
        hhi_serious: f64 = 0.25,
        /// Change of the largest share within a week.
        top_change: f64 = 0.05,
        /// Validators with root stake below which it is not judged.
        least_validators: usize = 10,
    }
    /// Parameters and keys.
    Changes changes {
        /// Blocks of a young subnet (or chain) in which changes are its set-up.
        setup_blocks: u64 = 600,
        /// Changes of weight within an hour from which they are serious.
        many: usize = 5,
        /// TAO moved through a new proxy from which it is a possible takeover.
        takeover_tao: u64 = 1_000,
        /// Blocks after which a proxy is not new.
        takeover_blocks: u64 = 100,
        /// Blocks in which a hotkey must have set weights to count as a validator.
        validator_blocks: u64 = 7_200,
    }
    /// Failures, fees, transfers.
    Extrinsics extrinsics {
        /// Share of failed extrinsics in 50 blocks.
        failed: f64 = 0.5,
        /// Signed extrinsics in 50 blocks from which the share counts.
        least_extrinsics: u64 = 100,
        /// Robust z of failures in 50 blocks.
        z: f64 = 8.0,
        /// Failures in 50 blocks from which they may stand out.
        least_failed: u64 = 30,
        /// Signers of them.
        signers: usize = 10,
        /// Share of failures of one error that makes it the cause.
        single_error: f64 = 0.7,
        /// Failed calls without fee within 300 blocks.
        unpaid: u64 = 1_000,
        /// Signers of them at most.
        unpaid_signers: usize = 20,
        /// Times the median of the mean fee.
        fee_times: f64 = 10.0,
        /// A tip in TAO.
        tip_tao: u64 = 1,
        /// TAO of a transfer that is reported.
        notice_tao: u64 = 5_000,
        /// TAO of a transfer that is noteworthy.
        serious_tao: u64 = 50_000,
    }
    /// Issuance and accounting.
    Issuance issuance {
        /// Rao above the block emission that total issuance may grow by.
        slack_rao: u64 = 1_000_000_000,
        /// TAO by which it may shrink in a block.
        shrink_tao: u64 = 1_000,
        /// TAO by which the two sides may drift in a day.
        drift_tao: u64 = 10,
    }
    /// Data and nodes.
    Quality quality {
        /// Undecodable items within 100 blocks from which it is serious.
        many: u64 = 20,
        /// Best minus finalized: for information.
        lag_info: u64 = 10,
        /// Best minus finalized: noteworthy.
        lag_notice: u64 = 30,
        /// Best minus finalized: serious.
        lag_serious: u64 = 100,
        /// Best minus finalized: critical.
        lag_critical: u64 = 600,
        /// Seconds since the newest block: noteworthy.
        halt_notice_s: u64 = 60,
        /// Seconds since the newest block: serious.
        halt_serious_s: u64 = 180,
        /// Seconds since the newest block: critical.
        halt_critical_s: u64 = 600,
        /// Finalized blocks not stored yet.
        behind_serious: u64 = 100,
        /// Milliseconds of a detector for one block above which it is slow.
        slow_ms: u64 = 500,
    }
}

impl Extrinsics {
    /// Failures of one signer in 50 blocks that count: so many that no fewer than `signers` make `least_failed`.
    pub(crate) fn per_signer(&self) -> u64 {
        (self.least_failed / (self.signers.max(1) as u64)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_documented_and_serialised() {
        let tree = serde_json::to_value(WatchConfig::default()).unwrap();
        for (section, about, settings) in SECTIONS {
            assert!(!about.trim().is_empty());
            for (name, default, meaning) in *settings {
                let value = &tree[*section][*name];
                let shown: f64 = default.replace('_', "").parse().unwrap();
                assert_eq!(value.as_f64(), Some(shown), "{section}.{name}");
                assert!(meaning.len() > 5, "{section}.{name}");
            }
        }
    }
}
