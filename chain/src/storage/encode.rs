//! JSON to SCALE, for the keys people ask for. The inverse of canonical JSON, and somewhat more forgiving.

use parity_scale_codec::{Compact, Encode};
use serde_json::Value;

use crate::{
    ids::AccountId,
    runtime::{
        Runtime,
        program::{Op, Shape},
        storage::TypeId,
    },
};

/// How deep values may be nested; keys are flat in practice.
const MAX_DEPTH: usize = 32;

/// Text as typed on a command line: JSON where it is JSON, else text. Plain integers stay text, because JSON
/// numbers lose digits.
pub(super) fn typed_by_hand(text: &str) -> Value {
    let trimmed = text.trim();
    if trimmed.parse::<i128>().is_ok() || trimmed.parse::<u128>().is_ok() {
        return Value::String(trimmed.to_owned());
    }
    serde_json::from_str(trimmed).unwrap_or_else(|_| Value::String(trimmed.to_owned()))
}

/// Appends the SCALE bytes of `value` as a value of type `ty`; the error says what was expected.
pub(super) fn write(runtime: &Runtime, ty: TypeId, value: &Value, out: &mut Vec<u8>) -> Result<(), String> {
    Encoder { runtime }.value(ty, value, out, 0)
}

struct Encoder<'r> {
    runtime: &'r Runtime,
}

