//! Yields against an independent recomputation: from raw storage of the recording, by hand-made keys, in floats.

use std::collections::{BTreeMap, BTreeSet};

use tokio_util::sync::CancellationToken;
use yumascan_chain::AccountId;
use yumascan_devnode::{Faults, Recording};
use yumascan_ingest::{Progress, StateRequest};
use yumascan_protocol::fixed::U64F64;
use yumascan_warehouse::query::market::yields::DAY_MS;

use crate::{
    reference::recording,
    site::{Site, config, node},
};

// twox128("SubtensorModule") ++ twox128(item)
const DIVIDENDS: &str = "658faa385070e074c85bf6b568cf0555362d401ea7c93984e89763daca2cbf3b";
const HOTKEY_ALPHA: &str = "658faa385070e074c85bf6b568cf0555ee25c3b5b1886863480497907f1829e6";
const LAST_STEP: &str = "658faa385070e074c85bf6b568cf055590a5927434316ff88c68f65cd390bb70";
const REGISTERED: &str = "658faa385070e074c85bf6b568cf05555306000b65aa58c97bf98ad9f8619049";
const KEYS: &str = "658faa385070e074c85bf6b568cf05559f99a2ce711f3a31b2fc05604c93f179";
const TEMPO: &str = "658faa385070e074c85bf6b568cf05557641384bb339f3758acddfd7053d3317";
/// twox128("Timestamp") ++ twox128("Now")
const NOW: &str = "f0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb";

const YEAR_MS: f64 = 31_557_600_000.0;
const BLAKE: usize = 16;

/// Raw values after a block, by what follows the prefix in their keys.
struct Raw<'a> {
    recording: &'a Recording,
}

impl Raw<'_> {
    fn map(&self, prefix: &str, block: u64) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let prefix = const_hex::decode(prefix).unwrap();
        let entries = self.recording.state(block);
        entries
            .filter_map(|(key, value)| Some((key.strip_prefix(prefix.as_slice())?.to_vec(), value.to_vec())))
            .collect()
    }
    fn get(&self, prefix: &str, rest: &[u8], block: u64) -> Option<u64> {
        let key = [const_hex::decode(prefix).unwrap().as_slice(), rest].concat();
        Some(integer(self.recording.storage(&key, block)?))
    }
    fn time(&self, block: u64) -> u64 {
        self.get(NOW, &[], block).unwrap()
    }
    /// Stake by (hotkey, netuid): the key is the hash of the hotkey, the hotkey, the netuid.
    fn stakes(&self, block: u64) -> BTreeMap<(Vec<u8>, u16), u64> {
        let entry = |(rest, value): (Vec<u8>, Vec<u8>)| {
            let netuid = u16::from_le_bytes([rest[BLAKE + 32], rest[BLAKE + 33]]);
            ((rest[BLAKE..BLAKE + 32].to_vec(), netuid), integer(&value))
        };
        self.map(HOTKEY_ALPHA, block).into_iter().map(entry).collect()
    }
    /// Dividends by (hotkey, netuid): the key is the netuid, the hash of the hotkey, the hotkey.
    fn dividends(&self, block: u64) -> BTreeMap<(Vec<u8>, u16), u64> {
        let entry = |(rest, value): (Vec<u8>, Vec<u8>)| {
            ((rest[2 + BLAKE..].to_vec(), u16::from_le_bytes([rest[0], rest[1]])), integer(&value))
        };
        self.map(DIVIDENDS, block).into_iter().map(entry).collect()
    }
}

