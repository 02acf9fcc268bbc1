//! Types with values of them: how they look in a registry, in SCALE and in JSON, told independently of the decoder.

use frame_metadata::{META_RESERVED, RuntimeMetadata, RuntimeMetadataPrefixed, v14};
use parity_scale_codec::{Compact, Encode};
use proptest::prelude::*;
use scale_info::{
    Field, PortableRegistry, PortableRegistryBuilder, Type, TypeDefArray, TypeDefBitSequence, TypeDefCompact,
    TypeDefPrimitive, TypeDefSequence, TypeDefTuple, TypeDefVariant, Variant, form::PortableForm,
};
use serde_json::{Value, json};

use crate::{AccountId, Runtime};

/// A type, or rather its shape.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    Unit,
    Bool,
    Char,
    Text,
    Int {
        bits: u16,
        signed: bool,
    },
    Compact(u16),
    CompactUnit,
    Bytes,
    ByteArray(u32),
    Account,
    Bits {
        msb_first: bool,
    },
    Sequence(Box<Shape>),
    Array(Box<Shape>, u32),
    Tuple(Vec<Shape>),
    Newtype(Box<Shape>),
    Struct(Vec<Shape>),
    Option(Box<Shape>),
    /// Variants with their fields; named where the flag says so.
    Enum(Vec<(u8, bool, Vec<Shape>)>),
}

/// A value: its SCALE bytes and its canonical JSON.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) bytes: Vec<u8>,
    pub(super) json: Value,
}

type PortableType = Type<PortableForm>;

/// Names and types of fields.
type Fields<'a> = Vec<(Option<&'a str>, u32)>;

/// Builds registries.
#[derive(Debug)]
pub(super) struct Registry {
    builder: PortableRegistryBuilder,
}

impl Registry {
    pub(super) fn new() -> Self {
        Self { builder: PortableRegistryBuilder::new() }
    }

    pub(super) fn add(&mut self, path: &[&str], def: impl Into<scale_info::TypeDef<PortableForm>>) -> u32 {
        let path = scale_info::Path::from_segments_unchecked(path.iter().map(|part| (*part).to_owned()));
        self.builder.register_type(PortableType::new(path, Vec::new(), def, Vec::new()))
    }

    pub(super) fn field(name: Option<&str>, ty: u32) -> Field<PortableForm> {
        Field::new(name.map(str::to_owned), ty.into(), None, Vec::new())
    }

    pub(super) fn composite(&mut self, path: &[&str], fields: &[(Option<&str>, u32)]) -> u32 {
        let fields = fields.iter().map(|(name, ty)| Self::field(*name, *ty)).collect::<Vec<_>>();
        self.add(path, scale_info::TypeDefComposite::new(fields))
    }