impl Encoder<'_> {
    fn value(&self, ty: TypeId, value: &Value, out: &mut Vec<u8>, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(format!("values are nested more than {MAX_DEPTH} deep"));
        }
        let program = &self.runtime.program;
        match program.op(ty) {
            Op::Null => expect(value.is_null(), "null", value),
            Op::Bool => match (value.as_bool(), value.as_str()) {
                (Some(bit), _) => push(out, &[u8::from(bit)]),
                (None, Some("true")) => push(out, &[1]),
                (None, Some("false")) => push(out, &[0]),
                _ => Err(wanted("true or false", value)),
            },
            Op::U8 => integer::<u8>(value).map(|number| number.encode_to(out)),
            Op::U16 => integer::<u16>(value).map(|number| number.encode_to(out)),
            Op::U32 => integer::<u32>(value).map(|number| number.encode_to(out)),
            Op::U64 => integer::<u64>(value).map(|number| number.encode_to(out)),
            Op::U128 => integer::<u128>(value).map(|number| number.encode_to(out)),
            Op::I8 => integer::<i8>(value).map(|number| number.encode_to(out)),
            Op::I16 => integer::<i16>(value).map(|number| number.encode_to(out)),
            Op::I32 => integer::<i32>(value).map(|number| number.encode_to(out)),
            Op::I64 => integer::<i64>(value).map(|number| number.encode_to(out)),
            Op::I128 => integer::<i128>(value).map(|number| number.encode_to(out)),
            Op::Compact { bits } => {
                let number = integer::<u128>(value)?;
                if bits < 128 && number >> bits != 0 {
                    return Err(wanted(&format!("an integer of {bits} bits"), value));
                }
                Compact(number).encode_to(out);
                Ok(())
            }
            Op::Account => {
                let account = value.as_str().and_then(|text| text.parse::<AccountId>().ok());
                let account = account.ok_or_else(|| wanted("an SS58 address or 32 bytes of hex", value))?;
                push(out, &account.0)
            }
            Op::Bytes => {
                let bytes = bytes(value)?;
                bytes.encode_to(out);
                Ok(())
            }
            Op::ByteArray(len) => {
                let bytes = bytes(value)?;
                expect(bytes.len() == len as usize, &format!("{len} bytes of hex"), value)?;
                push(out, &bytes)
            }
            Op::Text => {
                let text = value.as_str().ok_or_else(|| wanted("text", value))?;
                text.encode_to(out);
                Ok(())
            }
            Op::Char => {
                let mut characters = value.as_str().unwrap_or_default().chars();
                match (characters.next(), characters.next()) {
                    (Some(character), None) => push(out, &u32::from(character).to_le_bytes()),
                    _ => Err(wanted("one character", value)),
                }
            }
            Op::BigInt { bytes, signed } => big_integer(usize::from(bytes), signed, value, out),
            Op::Sequence(element) => {
                let elements = value.as_array().ok_or_else(|| wanted("an array", value))?;
                Compact(u32::try_from(elements.len()).map_err(|_| "too many elements")?).encode_to(out);
                elements.iter().try_for_each(|each| self.value(element, each, out, depth + 1))
            }
            Op::Array { element, len } => {
                let elements = value.as_array().filter(|elements| elements.len() == len as usize);
                let elements = elements.ok_or_else(|| wanted(&format!("an array of {len}"), value))?;
                elements.iter().try_for_each(|each| self.value(element, each, out, depth + 1))
            }
            Op::Option { content, wrap } => {
                if value.is_null() {
                    return push(out, &[0]);
                }
                let inner = match wrap {
                    true => value.get("Some").ok_or_else(|| wanted(r#"null or {"Some": …}"#, value))?,
                    false => value,
                };
                out.push(1);
                self.value(content, inner, out, depth + 1)
            }
            Op::Composite(shape) => match program.shapes.get(shape as usize) {
                Some(shape) => self.fields(shape, value, out, depth),
                None => Err("the metadata does not tell its type".to_owned()),
            },
            Op::Enum(table) => self.variant(table, value, out, depth),
            Op::Bits { .. } | Op::ModuleError { .. } | Op::Call | Op::Invalid(_) => {
                Err("a value of this type cannot be given as JSON; give the key's SCALE bytes".to_owned())
            }
        }
    }

    fn fields(&self, shape: &Shape, value: &Value, out: &mut Vec<u8>, depth: usize) -> Result<(), String> {
        let fields = self.runtime.program.fields(shape.first, shape.end);
        let name_of = |index: usize| fields.get(index).map_or("", |field| self.runtime.names.get(field.name));
        let values: Vec<&Value> = match value {
            Value::Array(values) => values.iter().collect(),
            Value::Object(named) => {
                let found: Option<Vec<&Value>> =
                    (0..fields.len()).map(|index| named.get(name_of(index))).collect();
                found.filter(|found| found.len() == named.len()).unwrap_or_default()
            }
            _ => Vec::new(),
        };
        if values.len() != fields.len() {
            let names: Vec<&str> = (0..fields.len()).map(name_of).collect();
            let expected = match names.iter().all(|name| name.is_empty()) {
                true => format!("an array of {}", names.len()),
                false => format!("an object with the fields {}", names.join(", ")),
            };
            return Err(wanted(&expected, value));
        }
        fields.iter().zip(values).try_for_each(|(field, value)| self.value(field.ty, value, out, depth + 1))
    }

    fn variant(&self, table: u32, value: &Value, out: &mut Vec<u8>, depth: usize) -> Result<(), String> {
        let program = &self.runtime.program;
        let table =
            program.enums.get(table as usize).copied().ok_or("the metadata does not tell its type")?;
        let (name, content) = match value {
            Value::String(name) => (name.as_str(), &Value::Null),
            Value::Object(map) if map.len() == 1 => match map.iter().next() {
                Some((name, content)) => (name.as_str(), content),
                None => return Err(wanted("a variant", value)),
            },
            _ => return Err(wanted(r#"a variant, as in {"Name": …}"#, value)),
        };
        let opening = format!("{{{}:", Value::from(name)).into_bytes();
        let variants = (0..table.span).filter_map(|offset| {
            let index = table.lowest.checked_add(u8::try_from(offset).ok()?)?;
            Some((index, program.variant(table, index)?))
        });
        let mut known = variants.clone().filter(|(_, shape)| program.lead(shape.open).starts_with(&opening));
        let Some((index, shape)) = known.next() else {
            let names: Vec<String> =
                variants.filter_map(|(_, shape)| variant_name(program.lead(shape.open))).collect();
            return Err(wanted(&format!("one of {}", names.join(", ")), value));
        };
        out.push(index);
        match program.fields(shape.first, shape.end) {
            [] => expect(content.is_null(), "null (the variant has no fields)", content),
            [only] if self.runtime.names.get(only.name).is_empty() => {
                self.value(only.ty, content, out, depth + 1)
            }
            _ => self.fields(shape, content, out, depth),
        }
    }
}

/// Name of the variant whose opening text is `{"Name":…`.
fn variant_name(opening: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(opening.strip_prefix(b"{\"")?).ok()?;
    text.split_once("\":").map(|(name, _)| name.to_owned())
}

fn push(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), String> {
    out.extend_from_slice(bytes);
    Ok(())
}

fn expect(holds: bool, expected: &str, value: &Value) -> Result<(), String> {
    if holds { Ok(()) } else { Err(wanted(expected, value)) }
}

fn wanted(expected: &str, value: &Value) -> String {
    let mut shown = value.to_string();
    if let Some((cut, _)) = shown.char_indices().nth(80) {
        shown.truncate(cut);
        shown.push('…');
    }
    format!("{expected} was expected, not {shown}")
}

fn integer<T: std::str::FromStr>(value: &Value) -> Result<T, String> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => String::new(),
    };
    let kind = std::any::type_name::<T>();
    text.parse().map_err(|_| wanted(&format!("an integer of type {kind}"), value))
}

