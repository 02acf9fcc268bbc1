//! The compiler: metadata types to [`Program`].

use scale_info::{Field as TypeField, PortableType, TypeDef, TypeDefPrimitive, form::PortableForm};

use super::{
    names::{NameId, NameTable},
    program::{Close, EnumTable, Field, Lead, Op, Program, Shape},
    registry::{Registry, last_segment, path_text},
    storage::TypeId,
};
use crate::json::write_text;

/// Longest chain of wrappers around the content of a compact.
const MAX_COMPACT_WRAPPERS: usize = 16;

/// Compiles the types of a registry; calls and events are added by [`super::items`].
pub(super) struct Compiler<'a> {
    pub(super) registry: Registry<'a>,
    pub(super) program: Program,
    pub(super) names: NameTable,
    /// First of the fields of each variant of each type, so that calls and events can share them.
    variant_shapes: Vec<Vec<(u8, u32)>>,
}

impl<'a> Compiler<'a> {
    pub(super) fn new(types: &'a [PortableType]) -> Self {
        Self {
            registry: Registry::new(types),
            program: Program::default(),
            names: NameTable::default(),
            variant_shapes: vec![Vec::new(); types.len()],
        }
    }

    /// Compiles all types; `call` is the runtime's call enum.
    pub(super) fn compile_types(&mut self, call: Option<TypeId>) {
        let ids = 0..self.registry.len() as TypeId;
        self.program.ops = vec![Op::Null; self.registry.len()];
        for id in ids.clone() {
            if self.registry.canonical(id) == Some(id) {
                self.program.ops[id as usize] = self.compile_type(id);
            }
        }
        if let Some(call) = call.and_then(|call| self.registry.canonical(call)) {
            self.program.ops[call as usize] = Op::Call;
        }
        for id in ids {
            self.program.ops[id as usize] = match self.registry.canonical(id) {
                Some(end) => self.program.ops[end as usize],
                None => self.invalid(format!("type {id} wraps itself or an unknown type")),
            };
        }
    }

    fn invalid(&mut self, reason: String) -> Op {
        self.program.invalid.push(reason);
        Op::Invalid((self.program.invalid.len() - 1) as u32)
    }

    fn compile_type(&mut self, id: TypeId) -> Op {
        let Some(ty) = self.registry.find(id) else { return self.invalid(format!("type {id} is unknown")) };
        if self.registry.is_account(ty) {
            return Op::Account;
        }
        if let Some(bytes) = self.registry.big_integer(ty) {
            return Op::BigInt { bytes, signed: false };
        }
        match &ty.ty.type_def {
            TypeDef::Primitive(primitive) => primitive_op(primitive),
            TypeDef::Sequence(sequence) if self.registry.is_byte(sequence.type_param.id) => Op::Bytes,
            TypeDef::Sequence(sequence) => Op::Sequence(sequence.type_param.id),
            TypeDef::Array(array) if self.registry.is_byte(array.type_param.id) => Op::ByteArray(array.len),
            TypeDef::Array(array) => Op::Array { element: array.type_param.id, len: array.len },
            TypeDef::Compact(compact) => self.compile_compact(compact.type_param.id, 0),
            TypeDef::BitSequence(bits) => self.compile_bits(bits.bit_store_type.id, bits.bit_order_type.id),
            TypeDef::Tuple(tuple) if tuple.fields.is_empty() => Op::Null,
            TypeDef::Tuple(tuple) => {
                let fields = tuple.fields.iter().map(|field| (None, field.id)).collect::<Vec<_>>();
                self.composite(&fields)
            }
            TypeDef::Composite(composite) if composite.fields.is_empty() => Op::Null,
            TypeDef::Composite(composite) => match self.module_error(&composite.fields) {
                Some(op) if last_segment(ty) == "ModuleError" => op,
                _ => self.composite(&field_list(&composite.fields)),
            },
            TypeDef::Variant(_) => self.compile_enum(id),
        }
    }

    fn compile_compact(&mut self, content: TypeId, wrappers: usize) -> Op {
        let end = self.registry.canonical(content).and_then(|end| self.registry.find(end));
        match end.map(|end| &end.ty.type_def) {
            Some(TypeDef::Primitive(primitive)) => match primitive {
                TypeDefPrimitive::U8 => Op::Compact { bits: 8 },
                TypeDefPrimitive::U16 => Op::Compact { bits: 16 },
                TypeDefPrimitive::U32 => Op::Compact { bits: 32 },
                TypeDefPrimitive::U64 => Op::Compact { bits: 64 },
                TypeDefPrimitive::U128 => Op::Compact { bits: 128 },
                other => self.invalid(format!("{other:?} has no compact form")),
            },
            Some(TypeDef::Tuple(tuple)) if tuple.fields.is_empty() => Op::Null,
            Some(TypeDef::Composite(composite)) if composite.fields.is_empty() => Op::Null,
            Some(TypeDef::Composite(composite)) if wrappers < MAX_COMPACT_WRAPPERS => {
                match composite.fields.as_slice() {
                    // `CompactAs` of a struct with one named field
                    [only] => {
                        let op = self.compile_compact(only.ty.id, wrappers + 1);
                        let inner = self.synthetic(op);
                        self.composite(&[(only.name.as_deref(), inner)])
                    }
                    _ => self.invalid(format!("type {content} has no compact form")),
                }
            }
            _ => self.invalid(format!("type {content} has no compact form")),
        }
    }