    pub(super) fn variants(&mut self, path: &[&str], variants: Vec<(&str, u8, Fields<'_>)>) -> u32 {
        let variants = variants.into_iter().map(|(name, index, fields)| {
            let fields = fields.into_iter().map(|(name, ty)| Self::field(name, ty)).collect();
            Variant { name: name.to_owned(), fields, index, docs: Vec::new() }
        });
        self.add(path, TypeDefVariant::new(variants.collect::<Vec<_>>()))
    }

    /// Registers a type of this shape.
    pub(super) fn shape(&mut self, shape: &Shape) -> u32 {
        match shape {
            Shape::Unit => self.add(&[], TypeDefTuple::new_portable([])),
            Shape::Bool => self.add(&[], TypeDefPrimitive::Bool),
            Shape::Char => self.add(&[], TypeDefPrimitive::Char),
            Shape::Text => self.add(&[], TypeDefPrimitive::Str),
            Shape::Int { bits, signed } => self.add(&[], primitive(*bits, *signed)),
            Shape::Compact(bits) => {
                let content = self.add(&[], primitive(*bits, false));
                self.add(&[], TypeDefCompact::new(content.into()))
            }
            Shape::CompactUnit => {
                let unit = self.shape(&Shape::Unit);
                self.add(&[], TypeDefCompact::new(unit.into()))
            }
            Shape::Bytes => {
                let byte = self.add(&[], TypeDefPrimitive::U8);
                let bytes = self.add(&[], TypeDefSequence::new(byte.into()));
                self.composite(&["bounded", "BoundedVec"], &[(None, bytes)])
            }
            Shape::ByteArray(len) => {
                let byte = self.add(&[], TypeDefPrimitive::U8);
                self.add(&[], TypeDefArray::new(*len, byte.into()))
            }
            Shape::Account => {
                let bytes = self.shape(&Shape::ByteArray(32));
                self.composite(&["sp_core", "crypto", "AccountId32"], &[(None, bytes)])
            }
            Shape::Bits { msb_first } => {
                let store = self.add(&[], TypeDefPrimitive::U8);
                let order = self.composite(&["bitvec", if *msb_first { "Msb0" } else { "Lsb0" }], &[]);
                self.add(&[], TypeDefBitSequence::new_portable(store.into(), order.into()))
            }
            Shape::Sequence(element) => {
                let element = self.shape(element);
                self.add(&[], TypeDefSequence::new(element.into()))
            }
            Shape::Array(element, len) => {
                let element = self.shape(element);
                self.add(&[], TypeDefArray::new(*len, element.into()))
            }
            Shape::Tuple(parts) => {
                let parts = parts.iter().map(|part| self.shape(part).into()).collect::<Vec<_>>();
                self.add(&[], TypeDefTuple::new_portable(parts))
            }
            Shape::Newtype(content) => {
                let content = self.shape(content);
                self.composite(&["some", "Newtype"], &[(None, content)])
            }
            Shape::Struct(fields) => {
                let types: Vec<u32> = fields.iter().map(|field| self.shape(field)).collect();
                let names: Vec<String> = (0..types.len()).map(field_name).collect();
                let fields: Vec<_> = names.iter().map(|name| Some(name.as_str())).zip(types).collect();
                self.composite(&["some", "Struct"], &fields)
            }
            Shape::Option(content) => {
                let content = self.shape(content);
                self.variants(&["Option"], vec![("None", 0, vec![]), ("Some", 1, vec![(None, content)])])
            }
            Shape::Enum(variants) => {
                let names: Vec<String> = (0..8).map(field_name).collect();
                let labels: Vec<String> = variants.iter().map(|(index, ..)| variant_name(*index)).collect();
                let variants = variants.iter().zip(&labels).map(|((index, named, fields), label)| {
                    let fields = fields
                        .iter()
                        .zip(&names)
                        .map(|(field, name)| (named.then_some(name.as_str()), self.shape(field)));
                    (label.as_str(), *index, fields.collect::<Vec<_>>())
                });
                let variants = variants.collect();
                self.variants(&["some", "Enum"], variants)
            }
        }
    }

    pub(super) fn finish(self) -> PortableRegistry {
        self.builder.finish()
    }

    /// Compiles a runtime that knows these types and nothing else.
    pub(super) fn compile(self) -> Runtime {
        Runtime::compile(&self.metadata()).unwrap()
    }

    pub(super) fn metadata(mut self) -> Vec<u8> {
        let unit = self.shape(&Shape::Unit);
        let metadata = v14::RuntimeMetadataV14 {
            types: self.builder.finish(),
            pallets: Vec::new(),
            extrinsic: v14::ExtrinsicMetadata { ty: unit.into(), version: 4, signed_extensions: Vec::new() },
            ty: unit.into(),
        };
        RuntimeMetadataPrefixed(META_RESERVED, RuntimeMetadata::V14(metadata)).encode()
    }
}

/// Names that need escaping, too.
fn field_name(position: usize) -> String {
    ["plain", "r#type", "with \"quotes\"", "back\\slash", "zwölf", "six", "seven", "eight"][position % 8]
        .to_owned()
}

fn variant_name(index: u8) -> String {
    format!("Variant{index}")
}

fn primitive(bits: u16, signed: bool) -> TypeDefPrimitive {
    match (bits, signed) {
        (8, false) => TypeDefPrimitive::U8,
        (16, false) => TypeDefPrimitive::U16,
        (32, false) => TypeDefPrimitive::U32,
        (64, false) => TypeDefPrimitive::U64,
        (128, false) => TypeDefPrimitive::U128,
        (8, true) => TypeDefPrimitive::I8,
        (16, true) => TypeDefPrimitive::I16,
        (32, true) => TypeDefPrimitive::I32,
        (64, true) => TypeDefPrimitive::I64,
        _ => TypeDefPrimitive::I128,
    }
}

fn integer(value: &impl ToString, bits: u16) -> Value {
    match bits {
        0..=32 => json!(value.to_string().parse::<i64>().unwrap()),
        _ => json!(value.to_string()),
    }
}

fn hex(bytes: &[u8]) -> Value {
    json!(format!("0x{}", const_hex::encode(bytes)))
}

/// Whether a value of this shape could be `null`, so that an option must wrap it.
fn is_nullable(shape: &Shape) -> bool {
    match shape {
        Shape::Unit | Shape::CompactUnit | Shape::Option(_) => true,
        Shape::Tuple(parts) if parts.is_empty() => true,
        Shape::Struct(fields) if fields.is_empty() => true,
        Shape::Newtype(content) => is_nullable(content),
        Shape::Tuple(parts) if parts.len() == 1 => is_nullable(&parts[0]),
        _ => false,
    }
}

/// Whether values of this shape are bytes once newtypes are taken off.
fn is_byte(shape: &Shape) -> bool {
    match shape {
        Shape::Int { bits: 8, signed: false } => true,
        Shape::Newtype(content) => is_byte(content),
        Shape::Tuple(parts) if parts.len() == 1 => is_byte(&parts[0]),
        _ => false,
    }
}

fn join(samples: Vec<Sample>, json: impl Fn(Vec<Value>) -> Value) -> Sample {
    let bytes = samples.iter().flat_map(|sample| sample.bytes.clone()).collect();
    Sample { bytes, json: json(samples.into_iter().map(|sample| sample.json).collect()) }
}

fn all(shapes: &[Shape]) -> BoxedStrategy<Vec<Sample>> {
    shapes.iter().map(sample).collect::<Vec<_>>().boxed()
}

fn object(values: Vec<Value>) -> Value {
    Value::Object(values.into_iter().enumerate().map(|(at, value)| (field_name(at), value)).collect())
}

fn unnamed(mut values: Vec<Value>) -> Value {
    match values.len() {
        0 => Value::Null,
        1 => values.remove(0),
        _ => Value::Array(values),
    }
}

fn elements(shape: &Shape, samples: Vec<Sample>) -> Sample {
    let is_bytes = is_byte(shape);
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.bytes.clone()).collect();
    let json = if is_bytes { hex(&bytes) } else { samples.into_iter().map(|sample| sample.json).collect() };
    Sample { bytes, json }
}

