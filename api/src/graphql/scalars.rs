//! Custom scalars: how numbers, hashes, accounts, times and JSON look on the wire.

use async_graphql::{
    InputValueError, InputValueResult, Name, Number, Scalar, ScalarType, Value, indexmap::IndexMap,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use yumascan_chain::ids;

/// Largest integer that every JSON reader takes without loss.
const MAX_SAFE: u64 = (1 << 53) - 1;

/// Reads a whole, non-negative number from a number or from a text of digits.
fn parse_integer<T: ScalarType + async_graphql::InputType>(value: &Value) -> Result<u64, InputValueError<T>> {
    let parsed = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    parsed.ok_or_else(|| InputValueError::custom(format!("{value} is not a whole, non-negative number")))
}

fn integer_value(number: u64) -> Value {
    if number > MAX_SAFE { Value::String(number.to_string()) } else { Value::Number(Number::from(number)) }
}

/// Height of a block: a whole, non-negative number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockNumber(pub(crate) u64);

/// Height of a block: a whole, non-negative number. Written as a JSON number (heights stay far below 2^53); read from
/// a number or a string of digits.
#[Scalar(name = "BlockNumber")]
impl ScalarType for BlockNumber {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self(parse_integer(&value)?))
    }
    fn to_value(&self) -> Value {
        integer_value(self.0)
    }
}

/// A whole, non-negative number that may not fit 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Long(pub(crate) u64);

/// A whole, non-negative number that may not fit 32 bits: counts, weights, milliseconds. A JSON number up to 2^53 - 1,
/// above that a string of digits, so that nothing is lost.
#[Scalar(name = "Long")]
impl ScalarType for Long {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self(parse_integer(&value)?))
    }
    fn to_value(&self) -> Value {
        integer_value(self.0)
    }
}

/// An amount of TAO in rao.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rao(pub(crate) u128);

/// An amount of TAO in rao, 1 TAO = 1,000,000,000 rao. Always a string of digits, never a float, so that no reader
/// rounds it. Read from a string of digits or a whole number.
#[Scalar(name = "Rao")]
impl ScalarType for Rao {
    fn parse(value: Value) -> InputValueResult<Self> {
        let parsed = match &value {
            Value::Number(number) => number.as_u64().map(u128::from),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        parsed.map(Self).ok_or_else(|| {
            InputValueError::custom(format!(
                "{value} is not an amount in rao: whole digits only, e.g. \"1000000000\" for 1 TAO"
            ))
        })
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A 32-byte hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hash(pub(crate) String);

/// A 32-byte hash: 0x and 64 hexadecimal digits, written in lower case.
#[Scalar(name = "Hash")]
impl ScalarType for Hash {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        let hash: ids::Hash = text.trim().parse().map_err(InputValueError::custom)?;
        Ok(Self(hash.to_string()))
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A 32-byte account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccountId(pub(crate) String);

/// An account: SS58 with prefix 42 (`5…`). Read from SS58 of any prefix or from 0x and 64 hexadecimal digits of the
/// public key.
#[Scalar(name = "AccountId")]
impl ScalarType for AccountId {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        let account: ids::AccountId = text.trim().parse().map_err(InputValueError::custom)?;
        Ok(Self(account.to_ss58()))
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timestamp(pub(crate) u64);

/// A moment in UTC, ISO 8601 with milliseconds: `2026-02-03T04:05:06.000Z`. Read from such a text with any offset, or
/// from milliseconds since the Unix epoch.
#[Scalar(name = "Timestamp")]
impl ScalarType for Timestamp {
    fn parse(value: Value) -> InputValueResult<Self> {
        let parsed = match &value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => parse_time(text),
            _ => None,
        };
        parsed.map(Self).ok_or_else(|| {
            InputValueError::custom(format!(
                "{value} is not a time: use ISO 8601 like \"2026-02-03T04:05:06Z\" or milliseconds since the Unix epoch"
            ))
        })
    }
    fn to_value(&self) -> Value {
        format_time(self.0).map_or(Value::Null, Value::String)
    }
}

pub(crate) fn parse_time(text: &str) -> Option<u64> {
    let nanoseconds = OffsetDateTime::parse(text.trim(), &Rfc3339).ok()?.unix_timestamp_nanos();
    u64::try_from(nanoseconds / 1_000_000).ok()
}

/// `None` for moments outside of the years 0 to 9999, which a hostile timestamp inherent may name.
pub(crate) fn format_time(milliseconds: u64) -> Option<String> {
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000).ok()?;
    let format = time::macros::format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
    );
    moment.format(format).ok()
}

/// JSON text that is passed on as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Json(pub(crate) String);

/// The key by which the serializer knows text that is JSON already.
const RAW: &str = "$serde_json::private::RawValue";

/// Any JSON value, in the canonical form of the decoder: field names kept; integers of more than 32 bits as strings of
/// digits; bytes as 0x hex; accounts as SS58; enums as `{"Variant": value}`; absent options as null.
#[Scalar(name = "Json")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        serde_json::to_string(&value).map(Self).map_err(InputValueError::custom)
    }
    fn to_value(&self) -> Value {
        // Stored text is written through unparsed: arguments may be megabytes, and nest deeper than parsers go.
        Value::Object(IndexMap::from([(Name::new(RAW), Value::String(self.0.clone()))]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_iso_with_milliseconds_and_come_back() {
        assert_eq!(Timestamp(1_770_000_000_123).to_value(), Value::from("2026-02-02T02:40:00.123Z"));
        assert_eq!(
            Timestamp::parse(Value::from("2026-02-02T02:40:00.123Z")).ok(),
            Some(Timestamp(1_770_000_000_123))
        );
        assert_eq!(
            Timestamp::parse(Value::from("2026-02-02T03:40:00.123+01:00")).ok(),
            Some(Timestamp(1_770_000_000_123))
        );
        assert_eq!(Timestamp::parse(Value::from(5)).ok(), Some(Timestamp(5)));
        assert!(Timestamp::parse(Value::from("yesterday")).is_err());
        assert_eq!(Timestamp(u64::MAX).to_value(), Value::Null);
    }

    #[test]
    fn integers_beyond_every_readers_precision_are_texts() {
        assert_eq!(Long(MAX_SAFE).to_value(), Value::from(MAX_SAFE));
        assert_eq!(Long(MAX_SAFE + 1).to_value(), Value::from("9007199254740992"));
        assert_eq!(Rao(u128::MAX).to_value(), Value::from(u128::MAX.to_string()));
        assert!(Rao::parse(Value::from(1.5)).is_err());
        assert!(Rao::parse(Value::from("-1")).is_err());
    }

    #[test]
    fn json_is_written_through_however_deep_it_nests() {
        let deep = format!("{}1{}", "[".repeat(2_000), "]".repeat(2_000));
        let written = serde_json::to_string(&Json(deep.clone()).to_value()).expect("serializes");
        assert_eq!(written, deep);
    }

    #[test]
    fn hashes_and_accounts_are_brought_to_one_form() {
        let upper = format!("0x{}", "AB".repeat(32));
        assert_eq!(Hash::parse(Value::from(upper)).ok(), Some(Hash(format!("0x{}", "ab".repeat(32)))));
        let alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
        let key = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
        assert_eq!(AccountId::parse(Value::from(key)).ok(), Some(AccountId(alice.into())));
        assert!(AccountId::parse(Value::from("5Grwva")).is_err());
    }
}
