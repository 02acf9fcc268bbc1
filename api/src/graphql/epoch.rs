//! One epoch, recomputed from the inputs that are kept: no node is asked.

use std::sync::Arc;

use async_graphql::{Object, Result};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::OnceCell;
use yumascan_protocol::epoch::{
    EpochInputs, EpochOutputs, EpochSteps, MechanismOutputs, NeuronVectors, Workspace, run_with_steps,
};
use yumascan_warehouse::rows::EpochVerificationRow;

use super::{
    scalars::{BlockNumber, Json},
    scope::Scope,
    verification::EpochVerification,
};
use crate::ApiError;

/// Largest integer that every JSON reader takes without loss.
const MAX_SAFE: u64 = (1 << 53) - 1;

/// A replayed epoch.
#[derive(Debug)]
pub(crate) struct Epoch {
    row: Arc<EpochVerificationRow>,
    inputs: Arc<str>,
    replayed: OnceCell<Arc<(EpochOutputs, Vec<EpochSteps>)>>,
}

impl Epoch {
    /// The epoch of a verification, if its inputs are kept.
    pub(crate) async fn find(
        scope: &Scope,
        row: Arc<EpochVerificationRow>,
    ) -> Result<Option<Self>, ApiError> {
        let found = scope.warehouse()?.find_epoch_inputs(row.block_number, row.netuid).await?;
        Ok(found.map(|found| Self { row, inputs: found.inputs.into(), replayed: OnceCell::new() }))
    }

    async fn replay(&self) -> Result<&Arc<(EpochOutputs, Vec<EpochSteps>)>, ApiError> {
        let replaying = || async {
            let text = self.inputs.clone();
            let task = tokio::task::spawn_blocking(move || {
                let inputs: EpochInputs = serde_json::from_str(&text).ok()?;
                run_with_steps(&inputs, &mut Workspace::default()).ok()
            });
            let replayed = task.await.ok().flatten();
            replayed
                .map(Arc::new)
                .ok_or(ApiError::Internal("the kept inputs of an epoch cannot be replayed; verify it again"))
        };
        self.replayed.get_or_try_init(replaying).await
    }
}

/// What a mechanism and its subnet store.
#[derive(Serialize)]
struct Outputs<'a> {
    mechanism: &'a MechanismOutputs,
    subnet: &'a NeuronVectors,
}

/// An epoch of one mechanism of a subnet: what went in, every step, what came out. Steps and results are recomputed from
/// the inputs that are kept, by the code that verified it; what the chain stored is the same but for the verdict's
/// differences.
#[Object]
impl Epoch {
    /// Block in whose initialization it ran.
    async fn block_number(&self) -> BlockNumber {
        BlockNumber(self.row.block_number)
    }
    /// Subnet.
    async fn netuid(&self) -> u16 {
        self.row.netuid
    }
    /// Mechanism.
    async fn mechid(&self) -> u8 {
        self.row.mechid
    }
    /// Everything the epoch read, of all mechanisms: parameters, neurons with stake, children and parents, and by
    /// mechanism last updates, weights, bonds and commits. Rows are pairs of uid and value. Integers above 2^53 - 1 are
    /// strings, accounts 0x hex.
    #[graphql(complexity = 100)]
    async fn inputs(&self) -> Result<Json> {
        let value: Value = serde_json::from_str(&self.inputs)
            .map_err(|_| ApiError::Internal("the kept inputs of an epoch are not JSON; verify it again"))?;
        Ok(to_json(&value))
    }
    /// Every intermediate of the mechanism by uid: stake, weights that count, consensus, clipped weights, ranks, bonds,
    /// dividends. Fixed-point numbers are strings of their bits: 32 fraction bits, 64 for `total` of a stake weight.
    #[graphql(complexity = 200)]
    async fn steps(&self) -> Result<Json> {
        let replayed = self.replay().await?;
        let steps = replayed.1.get(usize::from(self.row.mechid));
        Ok(to_json(&serde_json::to_value(steps).unwrap_or(Value::Null)))
    }
    /// What the chain stores if the replay is right: `mechanism` with incentive, bonds and amounts, `subnet` with the
    /// vectors that mechanisms share. Shares are of 65535, amounts rao of alpha.
    #[graphql(complexity = 200)]
    async fn outputs(&self) -> Result<Json> {
        let replayed = self.replay().await?;
        let Some(mechanism) = replayed.0.mechanisms.get(usize::from(self.row.mechid)) else {
            return Ok(Json("null".to_owned()));
        };
        let outputs = Outputs { mechanism, subnet: &replayed.0.subnet };
        Ok(to_json(&serde_json::to_value(outputs).unwrap_or(Value::Null)))
    }
    /// How it compares with what the chain stored.
    async fn verdict(&self) -> EpochVerification {
        EpochVerification(self.row.clone())
    }
}

/// JSON text whose integers lose nothing in any reader.
fn to_json(value: &Value) -> Json {
    let mut value = value.clone();
    make_safe(&mut value);
    Json(value.to_string())
}

fn make_safe(value: &mut Value) {
    match value {
        Value::Number(number) if number.as_u64().is_some_and(|number| number > MAX_SAFE) => {
            *value = Value::String(number.to_string());
        }
        Value::Array(values) => values.iter_mut().for_each(make_safe),
        Value::Object(members) => members.values_mut().for_each(make_safe),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_beyond_every_readers_precision_become_texts() {
        let value: Value =
            serde_json::from_str("{\"a\":[9007199254740991,18446744073709551615,-1]}").unwrap();
        assert_eq!(to_json(&value).0, r#"{"a":[9007199254740991,"18446744073709551615",-1]}"#);
    }
}
