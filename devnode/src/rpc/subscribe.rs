//! Subscriptions: new heads, finalized heads, runtime versions, storage.

use std::collections::HashSet;

use yumascan_chain::{BlockNumber, Hash, Header};

use super::{Params, RpcError, bytes, chain::header_json, state};
use crate::node::{Event, Notice, Shared};

/// Methods that begin a subscription, those that end it, and what is subscribed.
const SUBSCRIPTIONS: [(&str, &str, TopicName); 8] = [
    ("chain_subscribeNewHeads", "chain_unsubscribeNewHeads", TopicName::NewHeads),
    ("chain_subscribeNewHead", "chain_unsubscribeNewHead", TopicName::NewHeads),
    ("subscribe_newHead", "unsubscribe_newHead", TopicName::NewHeads),
    ("chain_subscribeAllHeads", "chain_unsubscribeAllHeads", TopicName::AllHeads),
    ("chain_subscribeFinalizedHeads", "chain_unsubscribeFinalizedHeads", TopicName::FinalizedHeads),
    ("chain_subscribeFinalisedHeads", "chain_unsubscribeFinalisedHeads", TopicName::FinalizedHeads),
    ("state_subscribeRuntimeVersion", "state_unsubscribeRuntimeVersion", TopicName::RuntimeVersion),
    ("chain_subscribeRuntimeVersion", "chain_unsubscribeRuntimeVersion", TopicName::RuntimeVersion),
];
const SUBSCRIBE_STORAGE: &str = "state_subscribeStorage";
const UNSUBSCRIBE_STORAGE: &str = "state_unsubscribeStorage";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TopicName {
    NewHeads,
    AllHeads,
    FinalizedHeads,
    RuntimeVersion,
}

/// What a subscriber is told about.
#[derive(Debug)]
pub(super) enum Topic {
    /// Every new best block.
    NewHeads,
    /// Every imported block.
    AllHeads,
    /// Every finalized block.
    FinalizedHeads,
    /// The runtime version, when it changes; the last one that was told.
    RuntimeVersion { told: Option<String> },
    /// Values of these keys, when they change.
    Storage { keys: Vec<Vec<u8>> },
}

/// A subscription of one connection.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    topic: Topic,
    /// The last notice that the greeting knew of already.
    greeted_at: u64,
}

/// The topic that `method` subscribes to; `None` where it is no subscription.
pub(super) fn topic_of(method: &str, params: &Params<'_>) -> Result<Option<Topic>, RpcError> {
    if method == SUBSCRIBE_STORAGE {
        let keys: Vec<String> = params.required(0)?;
        let keys: Result<HashSet<Vec<u8>>, _> = keys.iter().map(|key| bytes(key)).collect();
        let mut keys: Vec<Vec<u8>> = keys?.into_iter().collect();
        keys.sort_unstable();
        return Ok(Some(Topic::Storage { keys }));
    }
    let found = SUBSCRIPTIONS.iter().find(|(subscribe, _, _)| *subscribe == method);
    Ok(found.map(|(_, _, name)| match name {
        TopicName::NewHeads => Topic::NewHeads,
        TopicName::AllHeads => Topic::AllHeads,
        TopicName::FinalizedHeads => Topic::FinalizedHeads,
        TopicName::RuntimeVersion => Topic::RuntimeVersion { told: None },
    }))
}

pub(super) fn is_unsubscribe(method: &str) -> bool {
    method == UNSUBSCRIBE_STORAGE || SUBSCRIPTIONS.iter().any(|(_, unsubscribe, _)| *unsubscribe == method)
}

/// All methods that begin or end a subscription.
pub(super) fn methods() -> impl Iterator<Item = &'static str> {
    let storage = [SUBSCRIBE_STORAGE, UNSUBSCRIBE_STORAGE];
    SUBSCRIPTIONS.iter().flat_map(|(subscribe, unsubscribe, _)| [*subscribe, *unsubscribe]).chain(storage)
}

impl Subscription {
    pub(super) fn new(id: String, topic: Topic) -> Self {
        Self { id, topic, greeted_at: 0 }
    }

    /// The notification that a new subscription begins with: how things are.
    pub(crate) fn greeting(&mut self, node: &Shared) -> Option<String> {
        let tip = node.tip();
        let best = tip.branch.last().map(|block| block.header.clone());
        let (best_number, finalized) = (tip.best, tip.finalized);
        self.greeted_at = tip.sequence;
        drop(tip);
        let recorded = |number| node.recording.block(number).map(|block| block.header.clone());
        match &self.topic {
            Topic::NewHeads | Topic::AllHeads => {
                best.or_else(|| recorded(best_number)).map(|header| self.head(&header))
            }
            Topic::FinalizedHeads => recorded(finalized).map(|header| self.head(&header)),
            Topic::RuntimeVersion { .. } => self.runtime_version(node, best_number),
            Topic::Storage { .. } => self.storage(node, best_number, true),
        }
    }

    /// The notification that this subscription gives for a notice, if any.
    pub(crate) fn notification(&mut self, node: &Shared, notice: &Notice) -> Option<String> {
        if notice.sequence <= self.greeted_at {
            return None;
        }
        match (&self.topic, &notice.event) {
            (Topic::NewHeads | Topic::AllHeads, Event::Best(header))
            | (Topic::AllHeads, Event::Imported(header))
            | (Topic::FinalizedHeads, Event::Finalized(header)) => Some(self.head(header)),
            (Topic::RuntimeVersion { .. }, Event::Best(header)) => self.runtime_version(node, header.number),
            (Topic::Storage { .. }, Event::Best(header)) => self.storage(node, header.number, false),
            _ => None,
        }
    }

    fn head(&self, header: &Header) -> String {
        self.text(&header_json(header))
    }

    fn runtime_version(&mut self, node: &Shared, block: BlockNumber) -> Option<String> {
        let version = state::runtime_version_json(node, block);
        let Topic::RuntimeVersion { told } = &mut self.topic else { return None };
        if told.as_ref() == Some(&version) {
            return None;
        }
        *told = Some(version.clone());
        Some(self.text(&version))
    }

    /// The keys' values that `block` changed, or all of them.
    fn storage(&self, node: &Shared, block: BlockNumber, all: bool) -> Option<String> {
        let Topic::Storage { keys } = &self.topic else { return None };
        let recording = &node.recording;
        let hash: Hash = recording.block(block)?.hash;
        let before = |key: &[u8]| recording.storage(key, block.saturating_sub(1));
        let changes: Vec<_> = keys
            .iter()
            .map(|key| (key.as_slice(), recording.storage(key, block)))
            .filter(|(key, value)| all || before(key) != *value)
            .collect();
        if changes.is_empty() {
            return None;
        }
        Some(self.text(&state::changes_json(&hash, changes.into_iter())))
    }

    fn text(&self, result: &str) -> String {
        let method = match self.topic {
            Topic::NewHeads => "chain_newHead",
            Topic::AllHeads => "chain_allHead",
            Topic::FinalizedHeads => "chain_finalizedHead",
            Topic::RuntimeVersion { .. } => "state_runtimeVersion",
            Topic::Storage { .. } => "state_storage",
        };
        format!(
            r#"{{"jsonrpc":"2.0","method":"{method}","params":{{"subscription":"{}","result":{result}}}}}"#,
            self.id
        )
    }
}
