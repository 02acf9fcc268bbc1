//! The metadata's type registry, and what the compiler asks it.

use scale_info::{Field as TypeField, PortableType, TypeDef, TypeDefPrimitive, form::PortableForm};

use super::storage::TypeId;

/// Types by id.
#[derive(Debug)]
pub(super) struct Registry<'a> {
    types: &'a [PortableType],
    /// What each type is once newtypes are taken off; `TypeId::MAX` where that has no end.
    canonical: Vec<TypeId>,
}

/// Name of a type without its path.
pub(super) fn last_segment(ty: &PortableType) -> &str {
    ty.ty.path.segments.last().map_or("", String::as_str)
}

fn path_is(ty: &PortableType, krate: &str, name: &str) -> bool {
    let segments = &ty.ty.path.segments;
    segments.first().is_some_and(|segment| segment == krate) && last_segment(ty) == name
}

/// Name of a type with its path, for errors.
pub(super) fn path_text(ty: &PortableType) -> String {
    let mut text = String::new();
    for segment in ty.ty.path.segments.iter().take(8) {
        if !text.is_empty() {
            text.push_str("::");
        }
        text.extend(segment.chars().take(64));
    }
    text
}

impl<'a> Registry<'a> {
    pub(super) fn new(types: &'a [PortableType]) -> Self {
        let mut registry = Self { types, canonical: Vec::new() };
        registry.canonical = registry.find_canonical();
        registry
    }

    pub(super) fn len(&self) -> usize {
        self.types.len()
    }

    pub(super) fn find(&self, id: TypeId) -> Option<&'a PortableType> {
        self.types.get(id as usize)
    }

    /// The type with all newtypes around it taken off; `None` for unknown types and endless newtypes.
    pub(super) fn canonical(&self, id: TypeId) -> Option<TypeId> {
        self.canonical.get(id as usize).copied().filter(|found| *found != TypeId::MAX)
    }

    /// Names of a type and of what it wraps, from the outside in.
    pub(super) fn newtype_names(&self, id: TypeId, at_most: usize) -> Vec<&'a str> {
        let chain = std::iter::successors(self.find(id), |ty| self.find(self.wrapped(ty)?));
        chain.take(at_most).map(last_segment).collect()
    }

    /// The parts of a tuple type that has `count` of them.
    pub(super) fn tuple_parts(&self, id: TypeId, count: usize) -> Option<Vec<TypeId>> {
        match self.canonical_def(id) {
            Some(TypeDef::Tuple(tuple)) if tuple.fields.len() == count => {
                Some(tuple.fields.iter().map(|part| part.id).collect())
            }
            _ => None,
        }
    }

    pub(super) fn canonical_def(&self, id: TypeId) -> Option<&'a TypeDef<PortableForm>> {
        Some(&self.find(self.canonical(id)?)?.ty.type_def)
    }

    /// What a newtype wraps; `None` for all other types, and for those that have an op of their own.
    fn wrapped(&self, ty: &PortableType) -> Option<TypeId> {
        match &ty.ty.type_def {
            TypeDef::Composite(composite) => match composite.fields.as_slice() {
                [only] if only.name.is_none() && !self.is_account(ty) && self.big_integer(ty).is_none() => {
                    Some(only.ty.id)
                }
                _ => None,
            },
            TypeDef::Tuple(tuple) => match tuple.fields.as_slice() {
                [only] => Some(only.id),
                _ => None,
            },
            _ => None,
        }
    }

    fn find_canonical(&self) -> Vec<TypeId> {
        let mut canonical: Vec<Option<TypeId>> = vec![None; self.types.len()];
        let mut chain = Vec::new();
        for start in 0..self.types.len() {
            chain.clear();
            let mut at = start;
            // the end of the chain: a known answer, no newtype, or (MAX) a cycle or an unknown type
            let end = loop {
                match canonical.get(at) {
                    None => break TypeId::MAX,
                    Some(Some(known)) => break *known,
                    Some(None) => {}
                }
                canonical[at] = Some(TypeId::MAX);
                chain.push(at);
                match self.wrapped(&self.types[at]) {
                    None => break at as TypeId,
                    Some(next) => at = next as usize,
                }
            };
            for link in &chain {
                canonical[*link] = Some(end);
            }
        }
        canonical.into_iter().map(|end| end.unwrap_or(TypeId::MAX)).collect()
    }

    /// Length of an array of these primitives.
    pub(super) fn array_of(&self, ty: TypeId, element: &TypeDefPrimitive) -> Option<u32> {
        match &self.find(ty)?.ty.type_def {
            TypeDef::Array(array) => match &self.find(array.type_param.id)?.ty.type_def {
                TypeDef::Primitive(primitive) if primitive == element => Some(array.len),
                _ => None,
            },
            _ => None,
        }
    }

    fn only_field(ty: &PortableType) -> Option<&TypeField<PortableForm>> {
        match &ty.ty.type_def {
            TypeDef::Composite(composite) => match composite.fields.as_slice() {
                [only] => Some(only),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn is_account(&self, ty: &PortableType) -> bool {
        last_segment(ty) == "AccountId32"
            && Self::only_field(ty).and_then(|field| self.array_of(field.ty.id, &TypeDefPrimitive::U8))
                == Some(32)
    }

    /// Bytes of `primitive_types::U256` and its like, which are arrays of 64-bit limbs.
    pub(super) fn big_integer(&self, ty: &PortableType) -> Option<u8> {
        if !path_is(ty, "primitive_types", last_segment(ty)) || !last_segment(ty).starts_with('U') {
            return None;
        }
        let limbs = self.array_of(Self::only_field(ty)?.ty.id, &TypeDefPrimitive::U64)?;
        u8::try_from(limbs).ok().filter(|limbs| (1..=8).contains(limbs)).map(|limbs| limbs * 8)
    }

    /// Whether values are bytes once newtypes are taken off.
    pub(super) fn is_byte(&self, id: TypeId) -> bool {
        matches!(self.canonical_def(id), Some(TypeDef::Primitive(TypeDefPrimitive::U8)))
    }
}
