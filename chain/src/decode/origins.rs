//! Effective origins of calls as text in the arena, and the accounts among them.

use super::scratch::Scratch;
use crate::{ids::AccountId, outcome::Origin, records::decoded::Span};

const ROOT: &str = "Root";
const NONE: &str = "None";
const UNKNOWN: &str = "Unknown";

/// Collects texts that are appended to the arena once nobody borrows from it any more.
#[derive(Debug)]
pub(super) struct Origins<'a> {
    pub(super) arena: &'a str,
    pub(super) tail: String,
    scratch: &'a mut Scratch,
    root: Span,
    none: Span,
    unknown: Span,
    signer: Option<AccountId>,
    last: Option<(Origin<'a>, Span)>,
    accounts: Vec<AccountId>,
}

impl<'a> Origins<'a> {
    pub(super) fn new(arena: &'a str, scratch: &'a mut Scratch) -> Self {
        let mut origins = Self {
            arena,
            tail: String::new(),
            scratch,
            root: Span::NONE,
            none: Span::NONE,
            unknown: Span::NONE,
            signer: None,
            last: None,
            accounts: Vec::new(),
        };
        origins.root = origins.push(ROOT);
        origins.none = origins.push(NONE);
        origins.unknown = origins.push(UNKNOWN);
        origins
    }

    /// Appends `text`.
    pub(super) fn push(&mut self, text: &str) -> Span {
        let start = self.arena.len() + self.tail.len();
        self.tail.push_str(text);
        Span::new(start, start + text.len())
    }

    /// The calls that follow are of an extrinsic signed by `signer`.
    pub(super) fn begin(&mut self, signer: Option<AccountId>, text: Span) {
        self.signer = signer;
        self.last = text.of(self.arena).map(|known| (Origin::Text(known), text));
        self.accounts.clear();
    }

    /// The text of an origin; neighbours mostly share theirs.
    pub(super) fn span(&mut self, origin: Origin<'a>) -> Span {
        match self.last {
            Some((last, span)) if last == origin => return span,
            _ => {}
        }
        let span = match origin {
            Origin::Root => self.root,
            Origin::None => self.none,
            Origin::Unknown => self.unknown,
            Origin::Account(account) => {
                self.accounts.push(account);
                let start = self.arena.len() + self.tail.len();
                let text = self.scratch.registers.ss58(&account);
                self.tail.push_str(std::str::from_utf8(text).unwrap_or(""));
                Span::new(start, self.arena.len() + self.tail.len())
            }
            Origin::Text(text) => {
                self.accounts.extend(text.parse::<AccountId>());
                self.standing(text).unwrap_or_else(|| self.push(text))
            }
        };
        self.last = Some((origin, span));
        span
    }

    /// Where `text` stands in the arena, if it was borrowed from there.
    fn standing(&self, text: &str) -> Option<Span> {
        let start = (text.as_ptr() as usize).checked_sub(self.arena.as_ptr() as usize)?;
        let span = Span::new(start, start.checked_add(text.len())?);
        (start < self.arena.len() && span.of(self.arena) == Some(text)).then_some(span)
    }

    /// Accounts other than the signer that calls of this extrinsic ran for.
    pub(super) fn others(&mut self) -> impl Iterator<Item = AccountId> {
        self.accounts.sort_unstable();
        self.accounts.dedup();
        let signer = self.signer;
        self.accounts.drain(..).filter(move |account| Some(*account) != signer)
    }
}
