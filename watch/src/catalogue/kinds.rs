//! The table of kinds.

use serde::{Deserialize, Serialize};

use super::{KindInfo, Lane};

macro_rules! kinds {
    ($( $kind:ident $name:literal $title:literal $lane:ident {
        signal: $signal:literal, fires: $fires:literal, reason: $reason:literal, errors: $errors:literal,
        merge: $merge:literal, close: $close:literal, statistical: $statistical:literal $(,)?
    } )*) => {
        /// A kind of incident.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Kind { $(
            #[doc = $title]
            #[serde(rename = $name)]
            $kind,
        )* }

        /// All kinds, in the order of the enum.
        pub(super) static CATALOGUE: &[KindInfo] = &[ $( KindInfo {
            kind: Kind::$kind,
            name: $name,
            title: $title,
            lane: Lane::$lane,
            signal: $signal,
            fires: $fires,
            reason: $reason,
            known_errors: $errors,
            merge_blocks: $merge,
            close_blocks: $close,
            statistical: $statistical,
        }, )* ];
    };
}

kinds! {
    RunawayBatch "runaway_batch" "Runaway batch calls" Log {
        signal: "Leaf calls of an extrinsic and of a block against their own trailing baseline, the block's fill (the greater of normal-class weight and encoded length), the share of the few busiest signers, repeated shapes of batches.",
        fires: "S3 when an extrinsic has more than `leaves_notice` leaves and three times the 99.9th percentile, when leaves or fees of a block stand out (z) and few signers make them, or when a signer repeats one shape of a batch; S2 above `leaves_serious` leaves, or when the fill is above `fill_serious` in half of ten blocks and few signers fill it; S1 when it is above `fill_critical` in two thirds of thirty. It begins with the first block of the run that stands out.",
        reason: "Staking bots batch 5 to 60 calls at depth 1 or 2; three quarters of a block's weight is the cap of normal calls. In May 2025 such batches stopped the chain for two days.",
        errors: "Payouts (batches of plain transfers) are capped at S4; batches that set weights pay no fee and are left out; the first 200 blocks after an upgrade give S3 at most.",
        merge: 600, close: 300, statistical: true,
    }
    NestedCalls "nested_calls" "Deeply nested calls" Log {
        signal: "Depth of an extrinsic's call tree through every wrapper (batch, proxy, multisig, sudo), and batches directly inside batches.",
        fires: "S3 from `depth_notice` levels on, or when a batch in a batch is refused by the chain's filter; S2 from `depth_serious` on.",
        reason: "Ordinary trees are one or two deep, multisig over proxy over batch three. Since spec 265 the chain refuses batches in batches and decodes at most 8 levels: who tries it probes the limit.",
        errors: "A treasury that works through several layers of keys; merging by signer keeps it to one incident.",
        merge: 600, close: 300, statistical: false,
    }
    SafeMode "safe_mode" "Safe mode" Log {
        signal: "Events SafeMode.Entered, Extended, Exited, and the block until which it holds.",
        fires: "S1 while it is active: only whitelisted calls are executed.",
        reason: "The chain says so itself.",
        errors: "None known. What was entered before the first stored block is seen at the next extension or exit.",
        merge: 1, close: 1000000, statistical: false,
    }
    NoTransactions "no_transactions" "Blocks without transactions" Log {
        signal: "Consecutive blocks without a signed extrinsic, against the trailing median.",
        fires: "S1 after `empty_blocks` blocks in a row where the median is at least `usual_signed` a block.",
        reason: "In July 2024 validators were firewalled: blocks came, transactions did not. No event tells of it.",
        errors: "Quiet test networks are kept out by the median; during safe mode it belongs to that incident.",
        merge: 600, close: 20, statistical: true,
    }
    BlockGap "block_gap" "Gap between blocks" Log {
        signal: "Time between two consecutive blocks by their own timestamps, and Aura slots without a block.",
        fires: "S3 above `gap_notice_s` seconds, S2 above `gap_serious_s`, S1 above `gap_critical_s`; gaps within 50 blocks are one incident.",
        reason: "A block comes every 12 seconds; a few missed slots are an author's trouble, minutes are the chain's.",
        errors: "Around an upgrade (20 blocks) at most S3. Genesis is left out.",
        merge: 50, close: 50, statistical: false,
    }
    SlowBlocks "slow_blocks" "Slow blocks" Log {
        signal: "Mean time of the last 100 blocks.",
        fires: "S3 above `mean_notice_s` seconds, S2 above `mean_serious_s`.",
        reason: "14 seconds mean that every sixth slot is lost.",
        errors: "Gaps above `gap_serious_s` do not count here: they are block_gap's.",
        merge: 500, close: 100, statistical: false,
    }
    AuthorDown "author_down" "Author misses its slots" Log {
        signal: "Slots without a block that were an author's turn, learned from the order in which authors sign.",
        fires: "S3 when an author made less than half of its slots of the last 300 and missed at least 3.",
        reason: "Aura gives every authority its turn; one that is absent lengthens the block time of all.",
        errors: "After a change of authorities the order is learned anew: turns that do not repeat are not judged.",
        merge: 600, close: 300, statistical: false,
    }
    ConsensusFault "consensus_fault" "Finality or authority fault" Log {
        signal: "Events Grandpa.Paused, Resumed, NewAuthorities; Offences.Offence; calls report_equivocation.",
        fires: "S2 for a pause, an offence or a reported equivocation; S4 for new authorities.",
        reason: "A paused GRANDPA finalizes nothing; an equivocation is a double vote.",
        errors: "Planned rotations of authorities are the S4 case.",
        merge: 600, close: 300, statistical: false,
    }
    FinalityLag "finality_lag" "Finality lags" Live {
        signal: "Best minus finalized block as the endpoints tell, by the median of those that answer.",
        fires: "S4 above `lag_info` blocks, S3 above `lag_notice`, S2 above `lag_serious`, S1 above `lag_critical`.",
        reason: "Two to four blocks are usual.",
        errors: "One endpoint that lags does not count where there are three; with one endpoint it is S3 at most.",
        merge: 200, close: 20, statistical: false,
    }
    ChainHalt "chain_halt" "No new block" Live {
        signal: "Wall clock minus the time of the newest block stored or seen at the head.",
        fires: "S3 above `halt_notice_s` seconds, S2 above `halt_serious_s`, S1 above `halt_critical_s` (S2 with one endpoint).",
        reason: "Five blocks in a row are never missing in ordinary times.",
        errors: "A wrong clock of this machine; where blocks come from the future nothing is said.",
        merge: 200, close: 20, statistical: false,
    }
    WalletDrain "wallet_drain" "Wallets emptied into one" State {
        signal: "Within 300 blocks, accounts that lost at least nine tenths of what they had, by the account the TAO went to; unstaking right before counts.",
        fires: "S2 from 5 victims and 500 TAO on, 15 victims, or one of at least 5,000 TAO; S1 from 20 victims and 5,000 TAO on.",
        reason: "In July 2024 stolen keys emptied wallets to the amount of 32,000 TAO into one address within half an hour.",
        errors: "Exchanges gather deposits: victims that had sent to the same account before do not count. Swapped coldkeys, pallet accounts and sweeps within two days of a dissolved subnet do not count. Stake given before the first stored block is not known.",
        merge: 600, close: 300, statistical: false,
    }
    AccountEmptied "account_emptied" "Large account emptied" State {
        signal: "An account that sends out at least nine tenths of what it had.",
        fires: "S4 from `emptied_tao` on.",
        reason: "Its owner may want to know at once.",
        errors: "Most are moves between a person's own keys.",
        merge: 300, close: 300, statistical: false,
    }
    WeightCopying "weight_copying" "Weight copying" State {
        signal: "Weights that are a past consensus digit by digit, cosine of a validator's weights with the previous and the present consensus, its innovation, and rows equal to another's of the epoch before.",
        fires: "S4 when at least half of 24 epochs say so; S3 with more than 5 % of the stake, S2 when copiers hold more than a quarter.",
        reason: "Weights are public after they are set. Who repeats them earns dividends without work, and always late.",
        errors: "Subnets whose weights are unanimous or constant cannot be judged (said so). Validators of one coldkey are coordinated, not copying. Whoever honestly agrees with a slow consensus looks alike.",
        merge: 7200, close: 3000, statistical: false,
    }
    OutOfConsensus "out_of_consensus" "Validator out of consensus" State {
        signal: "Trust of validators with permit, and the weight they give to neurons without consensus.",
        fires: "S3 when trust is below a half for 6 epochs with at least 1 % of the stake, S2 with 10 %; S2 when more than half of the weight goes to neurons without consensus that the same coldkey owns, S3 to such of others.",
        reason: "Weight above the consensus is clipped: trust is the share that was not. Inflating one's own neurons shows here first.",
        errors: "Newly permitted validators (3 epochs), subnets with fewer than 3 active validators, or where one holds the majority, are not judged.",
        merge: 7200, close: 2000, statistical: false,
    }
    MajorityValidator "majority_validator" "One validator sets the consensus" State {
        signal: "Share of active stake of the largest validator of a subnet.",
        fires: "S3 above a half.",
        reason: "The consensus of a subnet is a stake-weighted median: who has the majority sets it alone.",
        errors: "Structural, not an event; subnets with fewer than 4 validators are not judged.",
        merge: 14400, close: 7200, statistical: false,
    }
    InactiveValidator "inactive_validator" "Inactive validator" State {
        signal: "Blocks since a validator with permit last set weights, against the subnet's ActivityCutoff.",
        fires: "S4 from 70 % of the cutoff on with at least 1 % of the stake; S3 beyond it; S2 for the subnet when a third of permitted stake, or every validator, is inactive.",
        reason: "Beyond the cutoff its stake does not count in the consensus.",
        errors: "With commit-reveal the last update is that of the commit. Root and subnets not started are left out. The cutoff is the default where no change of it was seen.",
        merge: 2000, close: 720, statistical: false,
    }
    FlakyValidator "flaky_validator" "Flaky validator" State {
        signal: "Changes of a validator between active and inactive within 24 epochs, and gaps between its weights that are longer than its own usual ones while at least half of the other validators went on.",
        fires: "S4 from 3 changes, or 3 such gaps among the last 24, on; S3 with at least 5 % of the stake.",
        reason: "Each absence leaves its old weights in the consensus, or takes its stake out and back in: rewards of all neurons shake.",
        errors: "Validators that set weights about as often as the cutoff asks change without fault. Gaps in which most others were absent too are the chain's.",
        merge: 7200, close: 3600, statistical: false,
    }
    AlphaPump "alpha_pump" "Alpha pump without activity" State {
        signal: "Emission share and price of a subnet beside its activity: validators that set weights, effective miners, the owner's share, concentration of buyers.",
        fires: "S2 when emission or price is high, at most one validator works, miners are fewer than two or the owner gets nearly all, and three buyers make most purchases; S3 with three of the four.",
        reason: "Emission follows price and flow: it can be bought, by the few whom it then pays.",
        errors: "Subnets younger than `immunity_blocks`; owners that burn everything while they build.",
        merge: 7200, close: 1440, statistical: false,
    }
    EmissionDisabled "emission_disabled" "Subnet without emission" State {
        signal: "A subnet that had TAO or alpha emission and has none for 50 blocks, with the cause.",
        fires: "S3; S2 when its pool is more than 1 % of all pools.",
        reason: "Participants earn nothing while it lasts.",
        errors: "Subnets before their start and dissolved ones are left out.",
        merge: 600, close: 50, statistical: false,
    }
    EpochOverdue "epoch_overdue" "Epoch overdue" State {
        signal: "Blocks since a subnet's last step, against its tempo.",
        fires: "S2 when they exceed the tempo by more than 5.",
        reason: "Epochs are due every tempo + 1 blocks; a subnet that misses its own pays nobody.",
        errors: "Subnets before their start, tempo 0 and root are left out.",
        merge: 600, close: 10, statistical: false,
    }
    StakeConcentration "stake_concentration" "Concentrated stake" State {
        signal: "Nakamoto coefficient, HHI and Gini of root stake by validator.",
        fires: "S3 when 3 validators hold a half or HHI is above 0.18; S2 at 2 or 0.25; S3 when the largest share changes by 5 points in a week.",
        reason: "Root stake weighs in every subnet.",
        errors: "Fewer than 10 validators with root stake are not judged. Childkeys move weight without moving stake.",
        merge: 14400, close: 7200, statistical: false,
    }
    StakeExit "stake_exit" "Stake leaves" State {
        signal: "TAO unstaked minus staked on a subnet in an hour and a day, of the pool's TAO.",
        fires: "S3 above 10 % in an hour, or 25 % in a day; S2 above 40 % in an hour, or 2 % of root.",
        reason: "Ordinary days move a few percent.",
        errors: "Moves between hotkeys of a subnet are netted. What one account sells is tagged as a single exit. Pools below `least_pool_tao` are left out.",
        merge: 600, close: 300, statistical: true,
    }
    PriceMove "price_move" "Price jump" State {
        signal: "Logarithm of the price of alpha against an hour and a day ago, beside its own spread over a week.",
        fires: "S3 above the greater of 0.2 and six standard deviations in an hour; S2 below −0.5 in a day. Thin pools one level less.",
        reason: "Six deviations of a subnet's own hours are not chance.",
        errors: "Subnets younger than 3 days, 50 blocks around upgrades, registration and dissolution are left out; the whole market moving is S3 at most.",
        merge: 600, close: 300, statistical: true,
    }
    RegistrationStorm "registration_storm" "Registration storm" State {
        signal: "Neurons registered within a tempo, the share of uids replaced, and the price of registration.",
        fires: "S3 when more than 30 % of the uids are replaced within a tempo, or the price is ten times that of a day ago; S2 when one coldkey makes a fifth of a day's and at least 20.",
        reason: "Every registration on a full subnet replaces somebody.",
        errors: "A subnet's first 3 days, and uids that were free (nobody is replaced).",
        merge: 600, close: 720, statistical: false,
    }
    SubnetRegistered "subnet_registered" "Subnet registered" Log {
        signal: "Event NetworkAdded.",
        fires: "S4; S3 when the netuid was in use before.",
        reason: "A netuid that is used again is another subnet: figures before and after must not be joined.",
        errors: "None known.",
        merge: 20, close: 20, statistical: false,
    }
    SubnetDissolved "subnet_dissolved" "Subnet dissolved" Log {
        signal: "Event NetworkRemoved.",
        fires: "S3: every holder of its alpha was paid out or lost.",
        reason: "Payouts have no events of their own.",
        errors: "None known.",
        merge: 20, close: 20, statistical: false,
    }
    HyperparameterChange "hyperparameter_change" "Hyperparameter changed" Log {
        signal: "Successful calls that set a parameter of a subnet, by owner or by sudo, through any wrapper.",
        fires: "S4 each; S3 for those that change who earns (kappa, tempo, bonds, Yuma3, liquid alpha, immunity cut to less than half, uids, burns times 5, commit-reveal off, transfers off, owner hotkey); S2 for 5 or more of these within an hour on a subnet that has run for `setup_blocks`.",
        reason: "Owners may change the rules of a running game.",
        errors: "The set-up of a new subnet: changes within `setup_blocks` of its registration are S4. Old values are known from the first change on.",
        merge: 300, close: 300, statistical: false,
    }
    NetworkParameterChange "network_parameter_change" "Network parameter changed" Log {
        signal: "Successful calls that change a value for the whole chain.",
        fires: "S3; S2 for owner cut, total issuance, stake threshold and takes.",
        reason: "They concern every subnet at once.",
        errors: "The set-up of a young chain (below block `setup_blocks`) is S4.",
        merge: 100, close: 100, statistical: false,
    }
    KeySwap "key_swap" "Key swapped" Log {
        signal: "Events HotkeySwapped, HotkeySwappedOnSubnet, ColdkeySwapped, ColdkeySwapScheduled, ColdkeySwapAnnounced, ColdkeySwapDisputed.",
        fires: "S3 for coldkeys and for hotkeys that set weights within a day; S4 for other hotkeys; S2 for a dispute.",
        reason: "A swapped key is either hygiene or a theft; followers of a validator should know.",
        errors: "Rotation by custodians.",
        merge: 7200, close: 300, statistical: false,
    }
    AccountTakeover "account_takeover" "Possible account takeover" Log {
        signal: "A proxy of type Any or Transfer that was added and, within 100 blocks, moved much TAO out of the account.",
        fires: "S2 from 1,000 TAO on.",
        reason: "A thief with one signature adds a proxy first.",
        errors: "Owners who set up a proxy and use it at once.",
        merge: 600, close: 100, statistical: false,
    }
    SudoKeyChange "sudo_key_change" "Sudo key changed" Log {
        signal: "Events Sudo.KeyChanged and KeyRemoved.",
        fires: "S1; S4 when the new key is the old one.",
        reason: "Whoever has this key owns the chain.",
        errors: "Planned handovers.",
        merge: 100, close: 100, statistical: false,
    }
    RuntimeUpgrade "runtime_upgrade" "Runtime upgrade" Log {
        signal: "Event System.CodeUpdated and the spec that executes the next block, with the difference of their metadata.",
        fires: "S3, from the block that sets the code to the first block of the new runtime.",
        reason: "Rules change here; what follows is judged against it for 1,000 blocks.",
        errors: "Metadata that is not stored cannot be compared: said in the evidence. Code that leaves the spec version as it is shows no second spec.",
        merge: 20, close: 20, statistical: false,
    }
    FailedExtrinsics "failed_extrinsics" "Failed extrinsics" Log {
        signal: "Signed extrinsics that failed in 50 blocks, against their baseline, by error, with the number of signers.",
        fires: "S3 when more than half of at least `least_extrinsics` failed, or failures stand out (z), from 10 signers on; the error that makes 70 % of them is named as the cause.",
        reason: "Clients break at upgrades, pools dry up, safe mode refuses: the error tells which.",
        errors: "A few bots do not count (10 signers). Within 1,000 blocks of an upgrade it is tagged `breaking_client`.",
        merge: 300, close: 100, statistical: true,
    }
    UnpaidSpam "unpaid_spam" "Spam of calls that pay no fee" Log {
        signal: "Failed calls without fee (weights, commits) in 300 blocks and their signers.",
        fires: "S3 above 1,000 by fewer than 20 signers.",
        reason: "They cost the sender nothing and the chain its space.",
        errors: "Validators with a broken client: named by signer.",
        merge: 600, close: 300, statistical: false,
    }
    FeeSpike "fee_spike" "Fee spike" Log {
        signal: "Mean fee of the paying extrinsics of ten blocks against its trailing median, and tips.",
        fires: "S3 when it is ten times the median, or a tip is above 1 TAO.",
        reason: "Fees rise with congestion; a large tip is a mistake or a race.",
        errors: "Fewer than 10 paying extrinsics in ten blocks are not judged.",
        merge: 300, close: 100, statistical: true,
    }
    LargeTransfer "large_transfer" "Large transfer" Log {
        signal: "TAO transferred from one account to another in a block.",
        fires: "S4 from `notice_tao` on, S3 from `serious_tao` on.",
        reason: "About 0.05 and 0.5 % of what there is.",
        errors: "Exchanges and custodians move their own.",
        merge: 100, close: 100, statistical: false,
    }
    DrandStall "drand_stall" "Random beacon stalled" Log {
        signal: "Time since the last Drand.NewPulse on a chain that had them.",
        fires: "S4 after `drand_seconds` seconds; S2 where time-locked commits wait for a later round.",
        reason: "Without pulses time-locked weights are not revealed and commit-reveal subnets go stale.",
        errors: "Chains that never had a pulse cannot be judged (said so).",
        merge: 300, close: 10, statistical: false,
    }
    RevealFailure "reveal_failure" "Commits not revealed" Log {
        signal: "Commits of weights and their reveals, by subnet, over a day.",
        fires: "S3 when more than a fifth of at least 10 commits of the day, old enough to be revealed, were not.",
        reason: "A commit without a reveal leaves its validator with old weights.",
        errors: "Commits that a newer one of the same validator replaced before their reveal count as not revealed.",
        merge: 7200, close: 720, statistical: false,
    }
    IssuanceAnomaly "issuance_anomaly" "Issuance anomaly" State {
        signal: "Change of total issuance from block to block against the block emission.",
        fires: "S1 when it grows by more than the emission and 1 TAO a block, or shrinks by more than 1,000 TAO.",
        reason: "Nothing else may make TAO.",
        errors: "Burned and recycled TAO shrink it by little.",
        merge: 600, close: 300, statistical: false,
    }
    AccountingDrift "accounting_drift" "Accounting drift" State {
        signal: "Total issuance minus the balances' issuance and the TAO in pools, against a day ago.",
        fires: "S2 when it moves by more than 10 TAO a day.",
        reason: "Both sides count the same TAO.",
        errors: "Fees burned by one side only move it slowly. What pools sell for root stakers becomes stake that no pool counts: blocks with such payments are left out, and where they are most it cannot be judged (said so).",
        merge: 7200, close: 7200, statistical: false,
    }
    Halving "halving" "Halving" State {
        signal: "Block emission falls to a half between two blocks.",
        fires: "S4, for information.",
        reason: "It is planned; but every series of rewards has a step here.",
        errors: "None known.",
        merge: 100, close: 100, statistical: false,
    }
    DeregistrationRisk "deregistration_risk" "Deregistration risk" State {
        signal: "Rank of a subnet by its moving price among those not immune, where all places are taken, and the lock cost against the last paid.",
        fires: "S4 for the lowest 5 while the lock cost is within 10 % of the last paid one or below.",
        reason: "The next registration removes the lowest.",
        errors: "Immunity is that of the default period where no change of it was seen.",
        merge: 7200, close: 300, statistical: false,
    }
    ReplayDifference "replay_difference" "Replay difference" Verification {
        signal: "Epochs and emission whose recomputation differs from what the chain stored.",
        fires: "S2 for an epoch, S3 for the emission of a block.",
        reason: "Either the chain's numbers or our understanding is wrong; both matter.",
        errors: "Rules of a new runtime that are not known yet; verdicts `cannot_say` are listed as not evaluable.",
        merge: 600, close: 300, statistical: false,
    }
    UndecodableData "undecodable_data" "Undecodable data" Log {
        signal: "Items in quarantine.",
        fires: "S3; S2 from `many` items within 100 blocks on, or within 1,000 blocks of an upgrade.",
        reason: "What cannot be decoded cannot be watched.",
        errors: "A single crafted extrinsic is the S3 case.",
        merge: 300, close: 100, statistical: false,
    }
    DataQuality "data_quality" "Data quality" Log {
        signal: "Blocks missing between stored blocks, and blocks that do not name the one before as their parent.",
        fires: "S3 for missing blocks, S2 for a broken link.",
        reason: "Every other detector rests on whole data.",
        errors: "A range that was left out on purpose is a gap too.",
        merge: 10, close: 10, statistical: false,
    }
    StateDifference "state_difference" "State sweep difference" State {
        signal: "Differences that the sweep of the state lane found between followed and read state.",
        fires: "S3.",
        reason: "Balances and stakes are followed from changes; a sweep compares them with the whole.",
        errors: "An item that this binary does not know how to follow.",
        merge: 300, close: 300, statistical: false,
    }
    NodeTrouble "node_trouble" "Node trouble" Live {
        signal: "Endpoints by their health, those that gave answers that do not verify, how far storing lags behind, detectors that are slow.",
        fires: "S2 when no endpoint answers or storing lags by `behind_serious` blocks; S3 for an endpoint that lied or a slow detector.",
        reason: "A watch that is blind must say so.",
        errors: "Catching up after a stop is lag too.",
        merge: 50, close: 10, statistical: false,
    }
    DetectorFailure "detector_failure" "Detector failed" Log {
        signal: "A detector that panicked at a block; its memory was reset, the others went on.",
        fires: "S3.",
        reason: "What it would have seen is not known.",
        errors: "None known.",
        merge: 600, close: 100, statistical: false,
    }
}
