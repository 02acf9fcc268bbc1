//! Which endpoint gets the next batch.

use std::{sync::Arc, time::Instant};

use super::{CONNECTING_NAP, Pool, RpcError};
use crate::rpc::{Call, Endpoint, endpoint::Readiness};

/// What to do with the next calls.
pub(super) enum Choice {
    /// Send them here.
    Use(Arc<Endpoint>),
    /// Nobody takes them now: ask again then (`None`: when a batch in flight returns).
    Wait(Option<Instant>),
}

/// How far an endpoint is from being the one of choice: 0 is best.
type Rank = u8;
/// It gave a wrong or no answer to this very question before.
const AVOIDED: Rank = 1;
/// It gave wrong answers.
const BANNED: Rank = 2;
/// It cannot be reached.
const FAILING: Rank = 4;

impl Pool {
    /// The cheapest endpoint that can take `call` now, or until when to wait.
    ///
    /// One that is avoided is used when the others are busy, one that is banned only when the others cannot be
    /// reached: it is better to wait for a good endpoint than to ask one that lies.
    pub(super) fn choose(
        &self,
        call: &Call,
        avoid: &[Arc<Endpoint>],
        unknown_at: &[String],
    ) -> Result<Choice, RpcError> {
        let now = Instant::now();
        let mut best: Option<(Rank, f64, &Arc<Endpoint>)> = None;
        let mut waiting: Option<(Rank, Option<Instant>)> = None;
        for endpoint in self.endpoints() {
            let is_avoided = avoid.iter().any(|other| Arc::ptr_eq(other, endpoint))
                || unknown_at.iter().any(|label| label == endpoint.label());
            let rank_of = |standing: Rank| standing + if is_avoided { AVOIDED } else { 0 };
            let (rank, at) = match endpoint.readiness(call, now) {
                Readiness::Never => continue,
                Readiness::Ready { cost, banned, failing } => {
                    let rank = rank_of(standing(banned, failing));
                    if endpoint.current().is_some() {
                        if best.is_none_or(|(other, other_cost, _)| (rank, cost) < (other, other_cost)) {
                            best = Some((rank, cost, endpoint));
                        }
                        continue;
                    }
                    endpoint.connect_in_background(self.genesis());
                    (rank, Some(now + CONNECTING_NAP))
                }
                Readiness::Later { at, banned, failing } => (rank_of(standing(banned, failing)), at),
            };
            let sooner =
                |other_at: Option<Instant>| at.is_some_and(|at| other_at.is_none_or(|other| at < other));
            if waiting.is_none_or(|(other, other_at)| rank < other || (rank == other && sooner(other_at))) {
                waiting = Some((rank, at));
            }
        }
        match (best, waiting) {
            (Some((rank, ..)), Some((patient, until))) if rank >= BANNED && patient < rank => {
                Ok(Choice::Wait(until))
            }
            (Some((_, _, endpoint)), _) => Ok(Choice::Use(endpoint.clone())),
            (None, Some((_, until))) => Ok(Choice::Wait(until)),
            (None, None) => Err(self.exhausted(call)),
        }
    }

    /// What to say when no endpoint can ever serve `call`.
    fn exhausted(&self, call: &Call) -> RpcError {
        let errors: Vec<RpcError> = self.endpoints().iter().map(|endpoint| endpoint.reason(call)).collect();
        match <[RpcError; 1]>::try_from(errors) {
            Ok([only]) => only,
            Err(errors) => RpcError::Exhausted { method: call.method, errors },
        }
    }
}

fn standing(banned: bool, failing: bool) -> Rank {
    match (banned, failing) {
        (_, true) => FAILING,
        (true, false) => BANNED,
        (false, false) => 0,
    }
}