    /// Adds an op that is no type of the registry.
    fn synthetic(&mut self, op: Op) -> TypeId {
        self.program.ops.push(op);
        (self.program.ops.len() - 1) as TypeId
    }

    fn compile_bits(&mut self, store: TypeId, order: TypeId) -> Op {
        let store = match self.registry.canonical_def(store) {
            Some(TypeDef::Primitive(TypeDefPrimitive::U8)) => 1,
            Some(TypeDef::Primitive(TypeDefPrimitive::U16)) => 2,
            Some(TypeDef::Primitive(TypeDefPrimitive::U32)) => 4,
            Some(TypeDef::Primitive(TypeDefPrimitive::U64)) => 8,
            _ => return self.invalid("bits are stored in elements that are no unsigned integers".to_owned()),
        };
        match self.registry.find(order).map(last_segment) {
            Some("Lsb0") => Op::Bits { store, msb_first: false },
            Some("Msb0") => Op::Bits { store, msb_first: true },
            _ => self.invalid("bits are in an unknown order".to_owned()),
        }
    }

    fn composite(&mut self, fields: &[(Option<&str>, TypeId)]) -> Op {
        let shape = self.shape(b"", fields, [Close::Object, Close::Array]);
        self.program.shapes.push(shape);
        Op::Composite((self.program.shapes.len() - 1) as u32)
    }

    pub(super) fn add_text(&mut self, text: &[u8]) -> Lead {
        let start = self.program.text.len() as u32;
        self.program.text.extend_from_slice(text);
        Lead { start, len: text.len() as u32 }
    }

    /// Fields with their punctuation: an object where all are named, else an array. `close` ends the one or the other.
    fn shape(&mut self, before: &[u8], fields: &[(Option<&str>, TypeId)], close: [Close; 2]) -> Shape {
        let named = fields.iter().all(|(name, _)| name.is_some());
        let first = self.program.fields.len() as u32;
        let mut open = before.to_vec();
        open.push(if named { b'{' } else { b'[' });
        for (position, (name, ty)) in fields.iter().enumerate() {
            let mut lead = Vec::new();
            if position > 0 {
                lead.push(b',');
            }
            if named {
                write_text(name.unwrap_or(""), &mut lead);
                lead.push(b':');
            }
            let name = self.names.intern(name.unwrap_or(""));
            let lead = if position == 0 {
                open.extend_from_slice(&lead);
                Lead::default()
            } else {
                self.add_text(&lead)
            };
            self.program.fields.push(Field { lead, ty: *ty, name });
        }
        let [object, array] = close;
        Shape {
            open: self.add_text(&open),
            first,
            end: self.program.fields.len() as u32,
            close: if named { object } else { array },
        }
    }

    /// The op of `sp_runtime::ModuleError`, of which the error was one byte before it became four.
    fn module_error(&self, fields: &[TypeField<PortableForm>]) -> Option<Op> {
        let [index, error] = fields else { return None };
        if index.name.as_deref() != Some("index")
            || error.name.as_deref() != Some("error")
            || !self.registry.is_byte(index.ty.id)
        {
            return None;
        }
        if self.registry.is_byte(error.ty.id) {
            return Some(Op::ModuleError { error_len: 0 });
        }
        let len = self.registry.array_of(error.ty.id, &TypeDefPrimitive::U8)?;
        let error_len = u8::try_from(len).ok().filter(|len| *len > 0)?;
        Some(Op::ModuleError { error_len })
    }

    fn compile_option(&self, ty: &PortableType) -> Option<Op> {
        let TypeDef::Variant(def) = &ty.ty.type_def else { return None };
        let [none, some] = def.variants.as_slice() else { return None };
        let named = none.name == "None" && some.name == "Some" && ty.ty.path.segments == ["Option"];
        let [content] = some.fields.as_slice() else { return None };
        if !named || none.index != 0 || some.index != 1 || !none.fields.is_empty() || content.name.is_some() {
            return None;
        }
        let content = content.ty.id;
        let wrap = match self.registry.canonical(content).and_then(|end| self.registry.find(end)) {
            Some(end) => match &end.ty.type_def {
                TypeDef::Tuple(tuple) => tuple.fields.is_empty(),
                TypeDef::Composite(composite) => composite.fields.is_empty(),
                TypeDef::Compact(compact) => {
                    !matches!(self.registry.canonical_def(compact.type_param.id), Some(TypeDef::Primitive(_)))
                }
                TypeDef::Variant(_) => end.ty.path.segments == ["Option"],
                _ => false,
            },
            None => false,
        };
        Some(Op::Option { content, wrap })
    }

