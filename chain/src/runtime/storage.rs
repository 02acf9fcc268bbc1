//! Storage items as the metadata describes them.

/// Id of a type in the metadata's registry; index into the compiled program.
pub(crate) type TypeId = u32;

/// How a key part is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StorageHasher {
    /// 16-byte Blake2b, opaque.
    Blake2_128,
    /// 32-byte Blake2b, opaque.
    Blake2_256,
    /// 16-byte Blake2b, then the key itself.
    Blake2_128Concat,
    /// 16-byte XX hash, opaque.
    Twox128,
    /// 32-byte XX hash, opaque.
    Twox256,
    /// 8-byte XX hash, then the key itself.
    Twox64Concat,
    /// The key itself.
    Identity,
}

/// What an absent value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StorageModifier {
    /// `None`.
    Optional,
    /// The default value.
    Default,
}

/// One storage item.
#[derive(Debug)]
pub(crate) struct StorageEntry {
    /// Prefix of the pallet's storage (usually its name).
    pub(crate) pallet_prefix: Box<str>,
    /// Name of the item.
    pub(crate) name: Box<str>,
    /// Hasher of each key part; empty for a plain value.
    pub(crate) hashers: Box<[StorageHasher]>,
    /// Type of each key part; as many as `hashers`.
    pub(crate) keys: Box<[TypeId]>,
    /// Type of the value.
    pub(crate) value: TypeId,
    /// What an absent value means.
    pub(crate) modifier: StorageModifier,
    /// SCALE bytes of the default value.
    pub(crate) default: Box<[u8]>,
}