fn bytes(value: &Value) -> Result<Vec<u8>, String> {
    let hex = value.as_str().filter(|text| text.starts_with("0x"));
    hex.and_then(|hex| const_hex::decode(hex).ok()).ok_or_else(|| wanted("0x hex", value))
}

/// Decimal text to little-endian bytes, for integers beyond 128 bits; `0x` hex counts as big-endian digits.
fn big_integer(len: usize, signed: bool, value: &Value, out: &mut Vec<u8>) -> Result<(), String> {
    let fail = || wanted(&format!("an integer of {} bits", len * 8), value);
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return Err(fail()),
    };
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) if signed => (true, digits),
        Some(_) => return Err(fail()),
        None => (false, text.as_str()),
    };
    let (radix, digits) = digits.strip_prefix("0x").map_or((10, digits), |hex| (16, hex));
    if digits.is_empty() {
        return Err(fail());
    }
    let mut number = vec![0u8; len];
    for digit in digits.chars() {
        let mut carry = digit.to_digit(radix).ok_or_else(fail)?;
        for byte in &mut number {
            let wide = u32::from(*byte) * radix + carry;
            *byte = wide as u8;
            carry = wide >> 8;
        }
        if carry != 0 {
            return Err(fail());
        }
    }
    let zero = number.iter().all(|byte| *byte == 0);
    if negative {
        let mut carry = true;
        for byte in &mut number {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    let reads_negative = signed && number.last().is_some_and(|top| top & 0x80 != 0);
    if reads_negative != (negative && !zero) {
        return Err(fail());
    }
    out.extend_from_slice(&number);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn runtime() -> &'static Runtime {
        static RUNTIME: std::sync::OnceLock<Runtime> = std::sync::OnceLock::new();
        RUNTIME.get_or_init(|| {
            let packed = include_bytes!("../../tests/fixtures/metadata/377.v16.scale.zst");
            Runtime::compile(&zstd::decode_all(packed.as_slice()).unwrap()).unwrap()
        })
    }

    fn cannot_be_given(reason: &str) -> bool {
        reason.contains("cannot be given as JSON") || reason.contains("nested more than")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever bytes decode to, encodes to these bytes: every type of a runtime, decoder and encoder at once.
        #[test]
        fn json_of_any_value_encodes_back_to_its_bytes(bytes in prop::collection::vec(any::<u8>(), 0..96), small in any::<bool>()) {
            // small bytes are more often lengths, options and variants that exist
            let bytes: Vec<u8> = bytes.iter().map(|byte| if small { byte % 8 } else { *byte }).collect();
            for ty in 0..runtime().program.ops.len() as TypeId {
                let (mut rest, mut text) = (bytes.as_slice(), Vec::new());
                if runtime().write_json(ty, &mut rest, &mut text).is_err() {
                    continue;
                }
                let value: Value = serde_json::from_slice(&text).unwrap();
                let mut scale = Vec::new();
                match write(runtime(), ty, &value, &mut scale) {
                    Ok(()) => prop_assert_eq!(&scale, &bytes[..bytes.len() - rest.len()], "type {}: {}", ty, value),
                    Err(reason) => prop_assert!(cannot_be_given(&reason), "type {}: {}", ty, reason),
                }
            }
        }
    }

    #[test]
    fn values_typed_by_hand_keep_their_digits() {
        assert_eq!(
            typed_by_hand("340282366920938463463374607431768211455"),
            json!("340282366920938463463374607431768211455")
        );
        assert_eq!(typed_by_hand(" 12 "), json!("12"));
        assert_eq!(typed_by_hand("true"), json!(true));
        assert_eq!(typed_by_hand(r#"{"Id":3}"#), json!({"Id": 3}));
        assert_eq!(typed_by_hand("5Grw"), json!("5Grw"));
    }

    #[test]
    fn big_integers_keep_their_range() {
        let encode = |len, signed, text: &str| {
            let mut out = Vec::new();
            big_integer(len, signed, &json!(text), &mut out).map(|()| out)
        };
        assert_eq!(encode(2, false, "65535"), Ok(vec![255, 255]));
        assert_eq!(encode(2, false, "0x0102"), Ok(vec![2, 1]));
        assert_eq!(encode(2, true, "-32768"), Ok(vec![0, 128]));
        assert_eq!(encode(2, true, "-1"), Ok(vec![255, 255]));
        assert_eq!(encode(2, true, "-0"), Ok(vec![0, 0]));
        for (signed, text) in
            [(false, "65536"), (false, "-1"), (true, "32768"), (true, "-32769"), (false, ""), (false, "1x")]
        {
            assert!(encode(2, signed, text).is_err(), "{text}");
        }
    }
}
