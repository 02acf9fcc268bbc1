//! The calls, events and errors of a runtime as tables: to compare specs, and to list what a chain can do.

use super::{
    Runtime,
    names::NameId,
    program::{Field, Item, Items, Op},
    storage::TypeId,
};

/// Longest type text; what goes beyond it is cut off.
const MAX_TYPE_TEXT: usize = 160;

/// Deepest nesting shown in a type text.
const MAX_TYPE_DEPTH: usize = 4;

/// A pallet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PalletTable<'a> {
    /// Name.
    pub name: &'a str,
    /// Index of its calls, events and errors in the runtime's enums.
    pub index: u8,
    /// Calls by index.
    pub calls: Vec<ItemTable<'a>>,
    /// Events by index.
    pub events: Vec<ItemTable<'a>>,
    /// Errors by index.
    pub errors: Vec<(u8, &'a str)>,
}

/// A call or an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemTable<'a> {
    /// Name.
    pub name: &'a str,
    /// Index in its pallet.
    pub index: u8,
    /// Arguments or fields in order.
    pub fields: Vec<FieldTable<'a>>,
}

/// An argument of a call or field of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldTable<'a> {
    /// Name; empty where it has none.
    pub name: &'a str,
    /// Its type as one reads it in JSON: newtypes taken off, enums by name.
    pub type_text: String,
}

impl Runtime {
    /// All pallets by index, with their calls, events and errors.
    #[must_use]
    pub fn pallets(&self) -> Vec<PalletTable<'_>> {
        let table = |(index, name): &(u8, NameId)| PalletTable {
            name: self.names.get(*name),
            index: *index,
            calls: self.item_tables(&self.program.calls, *index),
            events: self.item_tables(&self.program.events, *index),
            errors: (0..=u8::MAX)
                .filter_map(|error| Some((error, self.names.get(self.program.error_name(*index, error)?.1))))
                .collect(),
        };
        self.pallets.iter().map(table).collect()
    }

    fn item_tables(&self, items: &Items, pallet: u8) -> Vec<ItemTable<'_>> {
        let found = |index| Some((index, items.get(items.position(pallet, index)?)?));
        let table = |(index, item): (u8, &Item)| ItemTable {
            name: self.names.get(item.name),
            index,
            fields: self.field_tables(self.program.fields(item.args.first, item.args.end)),
        };
        (0..=u8::MAX).filter_map(found).map(table).collect()
    }

    fn field_tables(&self, fields: &[Field]) -> Vec<FieldTable<'_>> {
        let table = |field: &Field| {
            let mut type_text = String::new();
            self.write_type(field.ty, 0, &mut type_text);
            FieldTable { name: self.names.get(field.name), type_text }
        };
        fields.iter().map(table).collect()
    }

    /// Bounded in depth and length, so the recursion is too.
    fn write_type(&self, ty: TypeId, depth: usize, out: &mut String) {
        if depth > MAX_TYPE_DEPTH || out.len() > MAX_TYPE_TEXT {
            out.push('…');
            return;
        }
        match self.program.op(ty) {
            Op::Null => out.push_str("()"),
            Op::Bool => out.push_str("bool"),
            Op::Char => out.push_str("char"),
            Op::Text => out.push_str("text"),
            Op::U8 => out.push_str("u8"),
            Op::U16 => out.push_str("u16"),
            Op::U32 => out.push_str("u32"),
            Op::U64 => out.push_str("u64"),
            Op::U128 => out.push_str("u128"),
            Op::I8 => out.push_str("i8"),
            Op::I16 => out.push_str("i16"),
            Op::I32 => out.push_str("i32"),
            Op::I64 => out.push_str("i64"),
            Op::I128 => out.push_str("i128"),
            Op::BigInt { bytes, signed } => {
                out.push_str(&format!("{}{}", if signed { 'i' } else { 'u' }, u32::from(bytes) * 8));
            }
            Op::Compact { bits } => out.push_str(&format!("compact u{bits}")),
            Op::Bytes => out.push_str("bytes"),
            Op::ByteArray(len) => out.push_str(&format!("bytes[{len}]")),
            Op::Account => out.push_str("AccountId"),
            Op::Sequence(element) => self.write_wrapped("[", element, "]", depth, out),
            Op::Array { element, len } => self.write_wrapped("[", element, &format!("; {len}]"), depth, out),
            Op::Option { content, .. } => self.write_wrapped("Option<", content, ">", depth, out),
            Op::Composite(shape) => {
                let shape = self.program.shapes.get(shape as usize);
                let fields = shape.map_or(&[][..], |shape| self.program.fields(shape.first, shape.end));
                self.write_fields(fields, depth, out);
            }
            Op::Enum(table) => {
                let name =
                    self.program.enums.get(table as usize).map_or("", |table| self.names.get(table.name));
                out.push_str(name.rsplit("::").next().unwrap_or(""));
            }
            Op::Bits { .. } => out.push_str("bits"),
            Op::ModuleError { .. } => out.push_str("ModuleError"),
            Op::Call => out.push_str("Call"),
            Op::Invalid(_) => out.push('?'),
        }
    }

    fn write_wrapped(&self, before: &str, ty: TypeId, after: &str, depth: usize, out: &mut String) {
        out.push_str(before);
        self.write_type(ty, depth + 1, out);
        out.push_str(after);
    }

    fn write_fields(&self, fields: &[Field], depth: usize, out: &mut String) {
        out.push('{');
        for (position, field) in fields.iter().enumerate() {
            if position > 0 {
                out.push_str(", ");
            }
            if out.len() > MAX_TYPE_TEXT {
                out.push('…');
                break;
            }
            let name = self.names.get(field.name);
            if !name.is_empty() {
                out.push_str(name);
                out.push_str(": ");
            }
            self.write_type(field.ty, depth + 1, out);
        }
        out.push('}');
    }
}
