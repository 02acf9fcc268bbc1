//! From findings to incidents: opened, updated, raised, closed, reopened.
//!
//! Findings of one kind and scope are one incident while it is open and for the kind's merging distance after its last
//! block. A fact (point) closes at once and may be reopened; a state (level) closes when its detector says so, or when it
//! has not been seen for the kind's closing distance.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    catalogue::Kind,
    incident::{EventKind, Finding, Incident, IncidentEvent, IncidentState, Nature, Scope},
    stats::rounded,
};

/// Things kept of an incident; `items_total` counts all.
const MOST_ITEMS: usize = 100;
/// Points kept of a signal; beyond it every second is dropped.
const MOST_POINTS: usize = 240;
/// Accounts and subnets kept.
const MOST_NAMES: usize = 200;
/// A lasting incident is noted as grown when its score is that much greater than when it was last noted.
const GROWTH: f64 = 1.25;

/// What happened to incidents in a block.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    /// Incidents as they stand now; each once.
    pub incidents: Vec<Incident>,
    /// What happened, in order.
    pub events: Vec<IncidentEvent>,
}

impl Changes {
    /// Whether nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.incidents.is_empty()
    }

    /// Adds what happened in a later block.
    pub fn extend(&mut self, later: Self) {
        for incident in later.incidents {
            match self.incidents.iter_mut().find(|known| known.id == incident.id) {
                Some(known) => *known = incident,
                None => self.incidents.push(incident),
            }
        }
        self.events.extend(later.events);
    }
}

/// An incident that may still change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Tracked {
    incident: Incident,
    /// Score when it was last noted.
    noted_score: f64,
    /// How often points of the signal were thinned out.
    thinned: u32,
    points: u64,
    /// Whether it changed since it was last handed out.
    #[serde(skip)]
    changed: bool,
    /// Block of the last note that it grew: one a block is enough.
    noted_at: u64,
}

/// Incidents that are open, or closed so lately that they may come back.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Ledger {
    tracked: Vec<Tracked>,
    #[serde(skip)]
    places: Option<BTreeMap<(Kind, Scope), usize>>,
}

/// What a detector version and its thresholds are, for the incidents it opens.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// Version of the detector.
    pub version: u32,
    /// Thresholds in force.
    pub thresholds: Value,
}

impl Ledger {
    /// Incidents that are open, or may be reopened.
    pub fn incidents(&self) -> impl Iterator<Item = &Incident> {
        self.tracked.iter().map(|tracked| &tracked.incident)
    }

    fn find(&mut self, kind: Kind, scope: &Scope) -> Option<usize> {
        let tracked = &self.tracked;
        let places = self.places.get_or_insert_with(|| {
            let key = |(place, tracked): (usize, &Tracked)| {
                ((tracked.incident.kind, tracked.incident.scope.clone()), place)
            };
            tracked.iter().enumerate().map(key).collect()
        });
        places.get(&(kind, scope.clone())).copied()
    }

    /// Takes a finding of block `number`.
    pub fn take(&mut self, number: u64, finding: Finding, origin: &Origin, changes: &mut Changes) {
        let merge = finding.kind.info().merge_blocks;
        let place = self.find(finding.kind, &finding.scope);
        let within = |tracked: &Tracked| {
            number.saturating_sub(tracked.incident.last_block) <= merge || is_open(tracked)
        };
        match place.filter(|place| self.tracked.get(*place).is_some_and(within)) {
            Some(place) => self.tracked[place].update(number, finding, changes),
            None => {
                if let Some(old) = place {
                    self.tracked.swap_remove(old);
                    self.places = None;
                }
                self.tracked.push(Tracked::open(number, finding, origin, changes));
                self.places = None;
            }
        }
    }

    /// A signal is below its threshold but not far enough to be over.
    pub fn hold(&mut self, number: u64, kind: Kind, scope: &Scope, changes: &mut Changes) {
        let Some(place) = self.find(kind, scope) else { return };
        let tracked = &mut self.tracked[place];
        if is_open(tracked) {
            tracked.incident.last_block = number;
            tracked.note(changes, None);
        }
    }

    /// It is known to be over.
    pub fn end(&mut self, number: u64, kind: Kind, scope: &Scope, changes: &mut Changes) {
        let Some(place) = self.find(kind, scope) else { return };
        let tracked = &mut self.tracked[place];
        if is_open(tracked) {
            tracked.incident.last_block = number;
            tracked.close(number, changes);
        }
    }

    /// Ends all scopes of a kind that are open and not among `still`.
    pub fn end_others(&mut self, number: u64, kind: Kind, still: &[Scope], changes: &mut Changes) {
        for tracked in &mut self.tracked {
            let gone = tracked.incident.kind == kind && !still.contains(&tracked.incident.scope);
            if gone && is_open(tracked) {
                tracked.close(number, changes);
            }
        }
    }

    /// Closes what has not been seen for long enough, hands out what changed and forgets what cannot come back. Comes
    /// last in a block.
    pub fn settle(&mut self, number: u64, changes: &mut Changes) {
        let before = self.tracked.len();
        for tracked in self.tracked.iter_mut().filter(|tracked| is_open(tracked)) {
            let quiet = number.saturating_sub(tracked.incident.last_block);
            if quiet >= tracked.incident.kind.info().close_blocks {
                tracked.close(number, changes);
            }
        }
        self.hand_out(changes);
        self.tracked.retain(|tracked| {
            let quiet = number.saturating_sub(tracked.incident.last_block);
            is_open(tracked) || quiet <= tracked.incident.kind.info().merge_blocks
        });
        if self.tracked.len() != before {
            self.places = None;
        }
    }
}

