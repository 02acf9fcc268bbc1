//! One extrinsic: length, preamble, signer, extensions, call tree.

use super::{
    input::{Input, Reason, Result},
    machine::{Machine, output_limit},
    scratch::Scratch,
    tree::{NO_NODE, Tree},
};
use crate::{
    ids::{AccountId, BlockNumber, Hash},
    json,
    records::{
        Outcome,
        decoded::{CallRecord, ExtrinsicRecord, Span},
    },
    runtime::{ExtensionRole, Runtime, storage::TypeId},
};

/// How an extrinsic is authorized.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Preamble {
    Bare,
    Signed,
    General,
}

/// What a decoded extrinsic tells beside its record.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) record: ExtrinsicRecord,
    /// Signer, where it is a 32-byte account.
    pub(super) signer: Option<AccountId>,
}

/// Where an extrinsic goes: the block's arena and call records, both left as they were when it fails.
#[derive(Debug)]
pub(super) struct Output<'o> {
    pub(super) arena: &'o mut Vec<u8>,
    pub(super) calls: &'o mut Vec<CallRecord>,
    /// Length that the arena must not exceed.
    pub(super) limit: usize,
}

/// Decodes `bytes`; the accounts named in its arguments are left in the scratch's registers.
pub(super) fn decode(
    runtime: &Runtime,
    number: BlockNumber,
    index: u32,
    bytes: &[u8],
    scratch: &mut Scratch,
    output: &mut Output<'_>,
) -> Result<Decoded> {
    let (arena_start, calls_start) = (output.arena.len(), output.calls.len());
    let limit = output.limit.min(arena_start.saturating_add(output_limit(bytes.len())));
    let mut reader = Reader { runtime, number, input: Input::new(bytes), limit, scratch, output };
    let decoded = reader.extrinsic(index, bytes);
    if decoded.is_err() {
        output.arena.truncate(arena_start);
        output.calls.truncate(calls_start);
    }
    decoded
}

struct Reader<'r, 'o> {
    runtime: &'r Runtime,
    number: BlockNumber,
    input: Input<'r>,
    limit: usize,
    scratch: &'r mut Scratch,
    output: &'r mut Output<'o>,
}

impl Reader<'_, '_> {
    fn extrinsic(&mut self, index: u32, bytes: &[u8]) -> Result<Decoded> {
        let (preamble, version) = self.preamble()?;
        let mut record = ExtrinsicRecord {
            index,
            hash: Hash::blake2_256(bytes),
            length: bytes.len() as u32,
            version,
            kind: match preamble {
                Preamble::Bare => "bare",
                Preamble::Signed => "signed",
                Preamble::General => "general",
            },
            signer: Span::NONE,
            signature: Span::NONE,
            nonce: None,
            tip_rao: None,
            era: None,
            extensions: Span::NONE,
            args: Span::NONE,
            success: None,
            error: Span::NONE,
            fee_rao: None,
            pays_fee: None,
            weight: None,
            calls: (0, 0),
            event_count: 0,
        };
        let mut signer = None;
        match preamble {
            Preamble::Bare => record.extensions = self.written(b"{}"),
            Preamble::Signed => {
                (record.signer, signer) = self.signer()?;
                record.signature = self.plain(self.runtime.signature, "signature")?;
                self.extensions(None, &mut record)?;
            }
            Preamble::General => {
                let extension_version = self.input.byte()?;
                signer = self.extensions(Some(extension_version), &mut record)?;
            }
        }
        self.call(&mut record)?;
        if !self.input.is_empty() {
            let left = self.input.rest().len();
            return Err(self
                .input
                .fault(Reason::Other(format!("{left} bytes are left over after the call"))));
        }
        Ok(Decoded { record, signer })
    }

    fn preamble(&mut self) -> Result<(Preamble, u8)> {
        let at = self.input;
        let announced = self.input.length()?;
        let found = self.input.rest().len();
        if announced != found {
            let reason = format!("the length prefix says {announced} bytes, {found} follow");
            return Err(at.fault(Reason::Other(reason)));
        }
        let at = self.input;
        let first = self.input.byte()?;
        let version = first & 0b0011_1111;
        let preamble = match (first >> 6, version) {
            (0b00, 4 | 5) => Preamble::Bare,
            (0b10, 4 | 5) => Preamble::Signed,
            (0b01, 5) => Preamble::General,
            _ => return Err(at.fault(Reason::Other(format!("unknown extrinsic format 0x{first:02x}")))),
        };
        Ok((preamble, version))
    }

