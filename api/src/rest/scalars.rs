//! Values of answers: amounts and numbers with a point as texts, times in ISO 8601, JSON as it is stored.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::SchemaType},
};
use yumascan_protocol::fixed::U64F64;

use crate::graphql::{Decimal as Written, format_time};

/// An amount, decimal digits: rao (1 TAO is 10^9 rao), or alpha-rao where the field's name says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, pattern = "^[0-9]+$", example = "1000000000")]
pub(crate) struct Rao(pub(crate) u128);

impl Serialize for Rao {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl From<u64> for Rao {
    fn from(rao: u64) -> Self {
        Self(rao.into())
    }
}

impl From<u128> for Rao {
    fn from(rao: u128) -> Self {
        Self(rao)
    }
}

/// An amount that may be below zero, decimal digits with a minus where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, pattern = "^-?[0-9]+$", example = "-1000000000")]
pub(crate) struct SignedRao(pub(crate) i128);

impl Serialize for SignedRao {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A decimal number with a point, as text, never a float. Prices are TAO for one alpha, ratios are fractions (0.25 is
/// 25 %).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(value_type = String, pattern = "^-?[0-9]+(\\.[0-9]+)?$", example = "0.034912345678")]
pub(crate) struct Decimal(pub(crate) String);

impl From<Written> for Decimal {
    fn from(written: Written) -> Self {
        Self(written.0)
    }
}

/// A moment in UTC, ISO 8601 with milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-02-03T04:05:06.000Z")]
pub(crate) struct Time(pub(crate) String);

/// Any JSON value, in the canonical form of the decoder (docs/data-dictionary.md); null where there is none.
#[derive(Debug, Clone)]
pub(crate) struct Json(Option<Box<RawValue>>);

impl Json {
    /// Stored JSON, passed on unparsed: arguments may be megabytes, and nest deeper than parsers go.
    pub(crate) fn of(text: String) -> Self {
        Self(RawValue::from_string(text).ok())
    }

    /// Stored JSON that may be absent.
    pub(crate) fn maybe(text: Option<String>) -> Self {
        text.map_or(Self(None), Self::of)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl PartialSchema for Json {
    fn schema() -> RefOr<Schema> {
        let any = ObjectBuilder::new().schema_type(SchemaType::AnyValue);
        any.description(Some("Any JSON value, in the canonical form of the decoder.")).into()
    }
}

impl ToSchema for Json {}

pub(crate) fn rao<T: Into<Rao>>(amount: Option<T>) -> Option<Rao> {
    amount.map(Into::into)
}

pub(crate) fn time(milliseconds: Option<u64>) -> Option<Time> {
    milliseconds.and_then(format_time).map(Time)
}

/// A price of U96F32 bits.
pub(crate) fn price(bits: Option<u128>) -> Option<Decimal> {
    bits.map(|bits| Written::price(bits).into())
}

/// A moving price of I96F32 bits.
pub(crate) fn moving_price(bits: Option<i128>) -> Option<Decimal> {
    bits.map(|bits| Written::moving_price(bits).into())
}

/// A share of 65535 as a fraction.
pub(crate) fn share(stored: Option<u16>) -> Option<Decimal> {
    stored.map(|stored| Written::share(stored).into())
}

/// Parts per million as a fraction.
pub(crate) fn ppm(parts: Option<i64>) -> Option<Decimal> {
    parts.map(|parts| Written::ppm(parts).into())
}

/// Parts per million as a fraction.
pub(crate) fn share_ppm(parts: Option<u64>) -> Option<Decimal> {
    parts.map(|parts| Written::share_ppm(parts).into())
}

/// A rate.
pub(crate) fn rate(value: Option<U64F64>) -> Option<Decimal> {
    value.map(|value| Written::rate(value).into())
}

/// A growth factor less one.
pub(crate) fn growth(factor: Option<U64F64>) -> Option<Decimal> {
    factor.map(|factor| Written::growth(factor).into())
}
