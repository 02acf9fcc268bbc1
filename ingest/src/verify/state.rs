//! Storage values of several states, read in rounds.
//!
//! What a replay needs depends on what it has already read (the neurons' hotkeys name the stakes). So readers say what
//! they want, everything wanted by all of them is fetched at once, and they go on: a handful of batches for a whole
//! window of blocks.

use std::collections::{BTreeMap, HashMap};

use futures::{StreamExt, TryStreamExt};
use yumascan_chain::{BlockNumber, StorageItem};

use crate::{
    IngestError,
    rpc::{Answer, Call, Pool, RpcError, wire},
    source::BlockAt,
};

/// Keys asked in one call.
const KEYS_PER_CALL: usize = 256;
/// Calls in one batch: with the largest rows of a subnet of 256 neurons an answer stays below what nodes send (15 MB).
const CALLS_PER_BATCH: usize = 16;
/// The same where every key is a call of its own.
const SINGLE_CALLS_PER_BATCH: usize = 384;
/// Batches asked at once.
const BATCHES_AT_ONCE: usize = 4;
/// Keys in a page; nodes give at most so many.
const PAGE: usize = 1000;
/// How often a round is asked again because an answer was not what was asked for.
const MOST_ROUNDS: usize = 4;

const QUERY: &str = "state_queryStorageAt";

type Key = Vec<u8>;
type Values = Vec<(Key, Option<Vec<u8>>)>;

/// Values read so far, and what is wanted next.
#[derive(Debug, Default)]
pub(crate) struct States {
    values: HashMap<BlockNumber, HashMap<Key, Option<Vec<u8>>>>,
    lists: HashMap<(BlockNumber, Key), Vec<Key>>,
    wanted: BTreeMap<BlockNumber, (BlockAt, Vec<Key>)>,
    wanted_lists: Vec<(BlockAt, Key)>,
    /// Batches sent.
    pub(crate) batches: u64,
    /// Keys whose values were read.
    pub(crate) keys: u64,
}

/// A call and what its answer is for.
enum Ask {
    Values(BlockAt, Vec<Key>),
    Page(BlockAt, Key, Option<Key>),
}

impl States {
    /// Wants the value of a key in the state after block `at`.
    pub(crate) fn want(&mut self, at: BlockAt, key: Key) {
        if self.values.get(&at.number).is_some_and(|known| known.contains_key(&key)) {
            return;
        }
        self.wanted.entry(at.number).or_insert_with(|| (at, Vec::new())).1.push(key);
    }

    /// Wants all keys that begin with `prefix`.
    pub(crate) fn want_keys(&mut self, at: BlockAt, prefix: Key) {
        if !self.lists.contains_key(&(at.number, prefix.clone())) {
            self.wanted_lists.push((at, prefix));
        }
    }

    /// The value of a key that was wanted; `None` where the state has none.
    pub(crate) fn get(&self, block: BlockNumber, key: &[u8]) -> Option<&[u8]> {
        self.values.get(&block)?.get(key)?.as_deref()
    }

    /// Whether a key was read, be it that the state has no value there.
    pub(crate) fn has_read(&self, block: BlockNumber, key: &[u8]) -> bool {
        self.values.get(&block).is_some_and(|known| known.contains_key(key))
    }

    /// The keys that begin with a wanted prefix.
    pub(crate) fn keys(&self, block: BlockNumber, prefix: &[u8]) -> &[Key] {
        self.lists.get(&(block, prefix.to_vec())).map_or(&[], Vec::as_slice)
    }

