//! Runtimes by spec version: compiled once, their metadata stored once.

use std::{collections::HashMap, sync::Arc};

use tokio::sync::Mutex;
use yumascan_chain::{Runtime, SpecVersion};
use yumascan_warehouse::Warehouse;

use super::BlockAt;
use crate::{
    error::IngestError,
    rpc::{Answer, Call, ErrorClass, Pool, RpcError, wire},
};

/// Metadata formats this program reads, the richest first.
const METADATA_VERSIONS: [u32; 3] = [16, 15, 14];
/// How often metadata is read again because it was wrong.
const MOST_ROUNDS: usize = 4;

/// The runtimes met so far.
#[derive(Debug)]
pub struct Runtimes {
    warehouse: Warehouse,
    compiled: Mutex<HashMap<SpecVersion, Arc<Runtime>>>,
}

impl Runtimes {
    /// A registry over the metadata stored in `warehouse`.
    #[must_use]
    pub fn new(warehouse: Warehouse) -> Self {
        Self { warehouse, compiled: Mutex::default() }
    }

    /// The runtime of `spec` if its metadata is stored.
    ///
    /// # Errors
    /// When the warehouse fails.
    pub async fn find_stored(&self, spec: SpecVersion) -> Result<Option<Arc<Runtime>>, IngestError> {
        let mut compiled = self.compiled.lock().await;
        if let Some(runtime) = compiled.get(&spec) {
            return Ok(Some(runtime.clone()));
        }
        let Some(bytes) = self.warehouse.find_metadata(spec.0).await? else { return Ok(None) };
        match compile(bytes, spec).await? {
            Ok((runtime, _)) => {
                let runtime = Arc::new(runtime);
                compiled.insert(spec, runtime.clone());
                Ok(Some(runtime))
            }
            Err(reason) => {
                tracing::warn!(
                    spec = spec.0,
                    reason,
                    "stored metadata cannot be used; it is fetched anew where possible"
                );
                Ok(None)
            }
        }
    }

    /// The runtime of `spec`, which is the one in the state of block `at`: stored metadata, or that of the node,
    /// which is then stored before anything is decoded with it.
    ///
    /// # Errors
    /// When no endpoint has usable metadata of that spec, or the warehouse fails.
    pub async fn get(
        &self,
        pool: &Pool,
        spec: SpecVersion,
        at: BlockAt,
    ) -> Result<Arc<Runtime>, IngestError> {
        if let Some(runtime) = self.find_stored(spec).await? {
            return Ok(runtime);
        }
        let mut compiled = self.compiled.lock().await;
        if let Some(runtime) = compiled.get(&spec) {
            return Ok(runtime.clone());
        }
        let (runtime, bytes) = fetch(pool, spec, at).await?;
        let version = bytes.get(4).copied().map_or(0, u32::from);
        self.warehouse.insert_metadata(spec.0, version, &bytes).await?;
        tracing::info!(
            spec = spec.0,
            metadata_version = version,
            bytes = bytes.len(),
            block = at.number,
            "stored runtime metadata"
        );
        let runtime = Arc::new(runtime);
        compiled.insert(spec, runtime.clone());
        Ok(runtime)
    }
}

/// Reads and compiles the metadata in the state of block `at`.
async fn fetch(pool: &Pool, spec: SpecVersion, at: BlockAt) -> Result<(Runtime, Vec<u8>), IngestError> {
    let mut avoid = Vec::new();
    let mut reason = String::new();
    for _ in 0..MOST_ROUNDS {
        let mut last = None;
        for version in METADATA_VERSIONS {
            let input = format!("0x{}", const_hex::encode(version.to_le_bytes()));
            let call = Call::runtime_api("Metadata_metadata_at_version", &input, at.hash, at.number);
            let answer = match pool.ask_all(&[call], &avoid).await {
                Ok(answers) => answers.into_iter().next(),
                // runtimes before V15 do not know the function, gateways may not serve it
                Err(error) if is_unsupported(&error) => break,
                Err(error) => return Err(error.into()),
            };
            let Some(answer) = answer else { break };
            let Some(bytes) = opaque_option(&answer) else { continue };
            match compile(bytes, spec).await? {
                Ok(found) => return Ok(found),
                Err(why) => {
                    tracing::debug!(spec = spec.0, version, why, "metadata of this format cannot be used");
                    reason = why;
                    last = Some(answer.endpoint);
                }
            }
        }
        let call = Call::state("state_getMetadata", format!("[\"{}\"]", at.hash), at.number);
        let Some(answer) = pool.ask_all(&[call], &avoid).await?.pop() else { break };
        let bytes = wire::optional_bytes(&answer.value).ok().flatten().unwrap_or_default();
        match compile(bytes, spec).await? {
            Ok(found) => return Ok(found),
            Err(why) => {
                pool.report_wrong(
                    &answer.endpoint,
                    at.number,
                    format!("metadata of spec {spec} cannot be used: {why}"),
                );
                reason = why;
                avoid.push(answer.endpoint);
                avoid.extend(last);
            }
        }
    }
    Err(IngestError::Metadata { spec, block: at.number, reason })
}

/// Compiles metadata and compares the spec it names itself; the inner error says why it is of no use.
async fn compile(
    bytes: Vec<u8>,
    spec: SpecVersion,
) -> Result<Result<(Runtime, Vec<u8>), String>, IngestError> {
    let compiling = move || {
        let runtime = Runtime::compile(&bytes).map_err(|error| error.to_string())?;
        match runtime.spec_version() {
            Some(named) if named == spec => Ok((runtime, bytes)),
            Some(named) => Err(format!("it names itself spec {named}")),
            None => Err("it does not name its spec (constant System.Version)".to_owned()),
        }
    };
    Ok(tokio::task::spawn_blocking(compiling).await?)
}

fn is_unsupported(error: &RpcError) -> bool {
    let refused = |error: &RpcError| matches!(error, RpcError::Node { .. } | RpcError::NoSuchMethod { .. });
    match error {
        RpcError::Exhausted { errors, .. } => {
            errors.iter().all(|error| refused(error) || error.class() == ErrorClass::EndpointBad)
        }
        error => refused(error),
    }
}

/// The bytes in SCALE `Option<Vec<u8>>`.
fn opaque_option(answer: &Answer) -> Option<Vec<u8>> {
    let bytes = wire::optional_bytes(&answer.value).ok()??;
    let (1, rest) = (*bytes.first()?, bytes.get(1..)?) else { return None };
    let (prefix, length): (usize, usize) = match rest.first()? & 0b11 {
        0 => (1, usize::from(rest.first()? >> 2)),
        1 => (2, usize::from(u16::from_le_bytes(rest.get(..2)?.try_into().ok()?) >> 2)),
        2 => (4, (u32::from_le_bytes(rest.get(..4)?.try_into().ok()?) >> 2) as usize),
        _ => return None,
    };
    let end = length.checked_add(prefix)?;
    rest.get(prefix..end).map(<[u8]>::to_vec)
}
