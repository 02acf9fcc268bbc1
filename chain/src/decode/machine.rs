//! The machine that executes a program: one pass over the bytes, straight to JSON text.
//!
//! Its stack is its own, so that neither deeply nested values nor deeply nested types can exhaust the thread's.
//! Every step writes something, and what may be written is bounded by the length of the input: hostile lengths of
//! elements that take no bytes, and types that contain themselves without taking any, end at that bound.

use super::{
    input::{Input, Reason, Result},
    tree::Tree,
};
use crate::{
    ids::AccountId,
    json::{write_big_integer, write_hex, write_number, write_text, write_wide},
    runtime::{
        names::RuntimeNames,
        program::{Close, Op, Program, Shape},
        storage::TypeId,
    },
    ss58,
};

/// Bytes of output that one item may have, however short it is.
const OUTPUT_FLOOR: usize = 1 << 20;

/// Bytes of output for each byte of an item beyond that.
const OUTPUT_FACTOR: usize = 512;

/// Longest output that an item (an extrinsic, the events that follow, a stored value) of `len` bytes justifies.
pub(crate) fn output_limit(len: usize) -> usize {
    len.saturating_mul(OUTPUT_FACTOR).saturating_add(OUTPUT_FLOOR)
}

/// What is still to be done once the value at hand is written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Frame {
    /// Fields from `next` to `end` of a composite or variant.
    Fields { next: u32, end: u32, close: Close },
    /// Arguments from `next` to `end` of the call tree's current node.
    Arguments { next: u32, end: u32, close: Close },
    /// Elements of a sequence or array; a comma stands before all but the first.
    Elements { ty: TypeId, left: u32, is_first: bool },
}

/// Working memory of a machine, kept from value to value.
#[derive(Debug)]
pub(crate) struct Registers {
    stack: Vec<Frame>,
    ss58: ss58::Cache,
    /// Accounts met since this was last cleared, in order.
    pub(crate) accounts: Vec<AccountId>,
}

impl Registers {
    pub(crate) fn new() -> Self {
        Self { stack: Vec::new(), ss58: ss58::Cache::new(), accounts: Vec::new() }
    }

    /// Gives back what an uncommonly large value took.
    pub(crate) fn trim(&mut self, bytes: usize) {
        self.accounts.clear();
        self.accounts.shrink_to(bytes / size_of::<AccountId>());
        self.stack.clear();
        self.stack.shrink_to(bytes / size_of::<Frame>());
    }

    pub(crate) fn ss58(&mut self, account: &AccountId) -> &[u8] {
        self.ss58.text(&account.0)
    }
}

/// See the module docs.
#[derive(Debug)]
pub(crate) struct Machine<'m> {
    pub(crate) program: &'m Program,
    pub(crate) names: &'m RuntimeNames,
    pub(crate) registers: &'m mut Registers,
    /// Where calls are to be unfolded; without it they are written like other enums.
    pub(crate) tree: Option<&'m mut Tree>,
    /// Length that the output must not exceed.
    pub(crate) limit: usize,
}