    fn written(&mut self, text: &[u8]) -> Span {
        let start = self.output.arena.len();
        self.output.arena.extend_from_slice(text);
        Span::new(start, self.output.arena.len())
    }

    /// Writes a value of type `ty` as it is.
    fn value(&mut self, ty: TypeId) -> Result<Span> {
        let start = self.output.arena.len();
        let mut machine = Machine {
            program: &self.runtime.program,
            names: &self.runtime.names,
            registers: &mut self.scratch.registers,
            tree: None,
            limit: self.limit,
        };
        machine.value(ty, &mut self.input, self.output.arena)?;
        Ok(Span::new(start, self.output.arena.len()))
    }

    fn plain(&mut self, ty: Option<TypeId>, what: &str) -> Result<Span> {
        match ty {
            Some(ty) => self.value(ty),
            None => Err(self.input.fault(Reason::Undecodable(format!("it names no {what} type")))),
        }
    }

    /// A part of the arena that `part` of `whole` stands at.
    fn part(&self, whole: Span, part: fn(&str) -> Option<&str>) -> Option<Span> {
        let text = self.text(whole)?;
        let part = part(text)?;
        let start = whole.start() + (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
        Some(Span::new(start, start + part.len()))
    }

    fn text(&self, span: Span) -> Option<&str> {
        std::str::from_utf8(self.output.arena.get(span.start()..span.end())?).ok()
    }

    /// The signer as text, and as account where it is one of 32 bytes.
    fn signer(&mut self) -> Result<(Span, Option<AccountId>)> {
        self.scratch.registers.accounts.clear();
        let start = self.input.offset();
        let whole = self.plain(self.runtime.address, "address")?;
        let account = self.scratch.registers.accounts.first().copied();
        if let Some(text) = self.part(whole, address_text) {
            return Ok((text, account));
        }
        let text = self.text(whole).unwrap_or("");
        let label = match json::variant(text) {
            Some(("Index", number)) => {
                format!("index:{}", if number == "null" { "" } else { number }.trim_matches('"'))
            }
            _ => format!("0x{}", const_hex::encode(self.input.since(start))),
        };
        Ok((self.written(label.as_bytes()), account))
    }

    /// Writes all extensions as one object; what they prove of a signer is returned.
    fn extensions(&mut self, version: Option<u8>, record: &mut ExtrinsicRecord) -> Result<Option<AccountId>> {
        let runtime = self.runtime;
        let extensions = match version {
            None => runtime.extensions.of_signed(),
            Some(version) => match runtime.extensions.of_general(version) {
                Some(extensions) => extensions,
                None => {
                    let reason = format!("it has no extensions of version {version}");
                    return Err(self.input.fault(Reason::Undecodable(reason)));
                }
            },
        };
        let mut proven = None;
        let start = self.output.arena.len();
        self.output.arena.push(b'{');
        for (position, extension) in extensions.iter().enumerate() {
            if position > 0 {
                self.output.arena.push(b',');
            }
            self.output.arena.extend_from_slice(runtime.program.lead(extension.lead));
            let first_byte = self.input.offset();
            self.scratch.registers.accounts.clear();
            let value = self.value(extension.ty)?;
            match extension.role {
                ExtensionRole::Other => {}
                ExtensionRole::Era => record.era = era(self.input.since(first_byte), self.number),
                ExtensionRole::Nonce => {
                    record.nonce = self.text(value).and_then(|value| find_integer(value, "nonce"));
                }
                ExtensionRole::Tip => {
                    record.tip_rao = self.text(value).and_then(|value| find_integer(value, "tip"));
                }
                ExtensionRole::Proof => {
                    if let Some(account) =
                        self.part(value, |value| proof(value, "account").and_then(json::text))
                    {
                        proven = self.scratch.registers.accounts.first().copied();
                        record.signer = account;
                        record.signature =
                            self.part(value, |value| proof(value, "signature")).unwrap_or(Span::NONE);
                    }
                }
            }
        }
        self.output.arena.push(b'}');
        record.extensions = Span::new(start, self.output.arena.len());
        Ok(proven)
    }

    /// Writes the call once, then what its nodes need beside it.
    fn call(&mut self, record: &mut ExtrinsicRecord) -> Result<()> {
        let Some(ty) = self.runtime.call else {
            return Err(self.input.fault(Reason::Undecodable("it names no call type".to_owned())));
        };
        let (registers, tree) = (&mut self.scratch.registers, &mut self.scratch.tree);
        registers.accounts.clear();
        tree.begin(self.input.rest().len());
        let mut machine = Machine {
            program: &self.runtime.program,
            names: &self.runtime.names,
            registers,
            tree: Some(tree),
            limit: self.limit,
        };
        machine.value(ty, &mut self.input, self.output.arena)?;
        self.record_calls(record);
        if self.output.arena.len() > self.output.limit {
            return Err(self.input.fault(Reason::TooLarge));
        }
        Ok(())
    }

    fn record_calls(&mut self, record: &mut ExtrinsicRecord) {
        let tree: &Tree = &self.scratch.tree;
        let (arena, calls) = (&mut *self.output.arena, &mut *self.output.calls);
        let first = calls.len() as u32;
        let paths = arena.len();
        arena.extend_from_slice(&tree.paths);
        if let Some(outer) = tree.nodes.first() {
            record.args = Span::new(outer.args.start, outer.args.end);
        }
        for (call_index, node) in tree.nodes.iter().enumerate() {
            let Some(item) = self.runtime.program.calls.get(node.item) else { continue };
            let args = tree.own_args(node, arena);
            calls.push(CallRecord {
                extrinsic_index: record.index,
                call_index: call_index as u32,
                parent_index: (node.parent != NO_NODE).then_some(node.parent),
                depth: node.depth,
                path: Span::new(paths + node.path.start, paths + node.path.end),
                pallet: item.pallet,
                call: item.name,
                role: node.role,
                origin: Span::NONE,
                outcome: Outcome::Unknown,
                error: Span::NONE,
                args: Span::new(args.start, args.end),
            });
        }
        record.calls = (first, calls.len() as u32);
    }
}

/// Text of an address that is one: `"5…"`, `"0x…"`, or the content of a `MultiAddress` variant.
fn address_text(address: &str) -> Option<&str> {
    if let Some(text) = json::text(address) {
        return Some(text);
    }
    match json::variant(address)? {
        ("Index", _) => None,
        (_, content) => json::text(content),
    }
}

/// A member of `{"Signed":{"signature":…,"account":…}}`, the proof of a general extrinsic.
fn proof<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    match json::variant(value)? {
        ("Signed", content) => json::field(content, name),
        _ => json::field(value, name),
    }
}

