//! SQL text with its values apart: values are bound and escaped by the client, never put into the text.

/// A value for a `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Bind {
    Number(u64),
    Flag(bool),
    Text(String),
    Numbers(Vec<u64>),
    Texts(Vec<String>),
}

impl From<u64> for Bind {
    fn from(value: u64) -> Self {
        Self::Number(value)
    }
}
impl From<u32> for Bind {
    fn from(value: u32) -> Self {
        Self::Number(value.into())
    }
}
impl From<bool> for Bind {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}
impl From<&str> for Bind {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}
impl From<Vec<u64>> for Bind {
    fn from(value: Vec<u64>) -> Self {
        Self::Numbers(value)
    }
}
impl From<Vec<String>> for Bind {
    fn from(value: Vec<String>) -> Self {
        Self::Texts(value)
    }
}

/// A statement or a part of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sql {
    text: String,
    binds: Vec<Bind>,
}

impl Sql {
    /// Starts with `text`, which must be the program's own.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), binds: Vec::new() }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn binds(&self) -> &[Bind] {
        &self.binds
    }

    /// Adds text of the program's own.
    pub(crate) fn push(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// The value of the next `?`.
    pub(crate) fn bind(mut self, value: impl Into<Bind>) -> Self {
        self.binds.push(value.into());
        self
    }

    /// Adds another part with its values.
    pub(crate) fn append(mut self, part: &Self) -> Self {
        self.text.push_str(&part.text);
        self.binds.extend(part.binds.iter().cloned());
        self
    }

    /// Adds `((a, b), …)`, a set of (block, index) for `IN`.
    pub(crate) fn push_places(mut self, places: &[(u64, u32)]) -> Self {
        self.text.push('(');
        for (position, (block, index)) in places.iter().enumerate() {
            self.text.push_str(if position == 0 { "(?, ?)" } else { ", (?, ?)" });
            self.binds.push((*block).into());
            self.binds.push((*index).into());
        }
        self.text.push(')');
        self
    }
}

/// Conditions joined by AND.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Conditions {
    parts: Vec<Sql>,
}

impl Conditions {
    pub(crate) fn and(&mut self, part: Sql) -> &mut Self {
        self.parts.push(part);
        self
    }

    /// `column = ?` where a value is wanted.
    pub(crate) fn equal(&mut self, column: &str, value: Option<impl Into<Bind>>) -> &mut Self {
        if let Some(value) = value {
            self.and(Sql::new(format!("{column} = ?")).bind(value));
        }
        self
    }

    /// `column >= ?` where a value is wanted.
    pub(crate) fn at_least(&mut self, column: &str, value: Option<impl Into<Bind>>) -> &mut Self {
        if let Some(value) = value {
            self.and(Sql::new(format!("{column} >= ?")).bind(value));
        }
        self
    }

    /// `column <= ?` where a value is wanted.
    pub(crate) fn at_most(&mut self, column: &str, value: Option<impl Into<Bind>>) -> &mut Self {
        if let Some(value) = value {
            self.and(Sql::new(format!("{column} <= ?")).bind(value));
        }
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// ` WHERE a AND b`, or nothing.
    pub(crate) fn to_where(&self) -> Sql {
        let mut sql = Sql::default();
        for (position, part) in self.parts.iter().enumerate() {
            sql = sql.push(if position == 0 { " WHERE (" } else { " AND (" }).append(part).push(")");
        }
        sql
    }
}