impl Machine<'_> {
    /// Writes one value of type `ty`.
    pub(crate) fn value(&mut self, ty: TypeId, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<()> {
        self.registers.stack.clear();
        self.begin(ty, input, out)?;
        self.run(input, out)
    }

    /// Writes the fields of `shape` with its punctuation.
    pub(crate) fn shape(&mut self, shape: &Shape, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<()> {
        self.registers.stack.clear();
        self.open(shape, out);
        self.run(input, out)
    }

    fn open(&mut self, shape: &Shape, out: &mut Vec<u8>) {
        out.extend_from_slice(self.program.lead(shape.open));
        if shape.first == shape.end {
            out.extend_from_slice(shape.close.text());
        } else {
            self.registers.stack.push(Frame::Fields {
                next: shape.first,
                end: shape.end,
                close: shape.close,
            });
        }
    }

    /// Works the stack off.
    fn run(&mut self, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<()> {
        while let Some(frame) = self.registers.stack.pop() {
            if out.len() > self.limit {
                return Err(input.fault(Reason::TooLarge));
            }
            match frame {
                Frame::Fields { next, end, close } => self.fields(next, end, close, input, out)?,
                Frame::Arguments { next, end, close } => self.argument(next, end, close, input, out)?,
                Frame::Elements { ty, left, is_first } => self.elements(ty, left, is_first, input, out)?,
            }
        }
        Ok(())
    }

    #[inline]
    fn fields(
        &mut self,
        next: u32,
        end: u32,
        close: Close,
        input: &mut Input<'_>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let program = self.program;
        for (field, done) in program.fields(next, end).iter().zip(next + 1..) {
            out.extend_from_slice(program.lead(field.lead));
            let op = program.op(field.ty);
            if self.leaf(op, input, out)? {
                continue;
            }
            // come back for the fields that follow, or for the closing text
            self.registers.stack.push(Frame::Fields { next: done, end, close });
            return self.nested(op, input, out);
        }
        out.extend_from_slice(close.text());
        Ok(())
    }

    fn argument(
        &mut self,
        next: u32,
        end: u32,
        close: Close,
        input: &mut Input<'_>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let program = self.program;
        for (field, done) in program.fields(next, end).iter().zip(next + 1..) {
            out.extend_from_slice(program.lead(field.lead));
            let op = program.op(field.ty);
            if self.leaf(op, input, out)? {
                continue;
            }
            if let Some(tree) = self.tree.as_deref_mut() {
                tree.at_argument(field.name);
            }
            self.registers.stack.push(Frame::Arguments { next: done, end, close });
            return self.nested(op, input, out);
        }
        // a call closes `{"Pallet":{"call":{…}}}`: its arguments end at the first bracket
        let (arguments, around) = close.text().split_at(1);
        out.extend_from_slice(arguments);
        let args_end = out.len();
        out.extend_from_slice(around);
        if let Some(tree) = self.tree.as_deref_mut() {
            tree.leave(args_end, out.len());
        }
        Ok(())
    }

    fn elements(
        &mut self,
        ty: TypeId,
        left: u32,
        is_first: bool,
        input: &mut Input<'_>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let op = self.program.op(ty);
        for done in 0..left {
            if done > 0 || !is_first {
                out.push(b',');
            }
            if out.len() > self.limit {
                return Err(input.fault(Reason::TooLarge));
            }
            if self.leaf(op, input, out)? {
                continue;
            }
            self.registers.stack.push(Frame::Elements { ty, left: left - done - 1, is_first: false });
            return self.nested(op, input, out);
        }
        out.push(b']');
        Ok(())
    }

    fn begin(&mut self, ty: TypeId, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<()> {
        let op = self.program.op(ty);
        if self.leaf(op, input, out)? { Ok(()) } else { self.nested(op, input, out) }
    }

    /// Writes a value that contains no others; `false` for all other ops.
    #[inline]
    fn leaf(&mut self, op: Op, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<bool> {
        match op {
            Op::Null => out.extend_from_slice(b"null"),
            Op::Bool => match input.byte()? {
                0 => out.extend_from_slice(b"false"),
                1 => out.extend_from_slice(b"true"),
                other => return Err(input.fault(Reason::Tag(other))),
            },
            Op::U8 => write_number(input.byte()?, out),
            Op::U16 => write_number(u16::from_le_bytes(*input.array()?), out),
            Op::U32 => write_number(u32::from_le_bytes(*input.array()?), out),
            Op::U64 => write_wide(u64::from_le_bytes(*input.array()?), out),
            Op::U128 => write_wide(u128::from_le_bytes(*input.array()?), out),
            Op::I8 => write_number(i8::from_le_bytes(*input.array()?), out),
            Op::I16 => write_number(i16::from_le_bytes(*input.array()?), out),
            Op::I32 => write_number(i32::from_le_bytes(*input.array()?), out),
            Op::I64 => write_wide(i64::from_le_bytes(*input.array()?), out),
            Op::I128 => write_wide(i128::from_le_bytes(*input.array()?), out),
            Op::Compact { bits } => {
                let value = input.compact(bits)?;
                match u64::try_from(value) {
                    Ok(value) if bits <= 32 => write_number(value, out),
                    Ok(value) => write_wide(value, out),
                    Err(_) => write_wide(value, out),
                }
            }
            Op::Account => {
                let account = input.array::<32>()?;
                self.registers.accounts.push(AccountId(*account));
                out.push(b'"');
                out.extend_from_slice(self.registers.ss58.text(account));
                out.push(b'"');
            }
            Op::ByteArray(len) => write_hex(input.take(len as usize)?, out),
            Op::Bytes => {
                let len = input.length()?;
                write_hex(input.take(len)?, out);
            }
            Op::Text => {
                let len = input.length()?;
                let bytes = input.take(len)?;
                match std::str::from_utf8(bytes) {
                    Ok(text) => write_text(text, out),
                    Err(_) => return Err(input.fault(Reason::Utf8)),
                }
            }
            Op::Char | Op::BigInt { .. } | Op::Bits { .. } | Op::ModuleError { .. } => {
                self.rare_leaf(op, input, out)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    #[cold]
    fn rare_leaf(&mut self, op: Op, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<()> {
        match op {
            Op::Char => {
                let code = u32::from_le_bytes(*input.array()?);
                match char::from_u32(code) {
                    Some(character) => write_text(character.encode_utf8(&mut [0; 4]), out),
                    None => return Err(input.fault(Reason::Char(code))),
                }
            }
            Op::BigInt { bytes, signed } => write_big_integer(input.take(usize::from(bytes))?, signed, out),
            Op::Bits { store, msb_first } => write_bits(usize::from(store), msb_first, input, out)?,
            Op::ModuleError { error_len } => {
                let pallet = input.byte()?;
                let error = input.take(usize::from(error_len.max(1)))?;
                out.extend_from_slice(br#"{"index":"#);
                write_number(pallet, out);
                out.extend_from_slice(br#","error":"#);
                match (error_len, error) {
                    (0, [error, ..]) => write_number(*error, out),
                    _ => write_hex(error, out),
                }
                let first = error.first().copied().unwrap_or(0);
                if let Some((pallet, error)) = self.program.error_name(pallet, first) {
                    out.extend_from_slice(br#","name":"#);
                    let name = format!("{}.{}", self.names.get(pallet), self.names.get(error));
                    write_text(&name, out);
                }
                out.push(b'}');
            }
            _ => {}
        }
        Ok(())
    }

    /// Writes the beginning of a value that contains others, and puts the rest of it on the stack.
    fn nested(&mut self, op: Op, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<()> {
        let program = self.program;
        match op {
            Op::Composite(shape) => match program.shapes.get(shape as usize) {
                Some(shape) => self.open(shape, out),
                None => return Err(self.undecodable(u32::MAX, input)),
            },
            Op::Enum(table) => {
                let Some(table) = program.enums.get(table as usize) else {
                    return Err(self.undecodable(u32::MAX, input));
                };
                let at = *input;
                let index = input.byte()?;
                let Some(shape) = program.variant(*table, index) else {
                    let of = self.names.get(table.name).to_owned();
                    return Err(at.fault(Reason::Variant { of, index }));
                };
                self.open(shape, out);
            }
            Op::Option { .. } => self.option(op, input, out)?,
            Op::Sequence(element) => {
                let len = input.length()?;
                self.begin_elements(element, len as u32, out);
            }
            Op::Array { element, len } => self.begin_elements(element, len, out),
            Op::Call => self.call(input, out)?,
            Op::Invalid(reason) => return Err(self.undecodable(reason, input)),
            // leaves are written before one comes here
            _ => return Err(self.undecodable(u32::MAX, input)),
        }
        Ok(())
    }

    /// Writes an option, and the options in it, without recursion.
    fn option(&mut self, op: Op, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<()> {
        let mut op = op;
        while let Op::Option { content, wrap } = op {
            if out.len() > self.limit {
                return Err(input.fault(Reason::TooLarge));
            }
            match input.byte()? {
                0 => {
                    out.extend_from_slice(b"null");
                    return Ok(());
                }
                1 if wrap => {
                    out.extend_from_slice(br#"{"Some":"#);
                    self.registers.stack.push(Frame::Fields { next: 0, end: 0, close: Close::Object });
                }
                1 => {}
                other => return Err(input.fault(Reason::Tag(other))),
            }
            op = self.program.op(content);
        }
        if self.leaf(op, input, out)? { Ok(()) } else { self.nested(op, input, out) }
    }

    fn begin_elements(&mut self, ty: TypeId, len: u32, out: &mut Vec<u8>) {
        out.push(b'[');
        self.registers.stack.push(Frame::Elements { ty, left: len, is_first: true });
    }

    fn call(&mut self, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<()> {
        let program = self.program;
        let at = *input;
        let [pallet, variant] = *input.array::<2>()?;
        let Some(position) = program.calls.position(pallet, variant) else {
            return Err(
                at.fault(Reason::Other(format!("the runtime has no call {variant} in pallet {pallet}")))
            );
        };
        let Some(item) = program.calls.get(position) else { return Err(self.undecodable(u32::MAX, input)) };
        let value_start = out.len();
        out.extend_from_slice(program.lead(item.prefix));
        let args_start = out.len();
        out.extend_from_slice(program.lead(item.args.open));
        let close = match item.args.close {
            Close::Array => Close::CallArray,
            _ => Close::CallObject,
        };
        let (next, end) = (item.args.first, item.args.end);
        if let Some(tree) = self.tree.as_deref_mut() {
            if !tree.enter(position, value_start, args_start) {
                return Err(at.fault(Reason::TooLarge));
            }
            if next == end {
                let args_end = out.len();
                out.extend_from_slice(b"}}");
                tree.leave(args_end, out.len());
            } else {
                self.registers.stack.push(Frame::Arguments { next, end, close });
            }
            return Ok(());
        }
        if next == end {
            out.extend_from_slice(b"}}");
        } else {
            self.registers.stack.push(Frame::Fields { next, end, close });
        }
        Ok(())
    }

    #[cold]
    fn undecodable(&self, reason: u32, input: &Input<'_>) -> super::input::Fault {
        let reason = self.program.invalid.get(reason as usize).map_or("unknown type", String::as_str);
        input.fault(Reason::Undecodable(reason.to_owned()))
    }
}

/// `"0b0110"`, first bit first.
fn write_bits(store: usize, msb_first: bool, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<()> {
    let bits = input.length()?;
    let store_bits = store * 8;
    let elements = bits.div_ceil(store_bits);
    let bytes = input.take(elements * store)?;
    out.extend_from_slice(b"\"0b");
    for bit in 0..bits {
        let (element, within) = (bit / store_bits, bit % store_bits);
        let within = if msb_first { store_bits - 1 - within } else { within };
        let byte = bytes.get(element * store + within / 8).copied().unwrap_or(0);
        out.push(b'0' + (byte >> (within % 8) & 1));
    }
    out.push(b'"');
    Ok(())
}