/// An integer that stands alone, or under `name`, or alone in wrappers.
fn find_integer(value: &str, name: &str) -> Option<u64> {
    let mut value = value;
    for _ in 0..8 {
        if let Some(found) = json::integer(value) {
            return u64::try_from(found).ok();
        }
        value = match json::field(value, name) {
            Some(named) => named,
            None => json::variant(value).map(|(_, inner)| inner).or_else(|| json::elements(value).next())?,
        };
    }
    None
}

/// First block of a mortal era, and the first after it, from the one or two bytes of the era.
fn era(bytes: &[u8], current: BlockNumber) -> Option<(u64, u64)> {
    let [low, high] = *bytes.first_chunk::<2>()?;
    let encoded = u16::from_le_bytes([low, high]);
    let period = 2u64 << (encoded % 16);
    let quantize = (period >> 12).max(1);
    let phase = u64::from(encoded >> 4) * quantize;
    if period < 4 || phase >= period {
        return None;
    }
    let birth = (current.max(phase) - phase) / period * period + phase;
    Some((birth, birth.checked_add(period)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eras_give_birth_and_death_as_the_runtime_computes_them() {
        // period 64, phase 42: blocks 42..106, 106..170
        let encoded = (42u16 << 4 | 5).to_le_bytes();
        assert_eq!(era(&encoded, 42), Some((42, 106)));
        assert_eq!(era(&encoded, 105), Some((42, 106)));
        assert_eq!(era(&encoded, 106), Some((106, 170)));
        assert_eq!(era(&[0], 106), None);
        // period 65536 is quantized by 16
        let encoded = (100u16 << 4 | 15).to_le_bytes();
        assert_eq!(era(&encoded, 70_000), Some((67_136, 132_672)));
    }

    #[test]
    fn integers_are_found_in_wrappers() {
        assert_eq!(find_integer("7", "tip"), Some(7));
        assert_eq!(find_integer(r#""7""#, "tip"), Some(7));
        assert_eq!(find_integer(r#"{"tip":"7","asset_id":null}"#, "tip"), Some(7));
        assert_eq!(find_integer(r#"{"charge":{"tip":"7"}}"#, "tip"), Some(7));
        assert_eq!(find_integer("null", "tip"), None);
    }
}
