//! The flat program that metadata is compiled to, and its parts.
//!
//! A value of type `ty` is decoded by `ops[ty]`. All punctuation and names are rendered beforehand: a composite
//! writes its `open` text, then for each field the field's `lead` and the value, then its `close`.

use super::{names::NameId, storage::TypeId};

/// A range of [`Program::text`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Lead {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

/// Text that ends a composite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Close {
    Nothing,
    Object,
    Array,
    ObjectInObject,
    ArrayInObject,
    CallObject,
    CallArray,
}

impl Close {
    pub(crate) fn text(self) -> &'static [u8] {
        match self {
            Self::Nothing => b"",
            Self::Object => b"}",
            Self::Array => b"]",
            Self::ObjectInObject => b"}}",
            Self::ArrayInObject => b"]}",
            Self::CallObject => b"}}}",
            Self::CallArray => b"]}}",
        }
    }
}

/// How one type is decoded. Newtypes have the op of what they wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    /// No bytes: `null`.
    Null,
    Bool,
    Char,
    Text,
    U8,
    U16,
    U32,
    U64,
    U128,
    I8,
    I16,
    I32,
    I64,
    I128,
    /// Little-endian integer of this many bytes, at most 64, as decimal string.
    BigInt {
        bytes: u8,
        signed: bool,
    },
    /// Compact integer of a type of this many bits.
    Compact {
        bits: u8,
    },
    /// Length and bytes, as hex.
    Bytes,
    /// This many bytes, as hex.
    ByteArray(u32),
    /// 32 bytes, as SS58.
    Account,
    /// Length and elements.
    Sequence(TypeId),
    /// This many elements.
    Array {
        element: TypeId,
        len: u32,
    },
    /// Index into [`Program::shapes`].
    Composite(u32),
    /// Index into [`Program::enums`].
    Enum(u32),
    /// `wrap`: the content could be `null` itself, so it is written as `{"Some":…}`.
    Option {
        content: TypeId,
        wrap: bool,
    },
    /// Bits in elements of this many bytes.
    Bits {
        store: u8,
        msb_first: bool,
    },
    /// `sp_runtime::ModuleError`: pallet index, error index (`error_len` bytes, of which the first counts;
    /// 0 stands for a plain `u8`), and the error's name.
    ModuleError {
        error_len: u8,
    },
    /// The runtime's call enum.
    Call,
    /// Cannot be decoded; index into [`Program::invalid`].
    Invalid(u32),
}

/// A field of a composite or variant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    /// What stands before its value; empty for the first field, whose lead is part of the opening text.
    pub(crate) lead: Lead,
    pub(crate) ty: TypeId,
    pub(crate) name: NameId,
}

/// Fields between an opening and a closing text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) open: Lead,
    pub(crate) first: u32,
    pub(crate) end: u32,
    pub(crate) close: Close,
}

/// Variants of an enum.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EnumTable {
    /// Start of its slots; the slot of variant `index` is at `slots + index - lowest`.
    pub(crate) slots: u32,
    pub(crate) lowest: u8,
    pub(crate) span: u16,
    /// Name of the type, for errors.
    pub(crate) name: NameId,
}

/// What the decoder does with an event beside writing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Special {
    Nothing,
    ExtrinsicSuccess,
    ExtrinsicFailed,
    FeePaid,
    Transfer,
}

/// A call or an event: a variant addressed by pallet and variant index.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item {
    pub(crate) pallet: NameId,
    pub(crate) name: NameId,
    /// Arguments alone: `{"a":…}`, `[…]` where unnamed, `{}` where none.
    pub(crate) args: Shape,
    /// What stands around the arguments of a nested call: `{"Pallet":{"call":`.
    pub(crate) prefix: Lead,
    pub(crate) special: Special,
}

/// Calls or events by pallet and variant index.
#[derive(Debug, Default)]
pub(crate) struct Items {
    pub(crate) items: Vec<Item>,
    /// Position + 1 in `items` by `pallet * 256 + variant`; 0 for none.
    pub(crate) slots: Vec<u32>,
}

impl Items {
    pub(crate) fn position(&self, pallet: u8, variant: u8) -> Option<u32> {
        let slot = usize::from(pallet) * 256 + usize::from(variant);
        self.slots.get(slot)?.checked_sub(1)
    }

    pub(crate) fn get(&self, position: u32) -> Option<&Item> {
        self.items.get(position as usize)
    }
}

/// See the module docs.
#[derive(Debug, Default)]
pub(crate) struct Program {
    pub(crate) ops: Vec<Op>,
    pub(crate) fields: Vec<Field>,
    pub(crate) shapes: Vec<Shape>,
    pub(crate) enums: Vec<EnumTable>,
    /// Position + 1 in `shapes`; 0 for none.
    pub(crate) slots: Vec<u32>,
    pub(crate) text: Vec<u8>,
    pub(crate) invalid: Vec<String>,
    pub(crate) calls: Items,
    pub(crate) events: Items,
    /// Error names by `pallet * 256 + error`; empty where the metadata has none.
    pub(crate) errors: Vec<Option<(NameId, NameId)>>,
}

impl Program {
    pub(crate) fn lead(&self, lead: Lead) -> &[u8] {
        let start = lead.start as usize;
        self.text.get(start..start + lead.len as usize).unwrap_or(&[])
    }

    pub(crate) fn op(&self, ty: TypeId) -> Op {
        self.ops.get(ty as usize).copied().unwrap_or(Op::Invalid(u32::MAX))
    }

    pub(crate) fn fields(&self, first: u32, end: u32) -> &[Field] {
        self.fields.get(first as usize..end as usize).unwrap_or(&[])
    }

    pub(crate) fn variant(&self, table: EnumTable, index: u8) -> Option<&Shape> {
        let offset = index.checked_sub(table.lowest).filter(|offset| u16::from(*offset) < table.span)?;
        let position = self.slots.get(table.slots as usize + usize::from(offset))?.checked_sub(1)?;
        self.shapes.get(position as usize)
    }

    pub(crate) fn error_name(&self, pallet: u8, error: u8) -> Option<(NameId, NameId)> {
        *self.errors.get(usize::from(pallet) * 256 + usize::from(error))?
    }
}
