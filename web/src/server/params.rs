//! The query string: filters, tabs and cursors, read strictly and written back into links.

use yumascan_warehouse::{Cursor, Order, PageRequest, query::Range};

use super::PageError;
use crate::text;

const DAY_MS: u64 = 86_400_000;

/// Parameters of a request, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

/// Where in a list a page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// What the warehouse is asked.
    pub request: PageRequest,
}

impl Params {
    /// Parameters as decoded from the query; blank ones (empty form fields) are dropped.
    #[must_use]
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name, value.trim().to_owned()))
                .filter(|(_, value)| !value.is_empty())
                .collect(),
        )
    }

    /// First value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All parameters but one.
    pub fn others<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter(move |(key, _)| key != name).map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether any of the names is given.
    #[must_use]
    pub fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.get(name).is_some())
    }

    /// A link to `path` with the given parameters changed (`None` removes one).
    #[must_use]
    pub fn link(&self, path: &str, changes: &[(&str, Option<&str>)]) -> String {
        let kept = self.0.iter().filter(|(key, _)| changes.iter().all(|(changed, _)| changed != key));
        let added = changes.iter().filter_map(|(key, value)| value.map(|value| (*key, value)));
        let pairs: Vec<String> = kept
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .chain(added)
            .map(|(key, value)| format!("{}={}", text::encode(key), text::encode(value)))
            .collect();
        if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
    }

    /// A whole number, with or without thousands separators.
    ///
    /// # Errors
    /// [`PageError::BadRequest`] for anything else.
    pub fn number(&self, name: &str, label: &str) -> Result<Option<u64>, PageError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let digits: String =
            value.trim_start_matches('#').chars().filter(|digit| !matches!(digit, ',' | '_')).collect();
        digits.parse().map(Some).map_err(|_| PageError::bad(label, value, "a whole number such as 3010"))
    }

    /// An amount in TAO, as rao.
    ///
    /// # Errors
    /// [`PageError::BadRequest`] for anything else.
    pub fn tao(&self, name: &str, label: &str) -> Result<Option<u64>, PageError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        text::parse_tao(value)
            .map(Some)
            .ok_or_else(|| PageError::bad(label, value, "an amount of TAO such as 1.5"))
    }

    /// An account, in its canonical form.
    ///
    /// # Errors
    /// [`PageError::BadRequest`] for what is no account.
    pub fn account(&self, name: &str, label: &str) -> Result<Option<String>, PageError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        value
            .parse::<yumascan_chain::AccountId>()
            .map(|account| Some(account.to_ss58()))
            .map_err(|_| PageError::bad(label, value, "an SS58 address or a 0x public key of 32 bytes"))
    }

    /// `yes`, `no`, or anything (`any`, absent).
    ///
    /// # Errors
    /// [`PageError::BadRequest`] for other texts.
    pub fn choice(&self, name: &str, label: &str, yes: &str, no: &str) -> Result<Option<bool>, PageError> {
        match self.get(name) {
            None | Some("any") => Ok(None),
            Some(value) if value == yes => Ok(Some(true)),
            Some(value) if value == no => Ok(Some(false)),
            Some(value) => Err(PageError::bad(label, value, &format!("`{yes}`, `{no}` or `any`"))),
        }
    }

    /// `Pallet`, `Pallet.item` or `.item`.
    #[must_use]
    pub fn name(&self, name: &str) -> (Option<String>, Option<String>) {
        let Some(value) = self.get(name) else { return (None, None) };
        let (pallet, item) = value.split_once('.').unwrap_or((value, ""));
        let part = |text: &str| (!text.is_empty() && text != "*").then(|| text.to_owned());
        (part(pallet), part(item))
    }

    /// Range of blocks (`from`, `to`) and days (`since`, `until`, UTC).
    ///
    /// # Errors
    /// [`PageError::BadRequest`] for what is neither.
    pub fn range(&self) -> Result<Range, PageError> {
        let moment = |name: &str, label: &str, whole_day: u64| -> Result<Option<u64>, PageError> {
            match self.get(name) {
                None => Ok(None),
                Some(value) => {
                    let ms = text::parse_utc(value)
                        .ok_or_else(|| PageError::bad(label, value, "a day such as 2026-02-11"))?;
                    // A bare day means all of it.
                    Ok(Some(if value.len() == 10 { ms + whole_day } else { ms }))
                }
            }
        };
        Ok(Range {
            from_block: self.number("from", "From block")?,
            to_block: self.number("to", "To block")?,
            from_ms: moment("since", "Since", 0)?,
            to_ms: moment("until", "Until", DAY_MS - 1)?,
        })
    }

    /// The page of a list that `after`, `before` and `n` ask for.
    ///
    /// # Errors
    /// [`PageError::BadRequest`] for cursors that are none.
    pub fn paging(&self) -> Result<Paging, PageError> {
        let limit = match self.number("n", "Rows")? {
            None => 50,
            Some(rows @ 1..=100) => u32::try_from(rows).unwrap_or(50),
            Some(rows) => return Err(PageError::bad("Rows", &rows.to_string(), "at most 100")),
        };
        let request = PageRequest {
            limit,
            order: Order::Newest,
            after: self.cursor("after")?,
            before: self.cursor("before")?,
        };
        Ok(Paging { request })
    }

    /// A position such as `3010-4-0`.
    ///
    /// # Errors
    /// [`PageError::BadRequest`] for anything else.
    pub fn cursor(&self, name: &str) -> Result<Option<Cursor>, PageError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let parse = || {
            let mut parts = value.split('-');
            let block = parts.next()?.parse().ok()?;
            let major = parts.next().unwrap_or("0").parse().ok()?;
            let minor = parts.next().unwrap_or("0").parse().ok()?;
            parts.next().is_none().then_some(Cursor { block, major, minor })
        };
        parse().map(Some).ok_or_else(|| {
            PageError::bad("Page position", value, "one that this site made; start from the first page")
        })
    }
}

/// A position as text, as [`Params::cursor`] reads it.
#[must_use]
pub(crate) fn cursor_text(cursor: Cursor) -> String {
    format!("{}-{}-{}", cursor.block, cursor.major, cursor.minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Params {
        Params::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn links_keep_filters_and_encode_hostile_values() {
        let given = params(&[("call", "A&B=\"<x>"), ("after", "1-2-3"), ("blank", " ")]);
        assert_eq!(given.link("/x", &[("after", None)]), "/x?call=A%26B%3D%22%3Cx%3E");
        assert_eq!(given.link("/x", &[("after", Some("4-5-6")), ("call", None)]), "/x?after=4-5-6");
        assert_eq!(params(&[]).link("/x", &[]), "/x");
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let cursor = Cursor { block: 3_010, major: 7, minor: 499 };
        assert_eq!(params(&[("after", &cursor_text(cursor))]).cursor("after").unwrap(), Some(cursor));
        assert!(params(&[("after", "1-2-3-4")]).cursor("after").is_err());
        assert!(params(&[("after", "-1")]).cursor("after").is_err());
    }

    #[test]
    fn a_bare_day_means_the_whole_day() {
        let range = params(&[("since", "2026-02-11"), ("until", "2026-02-11")]).range().unwrap();
        assert_eq!(range.to_ms.unwrap() - range.from_ms.unwrap(), DAY_MS - 1);
        assert!(params(&[("since", "soon")]).range().is_err());
        assert!(params(&[("from", "-3")]).range().is_err());
    }
}
