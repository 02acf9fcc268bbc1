//! Canonical JSON as text: the few readers that look into what the decoder has just written.
//!
//! They know the decoder's own output only (no white space, ASCII punctuation); any other text gives `None`.

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
    let mut depth = 0usize;
    let mut at = 0usize;
    loop {
        match bytes.get(at)? {
            b'"' => at = string_end(bytes, at + 1)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
                continue;
            }
            b'}' | b']' => {
                // closes the enclosing value: there is none left here
                depth = depth.checked_sub(1)?;
                at += 1;
            }
            b',' | b':' if depth == 0 => return None,
            b',' | b':' => {
                at += 1;
                continue;
            }
            _ => {
                at += 1;
                while matches!(bytes.get(at), Some(byte) if !matches!(byte, b',' | b'}' | b']' | b':')) {
                    at += 1;
                }
            }
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Index after the closing quote of a string whose content begins at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
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