/// Values of a shape.
pub(super) fn sample(shape: &Shape) -> BoxedStrategy<Sample> {
    let shape = shape.clone();
    match shape {
        Shape::Unit | Shape::CompactUnit => Just(Sample { bytes: vec![], json: Value::Null }).boxed(),
        Shape::Bool => any::<bool>().prop_map(|it| Sample { bytes: it.encode(), json: json!(it) }).boxed(),
        Shape::Char => any::<char>()
            .prop_map(|it| Sample { bytes: u32::from(it).encode(), json: json!(it.to_string()) })
            .boxed(),
        Shape::Text => any::<String>().prop_map(|it| Sample { bytes: it.encode(), json: json!(it) }).boxed(),
        Shape::Int { bits, signed } => any::<i128>()
            .prop_map(move |it| {
                let len = usize::from(bits / 8);
                let bytes = it.to_le_bytes()[..len].to_vec();
                let shift = 128 - u32::from(bits);
                let json = match signed {
                    true => integer(&(it << shift >> shift), bits),
                    false => integer(&((it as u128) << shift >> shift), bits),
                };
                Sample { bytes, json }
            })
            .boxed(),
        Shape::Compact(bits) => (any::<u128>(), 0..u32::from(bits))
            .prop_map(move |(it, shift)| {
                let it = it >> (128 - u32::from(bits)) >> shift;
                Sample { bytes: Compact(it).encode(), json: integer(&it, bits) }
            })
            .boxed(),
        Shape::Bytes => any::<Vec<u8>>().prop_map(|it| Sample { bytes: it.encode(), json: hex(&it) }).boxed(),
        Shape::ByteArray(len) => prop::collection::vec(any::<u8>(), len as usize)
            .prop_map(|it| Sample { json: hex(&it), bytes: it })
            .boxed(),
        Shape::Account => any::<[u8; 32]>()
            .prop_map(|it| Sample { bytes: it.to_vec(), json: json!(AccountId(it).to_ss58()) })
            .boxed(),
        Shape::Bits { msb_first } => prop::collection::vec(any::<bool>(), 0..40)
            .prop_map(move |it| {
                let mut bytes = Compact(it.len() as u32).encode();
                for chunk in it.chunks(8) {
                    let bit = |at: usize| if msb_first { 7 - at } else { at };
                    bytes.push(
                        chunk.iter().enumerate().fold(0, |byte, (at, on)| byte | u8::from(*on) << bit(at)),
                    );
                }
                let text: String = it.iter().map(|on| if *on { '1' } else { '0' }).collect();
                Sample { bytes, json: json!(format!("0b{text}")) }
            })
            .boxed(),
        Shape::Sequence(element) => prop::collection::vec(sample(&element), 0..5)
            .prop_map(move |samples| {
                let mut bytes = Compact(samples.len() as u32).encode();
                let joined = elements(&element, samples);
                bytes.extend(joined.bytes);
                Sample { bytes, json: joined.json }
            })
            .boxed(),
        Shape::Array(element, len) => prop::collection::vec(sample(&element), len as usize)
            .prop_map(move |samples| elements(&element, samples))
            .boxed(),
        Shape::Tuple(parts) => all(&parts).prop_map(|samples| join(samples, unnamed)).boxed(),
        Shape::Newtype(content) => sample(&content),
        Shape::Struct(fields) => {
            let is_empty = fields.is_empty();
            all(&fields)
                .prop_map(move |samples| {
                    join(samples, |values| if is_empty { Value::Null } else { object(values) })
                })
                .boxed()
        }
        Shape::Option(content) => {
            let wrap = is_nullable(&content);
            prop::option::of(sample(&content))
                .prop_map(move |content| match content {
                    None => Sample { bytes: vec![0], json: Value::Null },
                    Some(mut content) => {
                        content.bytes.insert(0, 1);
                        let json = if wrap { json!({ "Some": content.json }) } else { content.json };
                        Sample { bytes: content.bytes, json }
                    }
                })
                .boxed()
        }
        Shape::Enum(variants) => prop::sample::select(variants)
            .prop_flat_map(|(index, named, fields)| {
                all(&fields).prop_map(move |samples| {
                    let is_empty = samples.is_empty();
                    let mut joined =
                        join(
                            samples,
                            |values| if named && !is_empty { object(values) } else { unnamed(values) },
                        );
                    joined.bytes.insert(0, index);
                    Sample { bytes: joined.bytes, json: json!({ variant_name(index): joined.json }) }
                })
            })
            .boxed(),
    }
}

