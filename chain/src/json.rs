//! Canonical JSON as text: how values are written, and the few readers that look into what was written.
//!
//! The readers know the decoder's own output only (no white space, ASCII punctuation); any other text gives `None`.

/// Appends `text` as JSON string.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut clean = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if !matches!(byte, b'"' | b'\\' | 0..=0x1f) {
            continue;
        }
        out.extend_from_slice(&bytes[clean..at]);
        clean = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
            }
        }
    }
    out.extend_from_slice(&bytes[clean..]);
    out.push(b'"');
}

/// Appends an integer as JSON number: for types of at most 32 bits.
pub(crate) fn write_number(value: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends an integer as JSON string: for wider types.
pub(crate) fn write_wide(value: impl itoa::Integer, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    out.push(b'"');
}

/// Appends `bytes` as JSON string of 0x hex.
pub(crate) fn write_hex(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(bytes.len() * 2 + 4);
    out.extend_from_slice(b"\"0x");
    let start = out.len();
    out.resize(start + bytes.len() * 2, b'0');
    // the lengths agree, so this cannot fail
    let _ = const_hex::encode_to_slice(bytes, &mut out[start..]);
    out.push(b'"');
}

/// Appends a little-endian integer of any width as decimal JSON string.
pub(crate) fn write_big_integer(bytes: &[u8], signed: bool, out: &mut Vec<u8>) {
    let mut digits = bytes.to_vec();
    let negative = signed && digits.last().is_some_and(|top| top & 0x80 != 0);
    if negative {
        let mut carry = true;
        for digit in &mut digits {
            let (sum, overflow) = (!*digit).overflowing_add(u8::from(carry));
            *digit = sum;
            carry = overflow;
        }
    }
    let mut text = Vec::with_capacity(bytes.len() * 3);
    while digits.iter().any(|digit| *digit != 0) {
        let mut rest = 0u32;
        for digit in digits.iter_mut().rev() {
            let value = rest << 8 | u32::from(*digit);
            *digit = (value / 10) as u8;
            rest = value % 10;
        }
        text.push(b'0' + rest as u8);
    }
    if text.is_empty() {
        text.push(b'0');
    }
    out.push(b'"');
    if negative {
        out.push(b'-');
    }
    out.extend(text.iter().rev());
    out.push(b'"');
}

/// Raw text of field `name` of a JSON object.
pub(crate) fn field<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    fields(object).find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// `(name, raw value)` of the fields of a JSON object, in order; nothing for other values.
pub(crate) fn fields(object: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = object.strip_prefix('{').unwrap_or("");
    std::iter::from_fn(move || {
        let name_len = value_len(rest)?;
        let name = text(rest.get(..name_len)?)?;
        rest = rest.get(name_len..)?.strip_prefix(':')?;
        let len = value_len(rest)?;
        let value = rest.get(..len)?;
        rest = rest.get(len..)?;
        rest = rest.strip_prefix(',').unwrap_or("");
        Some((name, value))
    })
}

/// Raw texts of the elements of a JSON array, in order; nothing for other values.
pub(crate) fn elements(array: &str) -> impl Iterator<Item = &str> {
    let mut rest = array.strip_prefix('[').unwrap_or("");
    std::iter::from_fn(move || {
        let len = value_len(rest)?;
        let value = rest.get(..len)?;
        rest = rest.get(len..)?;
        rest = rest.strip_prefix(',').unwrap_or("");
        Some(value)
    })
}

/// Field `name` of an object, or element `position` of an array (events and calls with unnamed fields).
pub(crate) fn member<'a>(args: &'a str, name: &str, position: usize) -> Option<&'a str> {
    match args.as_bytes().first()? {
        b'{' => field(args, name),
        b'[' => elements(args).nth(position),
        _ => None,
    }
}

/// `(variant, raw value)` of an enum `{"Variant":value}`.
pub(crate) fn variant(value: &str) -> Option<(&str, &str)> {
    fields(value).next()
}

/// Content of a JSON string as written (escapes are left as they are).
pub(crate) fn text(value: &str) -> Option<&str> {
    value.strip_prefix('"')?.strip_suffix('"')
}

/// An integer, whether written as number or as decimal string.
pub(crate) fn integer(value: &str) -> Option<u128> {
    text(value).unwrap_or(value).parse().ok()
}

/// Length of the JSON value that `rest` begins with.
fn value_len(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    match bytes.first()? {
        b'"' => string_end(bytes, 1),
        b'{' | b'[' => nested_end(bytes),
        b',' | b':' | b'}' | b']' => None,
        _ => {
            let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b':');
            Some(bytes.iter().position(ends).unwrap_or(bytes.len()))
        }
    }
}

/// Index after the bracket that closes the one at the start.
fn nested_end(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = 0usize;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = string_end(bytes, at + 1)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// Index after the closing quote of a string whose content begins at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let found = bytes.get(at..)?.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
        at += found + 1;
        if bytes.get(at - 1) == Some(&b'"') {
            return Some(at);
        }
        // a backslash: what follows it is part of the string
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_by_name_and_by_position() {
        let named = r#"{"who":"5a\",b","amount":"12","info":{"weight":{"ref_time":"7"},"pays_fee":{"No":null}},"n":3}"#;
        assert_eq!(field(named, "amount").and_then(integer), Some(12));
        assert_eq!(field(named, "n").and_then(integer), Some(3));
        assert_eq!(
            field(named, "info").and_then(|info| field(info, "pays_fee")).and_then(variant),
            Some(("No", "null"))
        );
        assert_eq!(fields(named).count(), 4);
        let unnamed = r#"["5a",[1,2],{"Err":{"Module":{"index":1}}},null]"#;
        assert_eq!(
            elements(unnamed).collect::<Vec<_>>(),
            [r#""5a""#, "[1,2]", r#"{"Err":{"Module":{"index":1}}}"#, "null"]
        );
        assert_eq!(member(unnamed, "x", 0).and_then(text), Some("5a"));
        assert_eq!(elements("[]").count() + fields("{}").count() + fields("null").count(), 0);
    }
}
