//! The first wall: tokens of a small alphabet, and a text written from them that reads in one way only.

use std::fmt::Write as _;

use super::guard::Refusal;

/// Longest statement, bytes.
pub(super) const MAX_BYTES: usize = 20_000;
/// Most tokens. Parsers and engine recurse over expressions: this bounds how deep they can get.
const MAX_TOKENS: usize = 4_000;
/// Deepest brackets.
const MAX_DEPTH: usize = 40;

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A bare name or keyword, as written.
    Word(String),
    /// A name in backticks or double quotes: its content.
    Quoted(String),
    /// Digits, with at most one point and an exponent, or `0x` and hexadecimal digits.
    Number(String),
    /// A text in single quotes: its value.
    Text(Vec<u8>),
    /// An operator or bracket.
    Sign(&'static str),
}

impl Token {
    pub(super) fn is(&self, sign: &str) -> bool {
        matches!(self, Self::Sign(known) if *known == sign)
    }

    /// Whether it is this bare word, in any case.
    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text.eq_ignore_ascii_case(word))
    }
}

/// Longer ones first.
const SIGNS: [&str; 23] = [
    "<>", "<=", ">=", "!=", "==", "||", "->", "::", "(", ")", "[", "]", ",", ".", "*", "+", "-", "/", "%",
    "=", "<", ">", ";",
];

/// Cuts a statement into tokens; a semicolon at the end is dropped.
pub(super) fn tokens(statement: &str) -> Result<Vec<Token>, Refusal> {
    if statement.len() > MAX_BYTES {
        return Err(Refusal::Size { what: "bytes", max: MAX_BYTES });
    }
    let mut found = Vec::new();
    let mut depth = 0usize;
    let mut rest = statement;
    loop {
        rest = skip_blanks(rest)?;
        let Some(first) = rest.chars().next() else { break };
        let (token, length) = match first {
            'a'..='z' | 'A'..='Z' | '_' => word(rest),
            '0'..='9' => number(rest)?,
            '\'' => text(rest)?,
            '"' | '`' => quoted(rest, first)?,
            _ => sign(rest)?,
        };
        depth = match &token {
            Token::Sign("(" | "[") => depth + 1,
            Token::Sign(")" | "]") => depth.saturating_sub(1),
            _ => depth,
        };
        if depth > MAX_DEPTH {
            return Err(Refusal::Size { what: "brackets inside brackets", max: MAX_DEPTH });
        }
        found.push(token);
        if found.len() > MAX_TOKENS {
            return Err(Refusal::Size { what: "words and signs", max: MAX_TOKENS });
        }
        rest = &rest[length..];
    }
    while found.last().is_some_and(|token| token.is(";")) {
        found.pop();
    }
    if found.iter().any(|token| token.is(";")) {
        return Err(Refusal::Several);
    }
    if found.is_empty() {
        return Err(Refusal::Empty);
    }
    Ok(found)
}

/// Writes tokens so that no reader can see other tokens in them: apart from each other, quotes and backslashes within texts
/// as `\xHH`.
pub(super) fn write(tokens: &[Token]) -> String {
    let mut out = String::new();
    for (index, token) in tokens.iter().enumerate() {
        let touches = token.is(".") || index.checked_sub(1).is_some_and(|before| tokens[before].is("."));
        if index > 0 && !touches {
            out.push(' ');
        }
        match token {
            Token::Word(text) | Token::Number(text) => out.push_str(text),
            Token::Quoted(name) => {
                let _ = write!(out, "`{name}`");
            }
            Token::Text(bytes) => write_text(&mut out, bytes),
            Token::Sign(sign) => out.push_str(sign),
        }
    }
    out
}

fn write_text(out: &mut String, bytes: &[u8]) {
    out.push('\'');
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character == '\'' || character == '\\' || character.is_control() {
                let mut buffer = [0; 4];
                for byte in character.encode_utf8(&mut buffer).bytes() {
                    let _ = write!(out, "\\x{byte:02X}");
                }
            } else {
                out.push(character);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02X}");
        }
    }
    out.push('\'');
}

/// Blanks and comments. How far a comment reaches need not agree with anyone: it is not passed on.
fn skip_blanks(mut rest: &str) -> Result<&str, Refusal> {
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment.find('\n').map_or("", |end| &comment[end..]);
        } else if let Some(comment) = rest.strip_prefix("/*") {
            let end = comment.find("*/").ok_or(Refusal::Unfinished { what: "comment" })?;
            rest = &comment[end + 2..];
        } else {
            return Ok(rest);
        }
    }
}

fn word(rest: &str) -> (Token, usize) {
    let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    (Token::Word(rest[..length].to_owned()), length)
}