/// Any shape.
pub(super) fn shapes() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        Just(Shape::Unit),
        Just(Shape::Bool),
        Just(Shape::Char),
        Just(Shape::Text),
        (prop::sample::select(vec![8u16, 16, 32, 64, 128]), any::<bool>())
            .prop_map(|(bits, signed)| Shape::Int { bits, signed }),
        prop::sample::select(vec![8u16, 16, 32, 64, 128]).prop_map(Shape::Compact),
        Just(Shape::CompactUnit),
        Just(Shape::Bytes),
        (0..70u32).prop_map(Shape::ByteArray),
        Just(Shape::Account),
        any::<bool>().prop_map(|msb_first| Shape::Bits { msb_first }),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        let fields = prop::collection::vec(inner.clone(), 0..5);
        let variants = prop::collection::btree_map(any::<u8>(), (any::<bool>(), fields.clone()), 1..6)
            .prop_map(|variants| variants.into_iter().map(|(index, (named, fields))| (index, named, fields)));
        prop_oneof![
            inner.clone().prop_map(|it| Shape::Sequence(Box::new(it))),
            (inner.clone(), 0..4u32).prop_map(|(it, len)| Shape::Array(Box::new(it), len)),
            fields.clone().prop_map(Shape::Tuple),
            inner.clone().prop_map(|it| Shape::Newtype(Box::new(it))),
            fields.prop_map(Shape::Struct),
            inner.prop_map(|it| Shape::Option(Box::new(it))),
            variants.prop_map(|variants| Shape::Enum(variants.collect())),
        ]
    })
}
