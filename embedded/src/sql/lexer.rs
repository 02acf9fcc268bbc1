//! ClickHouse SQL cut into tokens: just enough to skip comments and quoted text and to count brackets.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A keyword or a bare name.
    Word,
    /// A quoted text or name, or a heredoc.
    Quoted,
    /// A number.
    Number,
    /// One byte of anything else.
    Mark,
}

/// A token: where it stands in the text, and inside how many brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) depth: usize,
}

impl Token {
    pub(super) fn is_word(&self, sql: &[u8], word: &str) -> bool {
        self.kind == TokenKind::Word && sql[self.start..self.end].eq_ignore_ascii_case(word.as_bytes())
    }

    pub(super) fn is(&self, sql: &[u8], mark: &[u8]) -> bool {
        self.kind == TokenKind::Mark && &sql[self.start..self.end] == mark
    }

    pub(super) fn text(&self, sql: &[u8]) -> String {
        String::from_utf8_lossy(&sql[self.start..self.end]).into_owned()
    }
}

/// The tokens of `sql`, comments and blanks left out. Brackets themselves have the depth outside them.
pub(super) fn tokens(sql: &[u8]) -> impl Iterator<Item = Token> {
    let (mut at, mut depth) = (0, 0_usize);
    std::iter::from_fn(move || {
        at += blank_length(&sql[at..]);
        let rest = &sql[at..];
        let first = *rest.first()?;
        let (kind, length) = match first {
            b'\'' | b'"' | b'`' => (TokenKind::Quoted, quoted_length(rest)),
            b'$' => match heredoc_length(rest) {
                Some(length) => (TokenKind::Quoted, length),
                None => (TokenKind::Mark, 1),
            },
            b'0'..=b'9' => (TokenKind::Number, word_length(rest)),
            byte if is_word_byte(byte) => (TokenKind::Word, word_length(rest)),
            _ => (TokenKind::Mark, 1),
        };
        let closing = kind == TokenKind::Mark && matches!(first, b')' | b']' | b'}');
        if closing {
            depth = depth.saturating_sub(1);
        }
        let token = Token { kind, start: at, end: at + length, depth };
        if kind == TokenKind::Mark && matches!(first, b'(' | b'[' | b'{') {
            depth += 1;
        }
        at += length;
        Some(token)
    })
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn word_length(text: &[u8]) -> usize {
    text.iter().take_while(|byte| is_word_byte(**byte)).count()
}

/// Length of the blanks and comments at the beginning.
fn blank_length(text: &[u8]) -> usize {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let line = |rest: &[u8]| rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        at += match rest {
            [first, ..] if first.is_ascii_whitespace() || *first == 0x0b => 1,
            [b'-', b'-', ..] | [b'#', b' ' | b'!', ..] => line(rest),
            [b'/', b'*', body @ ..] => {
                body.windows(2).position(|pair| pair == b"*/").map_or(rest.len(), |end| end + 4)
            }
            _ => return at,
        };
    }
}

/// Length of a quoted text, whose quotes are escaped by a backslash or by doubling.
fn quoted_length(text: &[u8]) -> usize {
    let quote = text[0];
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match *byte {
            b'\\' => at += 2,
            byte if byte == quote && text.get(at + 1) == Some(&quote) => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// Length of `$tag$ … $tag$`.
fn heredoc_length(text: &[u8]) -> Option<usize> {
    let tag = 1 + word_length(&text[1..]);
    if text.get(tag) != Some(&b'$') {
        return None;
    }
    let mark = &text[..=tag];
    let body = &text[mark.len()..];
    let end = body.windows(mark.len()).position(|window| window == mark)?;
    Some(mark.len() + end + mark.len())
}