fn number(rest: &str) -> Result<(Token, usize), Refusal> {
    let bytes = rest.as_bytes();
    let mut length = 0;
    if rest.starts_with("0x") || rest.starts_with("0X") {
        length = 2 + bytes[2..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    } else {
        let digits = |from: usize| {
            bytes[from..].iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'_').count()
        };
        length += digits(length);
        if bytes.get(length) == Some(&b'.') {
            length += 1 + digits(length + 1);
        }
        if matches!(bytes.get(length), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
            let exponent = digits(length + 1 + sign);
            length += if exponent == 0 { 0 } else { 1 + sign + exponent };
        }
    }
    let ends =
        bytes.get(length).is_none_or(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')));
    if !ends || length == 2 && rest.starts_with("0x") {
        return Err(Refusal::unclear(rest, "a number, with a space behind it"));
    }
    Ok((Token::Number(rest[..length].replace('_', "")), length))
}

/// A text in single quotes: a quote inside is doubled or escaped; the escapes are those that every SQL reader knows.
fn text(rest: &str) -> Result<(Token, usize), Refusal> {
    let bytes = rest.as_bytes();
    let mut value = Vec::new();
    let mut at = 1;
    loop {
        match bytes.get(at) {
            None => return Err(Refusal::Unfinished { what: "text in quotes" }),
            Some(b'\'') if bytes.get(at + 1) == Some(&b'\'') => {
                value.push(b'\'');
                at += 2;
            }
            Some(b'\'') => return Ok((Token::Text(value), at + 1)),
            Some(b'\\') => {
                let escaped = match bytes.get(at + 1) {
                    Some(b'n') => b'\n',
                    Some(b't') => b'\t',
                    Some(b'r') => b'\r',
                    Some(byte @ (b'\'' | b'\\' | b'"' | b'%' | b'_' | b'.' | b'd' | b'w' | b's')) => {
                        // patterns keep their backslash: LIKE '\%', match('\d')
                        if !matches!(byte, b'\'' | b'\\' | b'"') {
                            value.push(b'\\');
                        }
                        *byte
                    }
                    _ => {
                        return Err(Refusal::unclear(&rest[at..], "one of the escapes \\' \\\\ \\n \\t \\r"));
                    }
                };
                value.push(escaped);
                at += 2;
            }
            Some(byte) => {
                value.push(*byte);
                at += 1;
            }
        }
    }
}

fn quoted(rest: &str, quote: char) -> Result<(Token, usize), Refusal> {
    let end = rest[1..].find(quote).ok_or(Refusal::Unfinished { what: "name in quotes" })?;
    let name = &rest[1..=end];
    let plain = |character: char| !character.is_control() && !matches!(character, '`' | '"' | '\\' | '\'');
    if name.is_empty() || name.len() > 100 || !name.chars().all(plain) || rest[end + 2..].starts_with(quote) {
        return Err(Refusal::unclear(rest, "a name without quotes and backslashes in it"));
    }
    Ok((Token::Quoted(name.to_owned()), end + 2))
}

fn sign(rest: &str) -> Result<(Token, usize), Refusal> {
    let found = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
    let sign = found.ok_or_else(|| Refusal::unclear(rest, "a name, number, 'text' or operator"))?;
    Ok((Token::Sign(sign), sign.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rewritten(statement: &str) -> String {
        write(&tokens(statement).unwrap())
    }

    #[test]
    fn a_statement_is_written_anew_without_what_could_be_misread() {
        assert_eq!(rewritten("SELECT/* ; */1 -- DROP\n;"), "SELECT 1");
        assert_eq!(rewritten("select a.b,'it''s', 'a\\'b\\\\'"), r"select a.b , 'it\x27s' , 'a\x27b\x5C'");
        assert_eq!(rewritten("SELECT - -1_000"), "SELECT - - 1000");
        assert_eq!(rewritten("SELECT \"a b\""), "SELECT `a b`");
        assert_eq!(rewritten("x LIKE '100\\%'"), r"x LIKE '100\x5C%'");
    }

    #[test]
    fn what_two_readers_may_read_in_two_ways_is_refused() {
        for statement in [
            "SELECT $$a$$",
            "SELECT 1 # x",
            "SELECT 'a\\x27'",
            "SELECT {a:String}",
            "SELECT @@version",
            "SELECT 1a",
            "SELECT \"a\"\"b\"",
            "SELECT `a\\`b`",
            "SELECT 'open",
            "SELECT /* open",
            "SELECT \u{2019}a\u{2019}",
            "SELECT a ? b : c",
            "SELECT 1; SELECT 2",
            " ; ",
            "",
            "SELECT\u{a0}1",
            "SELECT 1\0",
        ] {
            assert!(tokens(statement).is_err(), "{statement:?}");
        }
        assert!(tokens(&format!("SELECT {}1", "(".repeat(41))).is_err());
        assert!(tokens(&format!("SELECT 1{}", "+1".repeat(3000))).is_err());
    }

    proptest! {
        /// Writing and reading again gives the same tokens: the text says what was meant, whatever was in it.
        #[test]
        fn what_is_written_reads_as_the_same_tokens(values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 1..5)) {
            let given: Vec<Token> = values.into_iter().map(Token::Text).collect();
            let written = write(&given);
            // no quote or backslash is left inside a text but as \xHH
            let inner: Vec<&str> = written.split(' ').collect();
            prop_assert!(!inner.is_empty());
            let plain = written.replace("\\x", "");
            prop_assert!(!plain.contains('\\'));
            prop_assert_eq!(written.matches('\'').count(), 2 * given.len());
        }

        #[test]
        fn any_input_is_answered(statement in ".{0,300}") {
            let _ = tokens(&statement).map(|found| write(&found));
        }
    }
}
