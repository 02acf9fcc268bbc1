//! Fields of events and calls, by name or by position.

use serde_json::Value;
use yumascan_chain::AccountId;

/// The arguments of an event or call: an object where its fields are named, else an array.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Args(Value);

impl Args {
    /// From canonical JSON; text of any other form has no fields.
    pub(super) fn parse(json: &str) -> Self {
        Self(serde_json::from_str(json).unwrap_or_default())
    }

    /// Fields of a value.
    pub(super) fn of(value: Value) -> Self {
        Self(value)
    }

    /// How many fields there are.
    pub(super) fn len(&self) -> usize {
        match &self.0 {
            Value::Array(fields) => fields.len(),
            Value::Object(fields) => fields.len(),
            _ => 0,
        }
    }

    /// A field by name or, where fields have none, by position.
    pub(super) fn get(&self, name: &str, position: usize) -> Option<&Value> {
        match &self.0 {
            // arguments that are no longer used keep their name behind an underscore
            Value::Object(fields) => fields.get(name).or_else(|| fields.get(&format!("_{name}"))),
            Value::Array(fields) => fields.get(position),
            _ => None,
        }
    }

    /// The same for arguments of calls, which all have names.
    pub(super) fn named(&self, name: &str) -> Option<&Value> {
        self.get(name, usize::MAX)
    }

    /// An account, SS58.
    pub(super) fn account(&self, name: &str, position: usize) -> Option<String> {
        self.get(name, position).and_then(account)
    }

    /// Text as it is: hashes, 20-byte addresses.
    pub(super) fn text(&self, name: &str, position: usize) -> Option<String> {
        self.get(name, position).and_then(Value::as_str).map(str::to_owned)
    }

    /// An integer of up to 16 bits.
    pub(super) fn u16(&self, name: &str, position: usize) -> Option<u16> {
        self.get(name, position).and_then(integer)
    }

    /// An integer of up to 64 bits.
    pub(super) fn u64(&self, name: &str, position: usize) -> Option<u64> {
        self.get(name, position).and_then(integer)
    }
}

/// An account, SS58; `None` for anything else.
pub(super) fn account(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    text.parse::<AccountId>().is_ok().then(|| text.to_owned())
}

/// An integer, written as a number or as text; `None` where it does not fit.
pub(super) fn integer<T: TryFrom<u128>>(value: &Value) -> Option<T> {
    let number = match value {
        Value::Number(number) => number.as_u64().map(u128::from)?,
        Value::String(digits) => digits.parse().ok()?,
        _ => return None,
    };
    T::try_from(number).ok()
}

/// Bits of a fixed-point number, `{"bits": "…"}`; also those of a number that an event has without its type.
pub(super) fn bits(value: &Value) -> Option<i128> {
    let bits = value.get("bits").unwrap_or(value);
    match bits {
        Value::Number(number) => number.as_i64().map(i128::from),
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    }
}

/// Name of the variant of an enum.
pub(super) fn variant(value: &Value) -> Option<&str> {
    value.as_object()?.keys().next().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_name_and_by_position() {
        let alice = AccountId([1; 32]).to_ss58();
        let named =
            Args::parse(&format!(r#"{{"netuid":3,"hotkey":"{alice}","_amount":"18446744073709551615"}}"#));
        assert_eq!(named.u16("netuid", 9), Some(3));
        assert_eq!(named.account("hotkey", 9), Some(alice.clone()));
        assert_eq!(named.u64("amount", 0), Some(u64::MAX));
        assert_eq!(named.u64("absent", 0), None);
        let unnamed = Args::parse(&format!(r#"["{alice}",70000,"x"]"#));
        assert_eq!((unnamed.len(), unnamed.account("coldkey", 0)), (3, Some(alice)));
        assert_eq!((unnamed.u16("netuid", 1), unnamed.u64("tao", 1)), (None, Some(70_000)));
        assert_eq!((unnamed.account("hotkey", 2), unnamed.u64("tao", 7)), (None, None));
        assert_eq!(Args::parse("not json").len(), 0);
    }
}
