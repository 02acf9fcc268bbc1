//! Reading SCALE: a cursor that knows its offset, and why reading stopped.

use std::fmt;

/// Bytes with a position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Why bytes are no value of their type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The bytes end where this many more are needed.
    End { needed: usize },
    /// A boolean or option tag of another value than 0 and 1.
    Tag(u8),
    /// A number that is no Unicode character.
    Char(u32),
    /// Text that is not UTF-8.
    Utf8,
    /// A compact integer that is not in its shortest form, or too large for its type.
    Compact,
    /// An enum has no variant of this index.
    Variant { of: String, index: u8 },
    /// The metadata does not say how to decode it.
    Undecodable(String),
    /// Decoded, it would be out of all proportion to its bytes.
    TooLarge,
    /// Anything else, said plainly.
    Other(String),
}

/// A reason with the offset where it arose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) offset: usize,
    pub(crate) reason: Box<Reason>,
}

pub(crate) type Result<T> = std::result::Result<T, Fault>;

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End { needed } => write!(f, "the bytes end, {needed} more are needed"),
            Self::Tag(tag) => write!(f, "{tag} is neither 0 nor 1"),
            Self::Char(code) => write!(f, "{code} is no character"),
            Self::Utf8 => f.write_str("text is not UTF-8"),
            Self::Compact => f.write_str("compact integer is not canonical or too large for its type"),
            Self::Variant { of, index } => write!(f, "{of} has no variant {index}"),
            Self::Undecodable(reason) => write!(f, "metadata does not tell how to decode this: {reason}"),
            Self::TooLarge => f.write_str("decoded form is out of proportion to its bytes"),
            Self::Other(reason) => f.write_str(reason),
        }
    }
}

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or(&[])
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// The bytes from `start` up to the position.
    pub(crate) fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.at).unwrap_or(&[])
    }

    #[cold]
    pub(crate) fn fault(&self, reason: Reason) -> Fault {
        Fault { offset: self.at, reason: Box::new(reason) }
    }

    #[cold]
    fn end(&self, wanted: usize) -> Fault {
        self.fault(Reason::End { needed: wanted.saturating_sub(self.rest().len()) })
    }

    #[inline]
    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        match self.at.checked_add(len).and_then(|end| self.bytes.get(self.at..end)) {
            Some(taken) => {
                self.at += len;
                Ok(taken)
            }
            None => Err(self.end(len)),
        }
    }

    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Result<&'a [u8; N]> {
        match self.rest().first_chunk::<N>() {
            Some(taken) => {
                self.at += N;
                Ok(taken)
            }
            None => Err(self.end(N)),
        }
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8> {
        self.array::<1>().map(|[byte]| *byte)
    }

    /// A compact integer of a type of `bits` bits, in its shortest form as the chain demands.
    #[inline]
    pub(crate) fn compact(&mut self, bits: u8) -> Result<u128> {
        let start = *self;
        let value = match self.rest().first().map(|first| first & 3) {
            None => return Err(self.end(1)),
            Some(0) => u128::from(self.byte()? >> 2),
            Some(1) => {
                let value = u16::from_le_bytes(*self.array()?) >> 2;
                start.canonical(value > 0x3f)?;
                u128::from(value)
            }
            Some(2) => {
                let value = u32::from_le_bytes(*self.array()?) >> 2;
                start.canonical(value > 0x3fff)?;
                u128::from(value)
            }
            Some(_) => {
                let len = usize::from(self.byte()? >> 2) + 4;
                start.canonical(len <= 16)?;
                let bytes = self.take(len)?;
                let mut value = [0u8; 16];
                value[..len].copy_from_slice(bytes);
                let value = u128::from_le_bytes(value);
                start.canonical(value > 0x3fff_ffff && (bytes[len - 1] != 0))?;
                value
            }
        };
        if bits < 128 && value >> bits != 0 {
            return Err(start.fault(Reason::Compact));
        }
        Ok(value)
    }

    #[inline]
    fn canonical(&self, is_canonical: bool) -> Result<()> {
        if is_canonical { Ok(()) } else { Err(self.fault(Reason::Compact)) }
    }

    /// A compact length.
    #[inline]
    pub(crate) fn length(&mut self) -> Result<usize> {
        self.compact(32).map(|len| len as usize)
    }
}