    /// The same with the parts of each key, in canonical JSON.
    pub(crate) fn parsed_keys<'a>(
        &'a self,
        block: BlockNumber,
        item: StorageItem<'a>,
        prefix: &[u8],
    ) -> impl Iterator<Item = (&'a Key, Vec<yumascan_chain::KeyPart>)> {
        let keys = self.keys(block, prefix);
        keys.iter().filter_map(move |key| Some((key, item.parse_key(key).ok()?)))
    }

    /// Reads everything wanted from a recording.
    #[cfg(test)]
    pub(crate) fn fetch_from(&mut self, recording: &yumascan_devnode::Recording) {
        for (block, (_, keys)) in std::mem::take(&mut self.wanted) {
            let known = self.values.entry(block).or_default();
            for key in keys {
                let value = recording.storage(&key, block).map(<[u8]>::to_vec);
                known.insert(key, value);
            }
        }
        for (at, prefix) in std::mem::take(&mut self.wanted_lists) {
            let keys = recording.state(at.number).map(|(key, _)| key).filter(|key| key.starts_with(&prefix));
            let keys = keys.map(<[u8]>::to_vec).collect();
            self.lists.insert((at.number, prefix), keys);
        }
    }

    /// Reads everything wanted.
    pub(crate) async fn fetch(&mut self, pool: &Pool) -> Result<(), IngestError> {
        let mut asks: Vec<Ask> = Vec::new();
        for (_, (at, mut keys)) in std::mem::take(&mut self.wanted) {
            keys.sort_unstable();
            keys.dedup();
            asks.extend(keys.chunks(KEYS_PER_CALL).map(|chunk| Ask::Values(at, chunk.to_vec())));
        }
        let mut lists = std::mem::take(&mut self.wanted_lists);
        lists.sort_unstable_by(|(a, x), (b, y)| (a.number, x).cmp(&(b.number, y)));
        lists.dedup();
        asks.extend(lists.into_iter().map(|(at, prefix)| Ask::Page(at, prefix, None)));
        let mut round = 0;
        while !asks.is_empty() {
            let queries = pool.serves(QUERY);
            let per_batch = if queries { CALLS_PER_BATCH } else { SINGLE_CALLS_PER_BATCH / KEYS_PER_CALL };
            let mut batches: Vec<Vec<Ask>> = Vec::new();
            for ask in asks.drain(..) {
                match batches.last_mut().filter(|batch| batch.len() < per_batch) {
                    Some(batch) => batch.push(ask),
                    None => batches.push(vec![ask]),
                }
            }
            self.batches += batches.len() as u64;
            let answered: Vec<Vec<Answered>> = futures::stream::iter(batches)
                .map(|batch| ask_batch(pool, batch, queries))
                .buffer_unordered(BATCHES_AT_ONCE)
                .try_collect()
                .await?;
            let mut last_error = None;
            for answer in answered.into_iter().flatten() {
                match answer {
                    Answered::Values(at, values) => {
                        self.keys += values.len() as u64;
                        self.values.entry(at.number).or_default().extend(values);
                    }
                    Answered::Keys(at, prefix, keys) => {
                        if keys.len() >= PAGE {
                            asks.push(Ask::Page(at, prefix.clone(), keys.last().cloned()));
                        }
                        self.lists.entry((at.number, prefix)).or_default().extend(keys);
                    }
                    Answered::Again(ask, error) => {
                        asks.push(ask);
                        last_error = Some(error);
                    }
                }
            }
            round += usize::from(last_error.is_some());
            if let Some(error) = last_error.filter(|_| round >= MOST_ROUNDS) {
                return Err(error.into());
            }
        }
        Ok(())
    }
}

/// A page of the keys that begin with `prefix`, those after `start`; an empty page is the end.
pub(crate) async fn page_of_keys(
    pool: &Pool,
    at: BlockAt,
    prefix: &[u8],
    start: Option<&[u8]>,
) -> Result<Vec<Key>, IngestError> {
    for round in 1.. {
        let ask = Ask::Page(at, prefix.to_vec(), start.map(<[u8]>::to_vec));
        match ask_batch(pool, vec![ask], true).await?.pop() {
            Some(Answered::Keys(_, _, keys)) => return Ok(keys),
            Some(Answered::Again(_, error)) if round >= MOST_ROUNDS => return Err(error.into()),
            _ => {}
        }
    }
    Ok(Vec::new())
}

/// An answer, read.
enum Answered {
    Values(BlockAt, Values),
    Keys(BlockAt, Key, Vec<Key>),
    Again(Ask, RpcError),
}

async fn ask_batch(pool: &Pool, asks: Vec<Ask>, queries: bool) -> Result<Vec<Answered>, IngestError> {
    let calls: Vec<Call> = asks.iter().flat_map(|ask| calls_of(ask, queries)).collect();
    let answers = match pool.ask_all(&calls, &[]).await {
        Ok(answers) => answers,
        // learned only now that no endpoint serves it: asked again, key by key
        Err(error) if queries && !pool.serves(QUERY) => {
            return Ok(asks.into_iter().map(|ask| Answered::Again(ask, error.clone())).collect());
        }
        Err(error) => return Err(error.into()),
    };
    let mut answers = answers.into_iter();
    let mut read = Vec::with_capacity(asks.len());
    for ask in asks {
        let count = calls_of(&ask, queries).len();
        let own: Vec<Answer> = answers.by_ref().take(count).collect();
        read.push(read_answers(pool, ask, &own, queries));
    }
    Ok(read)
}