    fn compile_enum(&mut self, id: TypeId) -> Op {
        let Some(ty) = self.registry.find(id) else { return self.invalid(format!("type {id} is unknown")) };
        let TypeDef::Variant(def) = &ty.ty.type_def else {
            return self.invalid(format!("type {id} is no enum"));
        };
        if let Some(op) = self.compile_option(ty) {
            return op;
        }
        let is_dispatch_error = last_segment(ty) == "DispatchError";
        let lowest = def.variants.iter().map(|variant| variant.index).min().unwrap_or(0);
        let highest = def.variants.iter().map(|variant| variant.index).max().unwrap_or(0);
        let span = if def.variants.is_empty() { 0 } else { u16::from(highest - lowest) + 1 };
        let slots = self.program.slots.len();
        self.program.slots.resize(slots + usize::from(span), 0);
        for variant in &def.variants {
            let slot = slots + usize::from(variant.index - lowest);
            if self.program.slots[slot] != 0 {
                continue;
            }
            let mut before = b"{".to_vec();
            write_text(&variant.name, &mut before);
            before.push(b':');
            let shape = match (self.module_error(&variant.fields), variant.fields.as_slice()) {
                (Some(op), _) if is_dispatch_error && variant.name == "Module" => {
                    let ty = self.synthetic(op);
                    self.single_field(&before, ty)
                }
                (_, []) => {
                    before.extend_from_slice(b"null}");
                    let first = self.program.fields.len() as u32;
                    Shape { open: self.add_text(&before), first, end: first, close: Close::Nothing }
                }
                (_, [only]) if only.name.is_none() => self.single_field(&before, only.ty.id),
                (_, fields) => {
                    self.shape(&before, &field_list(fields), [Close::ObjectInObject, Close::ArrayInObject])
                }
            };
            self.program.shapes.push(shape);
            let position = (self.program.shapes.len() - 1) as u32;
            self.program.slots[slot] = position + 1;
            self.variant_shapes[id as usize].push((variant.index, position));
        }
        let name = self.names.intern(&path_text(ty));
        self.program.enums.push(EnumTable { slots: slots as u32, lowest, span, name });
        Op::Enum((self.program.enums.len() - 1) as u32)
    }

    /// `{"Variant":value}`
    fn single_field(&mut self, before: &[u8], ty: TypeId) -> Shape {
        let first = self.program.fields.len() as u32;
        let name = self.names.intern("");
        self.program.fields.push(Field { lead: Lead::default(), ty, name });
        Shape { open: self.add_text(before), first, end: first + 1, close: Close::Object }
    }

    /// The compiled fields of a variant: `(first, end)` in [`Program::fields`].
    pub(super) fn variant_fields(&self, id: TypeId, index: u8) -> Option<(u32, u32)> {
        let shapes = self.variant_shapes.get(id as usize)?;
        let (_, position) = shapes.iter().find(|(of, _)| *of == index)?;
        let shape = self.program.shapes.get(*position as usize)?;
        Some((shape.first, shape.end))
    }

    pub(super) fn name(&mut self, text: &str) -> NameId {
        self.names.intern(text)
    }
}

fn field_list(fields: &[TypeField<PortableForm>]) -> Vec<(Option<&str>, TypeId)> {
    fields.iter().map(|field| (field.name.as_deref(), field.ty.id)).collect()
}

fn primitive_op(primitive: &TypeDefPrimitive) -> Op {
    match primitive {
        TypeDefPrimitive::Bool => Op::Bool,
        TypeDefPrimitive::Char => Op::Char,
        TypeDefPrimitive::Str => Op::Text,
        TypeDefPrimitive::U8 => Op::U8,
        TypeDefPrimitive::U16 => Op::U16,
        TypeDefPrimitive::U32 => Op::U32,
        TypeDefPrimitive::U64 => Op::U64,
        TypeDefPrimitive::U128 => Op::U128,
        TypeDefPrimitive::U256 => Op::BigInt { bytes: 32, signed: false },
        TypeDefPrimitive::I8 => Op::I8,
        TypeDefPrimitive::I16 => Op::I16,
        TypeDefPrimitive::I32 => Op::I32,
        TypeDefPrimitive::I64 => Op::I64,
        TypeDefPrimitive::I128 => Op::I128,
        TypeDefPrimitive::I256 => Op::BigInt { bytes: 32, signed: true },
    }
}