fn integer(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

/// One epoch of a subnet: block, milliseconds since the one before, dividends, stake before, stake after the one before.
#[derive(Debug, Clone, Copy)]
struct Epoch {
    block: u64,
    duration: f64,
    dividends: u64,
    stake: u64,
    stake_after_last: Option<u64>,
}

/// (APR, APY, epochs that count) of these epochs, or nothing where none counts.
fn rates(epochs: &[Epoch], registered: Option<u64>, tempo: u64) -> Option<(f64, f64, usize)> {
    let counts = |epoch: &&Epoch| {
        let young = registered.is_some_and(|block| epoch.block - block < 3 * (tempo + 1));
        let changed = epoch.stake_after_last.is_some_and(|last| epoch.stake.abs_diff(last) * 5 > last);
        epoch.stake >= 1_000_000_000 && !young && !changed
    };
    let used: Vec<_> = epochs.iter().filter(counts).collect();
    let years = YEAR_MS / used.iter().map(|epoch| epoch.duration).sum::<f64>();
    let returns = used.iter().map(|epoch| epoch.dividends as f64 / epoch.stake as f64);
    let apr = returns.clone().sum::<f64>() * years;
    let apy = (returns.map(f64::ln_1p).sum::<f64>() * years).exp_m1();
    (!used.is_empty()).then_some((apr, apy, used.len()))
}

fn float(value: U64F64) -> f64 {
    value.to_bits() as f64 / 2_f64.powi(64)
}

#[tokio::test(flavor = "multi_thread")]
async fn yields_of_a_day_equal_those_of_the_raw_storage() {
    let chain = recording("main", 420).await;
    let node = node(&chain, Faults::default()).await;
    let site = Site::new().await;
    let ingest = site.ingest(config(&[node.url()], 1));
    let request = StateRequest::default();
    ingest.read_state(request, &CancellationToken::new(), &Progress::unwatched()).await.unwrap();

    let (raw, last) = (Raw { recording: &chain }, chain.last_block());
    let moment = site.warehouse.find_moment(None).await.unwrap().unwrap();
    assert_eq!(moment.block, last);
    let mut steps: BTreeMap<u16, Vec<u64>> = BTreeMap::new();
    for block in chain.first_block()..=last {
        for (rest, value) in raw.map(LAST_STEP, block) {
            if integer(&value) == block {
                steps.entry(u16::from_le_bytes([rest[0], rest[1]])).or_default().push(block);
            }
        }
    }
    let (mut compared, mut validators) = (0, BTreeSet::new());
    for (netuid, blocks) in &steps {
        let found = site.warehouse.list_subnet_yields(*netuid, &moment, DAY_MS).await.unwrap();
        for row in &found {
            let Some(hotkey) = row.hotkey.as_ref() else { continue };
            let key = (hotkey.parse::<AccountId>().unwrap().0.to_vec(), *netuid);
            let epochs: Vec<_> = blocks
                .windows(2)
                .map(|pair| Epoch {
                    block: pair[1],
                    duration: (raw.time(pair[1]) - raw.time(pair[0])) as f64,
                    dividends: raw.dividends(pair[1]).get(&key).copied().unwrap_or(0),
                    stake: raw.stakes(pair[1] - 1).get(&key).copied().unwrap_or(0),
                    stake_after_last: raw.stakes(pair[0]).get(&key).copied(),
                })
                .collect();
            let uid = raw
                .map(KEYS, last)
                .into_iter()
                .find(|(rest, value)| rest[..2] == netuid.to_le_bytes() && *value == key.0);
            let registered = uid.and_then(|(rest, _)| raw.get(REGISTERED, &rest, last));
            let tempo = raw.get(TEMPO, &netuid.to_le_bytes(), last).unwrap();
            let Some((apr, apy, used)) = rates(&epochs, registered, tempo) else {
                assert_eq!(row.alpha.apr, None, "{netuid} {hotkey}: {row:?}");
                continue;
            };
            assert_eq!(row.alpha.epochs_used as usize, used, "{netuid} {hotkey}: {row:?} {epochs:?}");
            let found_apr = float(row.alpha.apr.unwrap());
            assert!((found_apr - apr).abs() <= 1e-9 * (1.0 + apr), "{netuid} {hotkey}: {found_apr} {apr}");
            // a minute's dividends over a year may be beyond all measure
            if apy < 1e15 {
                let found_apy = float(row.alpha.apy.unwrap());
                assert!(
                    (found_apy - apy).abs() <= 1e-9 * (1.0 + apy),
                    "{netuid} {hotkey}: {found_apy} {apy}"
                );
            }
            compared += 1;
            validators.insert(hotkey.clone());
        }
    }
    assert!(
        compared >= 5 && !validators.is_empty(),
        "{compared} yields of {} hotkeys on {steps:?}",
        validators.len()
    );
    println!("{compared} yields of {} hotkeys on {} subnets are equal", validators.len(), steps.len());
}
