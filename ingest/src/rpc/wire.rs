//! The JSON of Substrate's RPC, read without copying what is only looked at.

use serde::Deserialize;
use yumascan_chain::{Hash, Header, SpecVersion};

/// Why JSON could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WireError(String);

/// A header as `chain_getHeader` gives it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeaderJson<'a> {
    /// 0x hex.
    #[serde(borrow)]
    pub parent_hash: &'a str,
    /// 0x hex number (some servers: a plain number).
    #[serde(borrow)]
    pub number: &'a serde_json::value::RawValue,
    /// 0x hex.
    #[serde(borrow)]
    pub state_root: &'a str,
    /// 0x hex.
    #[serde(borrow)]
    pub extrinsics_root: &'a str,
    /// Digest.
    #[serde(borrow)]
    pub digest: DigestJson<'a>,
}

/// Digest logs.
#[derive(Debug, Clone, Deserialize)]
pub struct DigestJson<'a> {
    /// Each 0x hex.
    #[serde(borrow)]
    pub logs: Vec<&'a str>,
}

/// A signed block as `chain_getBlock` gives it.
#[derive(Debug, Clone, Deserialize)]
pub struct SignedBlockJson<'a> {
    /// The block.
    #[serde(borrow)]
    pub block: BlockJson<'a>,
}

/// Header and extrinsics.
#[derive(Debug, Clone, Deserialize)]
pub struct BlockJson<'a> {
    /// Header.
    #[serde(borrow)]
    pub header: HeaderJson<'a>,
    /// Each 0x hex, length prefix included.
    #[serde(borrow)]
    pub extrinsics: Vec<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuntimeVersionJson {
    spec_version: u32,
}

impl HeaderJson<'_> {
    /// The header, typed.
    ///
    /// # Errors
    /// When a field is not the hex it should be.
    pub fn parse(&self) -> Result<Header, WireError> {
        let logs = self.digest.logs.iter().map(|log| bytes(log)).collect::<Result<_, _>>()?;
        Ok(Header {
            parent_hash: hash(self.parent_hash)?,
            number: number(self.number.get())?,
            state_root: hash(self.state_root)?,
            extrinsics_root: hash(self.extrinsics_root)?,
            logs,
        })
    }
}

impl SignedBlockJson<'_> {
    /// Reads the answer of `chain_getBlock`.
    ///
    /// # Errors
    /// When it is not a block.
    pub fn read(json: &str) -> Result<(Header, Vec<Vec<u8>>), WireError> {
        let signed: SignedBlockJson<'_> =
            serde_json::from_str(json).map_err(|error| WireError(format!("not a block: {error}")))?;
        let header = signed.block.header.parse()?;
        let extrinsics = signed.block.extrinsics.iter().map(|text| bytes(text)).collect::<Result<_, _>>()?;
        Ok((header, extrinsics))
    }
}

/// Reads a header.
///
/// # Errors
/// When it is not one.
pub fn header(json: &str) -> Result<Header, WireError> {
    let header: HeaderJson<'_> =
        serde_json::from_str(json).map_err(|error| WireError(format!("not a header: {error}")))?;
    header.parse()
}

/// Reads the answer of `state_getRuntimeVersion`.
///
/// # Errors
/// When it is not one.
pub fn spec_version(json: &str) -> Result<SpecVersion, WireError> {
    serde_json::from_str::<RuntimeVersionJson>(json)
        .map(|version| SpecVersion(version.spec_version))
        .map_err(|error| WireError(format!("not a runtime version: {error}")))
}

/// The text of a JSON string without escapes; `None` for anything else.
#[must_use]
pub fn text(value: &serde_json::value::RawValue) -> Option<&str> {
    value.get().strip_prefix('"')?.strip_suffix('"').filter(|inner| !inner.contains('\\'))
}

/// The bytes of a JSON string of hex; `None` for `null`.
///
/// # Errors
/// When it is neither.
pub fn optional_bytes(value: &serde_json::value::RawValue) -> Result<Option<Vec<u8>>, WireError> {
    if value.get() == "null" {
        return Ok(None);
    }
    let text = text(value).ok_or_else(|| WireError(format!("not a hex text: {}", start_of(value.get()))))?;
    bytes(text).map(Some)
}

/// A hash in a JSON string; `None` for `null`.
///
/// # Errors
/// When it is neither.
pub fn optional_hash(value: &serde_json::value::RawValue) -> Result<Option<Hash>, WireError> {
    if value.get() == "null" {
        return Ok(None);
    }
    text(value)
        .ok_or_else(|| WireError(format!("not a hash: {}", start_of(value.get()))))
        .and_then(hash)
        .map(Some)
}

/// A list of hashes, each may be `null`.
///
/// # Errors
/// When it is something else.
pub fn hashes(json: &str) -> Result<Vec<Option<Hash>>, WireError> {
    let texts: Vec<Option<&str>> =
        serde_json::from_str(json).map_err(|error| WireError(format!("not a list of hashes: {error}")))?;
    texts.into_iter().map(|text| text.map(hash).transpose()).collect()
}

fn bytes(text: &str) -> Result<Vec<u8>, WireError> {
    const_hex::decode(text).map_err(|error| WireError(format!("not hex ({error}): {}", start_of(text))))
}

fn hash(text: &str) -> Result<Hash, WireError> {
    text.parse().map_err(|error| WireError(format!("{error}")))
}

fn number(json: &str) -> Result<u64, WireError> {
    let inner = json.trim_matches('"');
    let parsed =
        inner.strip_prefix("0x").map_or_else(|| inner.parse(), |digits| u64::from_str_radix(digits, 16));
    parsed.map_err(|_| WireError(format!("not a block number: {}", start_of(json))))
}

fn start_of(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"{"parentHash":"0x1111111111111111111111111111111111111111111111111111111111111111","number":"0x2a","stateRoot":"0x2222222222222222222222222222222222222222222222222222222222222222","extrinsicsRoot":"0x3333333333333333333333333333333333333333333333333333333333333333","digest":{"logs":["0x0661757261"]}}"#;

    #[test]
    fn a_header_is_read_with_hex_and_with_plain_numbers() {
        let read = header(HEADER).unwrap();
        assert_eq!((read.number, read.logs.len()), (42, 1));
        assert_eq!(header(&HEADER.replace("\"0x2a\"", "42")).unwrap(), read);
    }

    #[test]
    fn what_is_not_a_header_is_refused_in_words() {
        assert!(header("null").is_err());
        assert!(header(&HEADER.replace("0x2a", "0xzz")).is_err());
        assert!(header(&HEADER.replace("0x0661757261", "0x066")).is_err());
    }

    #[test]
    fn null_is_absent_and_an_object_is_an_error() {
        let raw = |json: &str| serde_json::value::RawValue::from_string(json.to_owned()).unwrap();
        assert_eq!(optional_bytes(&raw("null")), Ok(None));
        assert_eq!(optional_bytes(&raw("\"0x0102\"")), Ok(Some(vec![1, 2])));
        assert!(optional_bytes(&raw("{}")).is_err());
        assert_eq!(hashes("[null]"), Ok(vec![None]));
    }
}
