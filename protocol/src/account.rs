//! Accounts: 32 bytes, ordered by those bytes, as the chain orders its maps.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// An account: a hotkey, a coldkey. In text it is `0x` and 64 hex digits.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub [u8; 32]);

impl fmt::Display for AccountId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AccountId({self})")
    }
}

impl Serialize for AccountId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is not 0x and 64 hex digits")))
    }
}

fn parse(text: &str) -> Option<AccountId> {
    let digits = text.strip_prefix("0x")?.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let nibble = |digit: &u8| char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
        let [high, low] = pair else { return None };
        *byte = nibble(high)? << 4 | nibble(low)?;
    }
    Some(AccountId(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_comes_back_and_garbage_is_refused() {
        let account = AccountId(std::array::from_fn(|index| u8::try_from(index * 7).unwrap()));
        let text = serde_json::to_string(&account).unwrap();
        assert_eq!(serde_json::from_str::<AccountId>(&text).unwrap(), account);
        for garbage in ["\"\"", "\"0x\"", "\"0x00\"", "\"00\"", "7"] {
            assert!(serde_json::from_str::<AccountId>(garbage).is_err(), "{garbage}");
        }
        let not_hex = format!("\"0x{}\"", "zz".repeat(32));
        assert!(serde_json::from_str::<AccountId>(&not_hex).is_err());
    }
}