fn calls_of(ask: &Ask, queries: bool) -> Vec<Call> {
    match ask {
        Ask::Values(at, keys) if queries => {
            let mut params = String::with_capacity(keys.len() * 160 + 80);
            params.push_str("[[");
            for (position, key) in keys.iter().enumerate() {
                params.push_str(if position == 0 { "\"" } else { ",\"" });
                params.push_str(&const_hex::encode_prefixed(key));
                params.push('"');
            }
            params.push_str(&format!("],\"{}\"]", at.hash));
            vec![Call::state(QUERY, params, at.number)]
        }
        Ask::Values(at, keys) => keys
            .iter()
            .map(|key| Call::storage(&const_hex::encode_prefixed(key), at.hash, at.number))
            .collect(),
        Ask::Page(at, prefix, start) => {
            let start = start
                .as_ref()
                .map_or("null".to_owned(), |key| format!("\"{}\"", const_hex::encode_prefixed(key)));
            let params =
                format!("[\"{}\",{PAGE},{start},\"{}\"]", const_hex::encode_prefixed(prefix), at.hash);
            vec![Call::state("state_getKeysPaged", params, at.number)]
        }
    }
}

fn read_answers(pool: &Pool, ask: Ask, answers: &[Answer], queries: bool) -> Answered {
    let Some(first) = answers.first() else {
        return Answered::Again(ask, RpcError::NoEndpoints);
    };
    let (at, read) = match &ask {
        Ask::Values(at, keys) if queries => {
            (*at, changes(first.value.get(), keys).map(|values| Answered::Values(*at, values)))
        }
        Ask::Values(at, keys) => {
            let values: Result<Vec<_>, _> = keys
                .iter()
                .zip(answers)
                .map(|(key, answer)| wire::optional_bytes(&answer.value).map(|value| (key.clone(), value)))
                .collect();
            (*at, values.map(|values| Answered::Values(*at, values)).map_err(|error| error.to_string()))
        }
        Ask::Page(at, prefix, _) => {
            (*at, key_list(first.value.get()).map(|keys| Answered::Keys(*at, prefix.clone(), keys)))
        }
    };
    match read {
        Ok(answered) => answered,
        Err(what) => {
            let error = pool.report_wrong(&first.endpoint, at.number, what);
            Answered::Again(ask, error)
        }
    }
}

#[derive(serde::Deserialize)]
struct ChangeSet<'a> {
    #[serde(borrow)]
    changes: Vec<(&'a str, Option<&'a str>)>,
}

/// Values of `keys`, each of which must be there.
fn changes(json: &str, keys: &[Key]) -> Result<Values, String> {
    let sets: Vec<ChangeSet<'_>> =
        serde_json::from_str(json).map_err(|error| format!("not a set of storage changes: {error}"))?;
    let mut values: HashMap<Key, Option<Vec<u8>>> = HashMap::with_capacity(keys.len());
    for (key, value) in sets.into_iter().flat_map(|set| set.changes) {
        let key = const_hex::decode(key).map_err(|error| format!("a key is not hex: {error}"))?;
        let value = value.map(const_hex::decode).transpose();
        values.insert(key, value.map_err(|error| format!("a value is not hex: {error}"))?);
    }
    keys.iter()
        .map(|key| match values.remove(key) {
            Some(value) => Ok((key.clone(), value)),
            None => Err(format!("it left out the key {}", const_hex::encode_prefixed(key))),
        })
        .collect()
}

fn key_list(json: &str) -> Result<Vec<Key>, String> {
    let texts: Vec<&str> =
        serde_json::from_str(json).map_err(|error| format!("not a list of keys: {error}"))?;
    texts
        .into_iter()
        .map(|text| const_hex::decode(text).map_err(|error| format!("not hex: {error}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_changes_must_answer_every_key() {
        let json = r#"[{"block":"0x00","changes":[["0x01","0xff"],["0x02",null]]}]"#;
        let read = changes(json, &[vec![1], vec![2]]).unwrap();
        assert_eq!(read, [(vec![1], Some(vec![255])), (vec![2], None)]);
        assert!(changes(json, &[vec![3]]).unwrap_err().contains("0x03"));
        assert!(changes("{}", &[]).is_err());
    }
}