impl Ledger {
    /// Gives away the incidents that changed since the last time, each once.
    pub fn hand_out(&mut self, changes: &mut Changes) {
        for tracked in self.tracked.iter_mut().filter(|tracked| tracked.changed) {
            tracked.changed = false;
            let later = Changes { incidents: vec![tracked.incident.clone()], events: Vec::new() };
            changes.extend(later);
        }
    }
}

fn is_open(tracked: &Tracked) -> bool {
    tracked.incident.state == IncidentState::Open
}

impl Tracked {
    fn open(number: u64, finding: Finding, origin: &Origin, changes: &mut Changes) -> Self {
        let first_block = finding.since.unwrap_or(number).min(number);
        let is_point = finding.nature == Nature::Point;
        let incident = Incident {
            id: Incident::id_of(finding.kind, &finding.scope, first_block, origin.version),
            kind: finding.kind,
            scope: finding.scope.clone(),
            severity: finding.severity,
            state: if is_point { IncidentState::Closed } else { IncidentState::Open },
            first_block,
            last_block: number,
            closed_block: is_point.then_some(number),
            score: finding.score,
            title: finding.title.clone(),
            evidence: finding.evidence.clone(),
            thresholds: origin.thresholds.clone(),
            detector_version: origin.version,
            netuids: finding.scope.netuid().into_iter().collect(),
            accounts: finding.scope.account().map(str::to_owned).into_iter().collect(),
            events: 0,
        };
        let mut tracked =
            Self { incident, noted_score: finding.score, thinned: 0, points: 0, changed: false, noted_at: 0 };
        tracked.gather(number, &finding);
        tracked.note(changes, Some((EventKind::Opened, number, finding.score, finding.title)));
        tracked
    }

    fn update(&mut self, number: u64, finding: Finding, changes: &mut Changes) {
        let is_point = finding.nature == Nature::Point;
        let was_closed = self.incident.state == IncidentState::Closed;
        self.gather(number, &finding);
        self.incident.last_block = number;
        let raised = finding.severity > self.incident.severity;
        if raised {
            self.incident.severity = finding.severity;
        }
        let is_strongest = finding.severity == self.incident.severity && finding.score >= self.incident.score;
        if raised || is_strongest {
            self.incident.score = self.incident.score.max(finding.score);
            self.incident.title.clone_from(&finding.title);
            for (name, value) in finding.evidence {
                self.incident.evidence.insert(name, value);
            }
        }
        self.incident.closed_block = is_point.then_some(number).filter(|_| was_closed);
        self.incident.state = match (is_point, was_closed) {
            (true, true) => IncidentState::Closed,
            _ => IncidentState::Open,
        };
        let grown = finding.score > self.noted_score * GROWTH;
        let event = match (raised, was_closed && !is_point, is_point || grown) {
            (true, ..) => Some(EventKind::Raised),
            (_, true, _) => Some(EventKind::Reopened),
            (.., true) => Some(EventKind::Updated),
            _ => None,
        };
        if event.is_some() {
            self.noted_score = self.noted_score.max(finding.score);
        }
        self.note(changes, event.map(|kind| (kind, number, finding.score, finding.title)));
    }

    fn close(&mut self, number: u64, changes: &mut Changes) {
        self.incident.state = IncidentState::Closed;
        self.incident.closed_block = Some(number);
        let (score, title) = (self.incident.score, self.incident.title.clone());
        self.note(changes, Some((EventKind::Closed, number, score, title)));
    }

    /// Collects items, points of the signal, subnets and accounts.
    fn gather(&mut self, number: u64, finding: &Finding) {
        let evidence = &mut self.incident.evidence;
        if !finding.items.is_empty() {
            let total = evidence.get("items_total").and_then(Value::as_u64).unwrap_or(0);
            evidence.insert("items_total".into(), json!(total + finding.items.len() as u64));
            let items = evidence.entry("items").or_insert_with(|| json!([]));
            if let Value::Array(items) = items {
                let room = MOST_ITEMS.saturating_sub(items.len());
                items.extend(finding.items.iter().take(room).cloned());
            }
        }
        if let Some((signal, threshold)) = finding.signal {
            let wanted = self.points.is_multiple_of(1 << self.thinned.min(32));
            self.points += 1;
            let series = evidence.entry("series").or_insert_with(|| json!([]));
            if let (Value::Array(series), true) = (series, wanted) {
                series.push(json!([number, rounded(signal), rounded(threshold)]));
                if series.len() > MOST_POINTS {
                    let mut keep = false;
                    series.retain(|_| {
                        keep = !keep;
                        keep
                    });
                    self.thinned += 1;
                }
            }
        }
        add_names(&mut self.incident.netuids, &finding.netuids);
        add_names(&mut self.incident.accounts, &finding.accounts);
    }

    fn note(&mut self, changes: &mut Changes, event: Option<(EventKind, u64, f64, String)>) {
        let is_said = |kind: EventKind, block: u64| kind == EventKind::Updated && self.noted_at == block;
        if let Some((kind, block, score, title)) = event.filter(|(kind, block, ..)| !is_said(*kind, *block)) {
            self.noted_at = block;
            changes.events.push(IncidentEvent {
                incident_id: self.incident.id.clone(),
                position: self.incident.events,
                block,
                kind,
                severity: self.incident.severity,
                score: rounded(score),
                title,
            });
            self.incident.events += 1;
        }
        self.changed = true;
    }
}

/// Adds what is new, sorted.
fn add_names<T: Ord + Clone>(known: &mut Vec<T>, more: &[T]) {
    for name in more {
        if let (Err(place), true) = (known.binary_search(name), known.len() < MOST_NAMES) {
            known.insert(place, name.clone());
        }
    }
}
