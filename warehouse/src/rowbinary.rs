//! ClickHouse's `RowBinary` as a serde serializer: one row, field after field, no separators.
//!
//! The writer needs the exact bytes (to hash them and to compare them with what is stored), which the client's
//! typed insert does not show.

use serde::{Serialize, ser};

/// Appends a row to `out`.
pub(crate) fn write_row<T: Serialize>(out: &mut Vec<u8>, row: &T) -> Result<(), Unencodable> {
    row.serialize(&mut RowBinary { out })
}

/// A value that has no place in a row.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unencodable(String);

impl ser::Error for Unencodable {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

fn refuse<T>(what: &str) -> Result<T, Unencodable> {
    Err(Unencodable(format!("{what} has no RowBinary form here")))
}

struct RowBinary<'a> {
    out: &'a mut Vec<u8>,
}

impl RowBinary<'_> {
    /// LEB128, ClickHouse's length prefix.
    fn put_length(&mut self, length: usize) {
        let mut rest = length;
        while rest >= 0x80 {
            self.out.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        self.out.push(rest as u8);
    }
}

macro_rules! little_endian {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Result<(), Unencodable> {
            self.out.extend_from_slice(&value.to_le_bytes());
            Ok(())
        })*
    };
}

impl ser::Serializer for &mut RowBinary<'_> {
    type Ok = ();
    type Error = Unencodable;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeStruct = Self;
    type SerializeTupleStruct = ser::Impossible<(), Unencodable>;
    type SerializeTupleVariant = ser::Impossible<(), Unencodable>;
    type SerializeMap = ser::Impossible<(), Unencodable>;
    type SerializeStructVariant = ser::Impossible<(), Unencodable>;

    little_endian!(
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128,
        serialize_f32: f32, serialize_f64: f64
    );

    fn serialize_bool(self, value: bool) -> Result<(), Unencodable> {
        self.out.push(u8::from(value));
        Ok(())
    }
    fn serialize_str(self, value: &str) -> Result<(), Unencodable> {
        self.serialize_bytes(value.as_bytes())
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<(), Unencodable> {
        self.put_length(value.len());
        self.out.extend_from_slice(value);
        Ok(())
    }
    fn serialize_none(self) -> Result<(), Unencodable> {
        self.out.push(1);
        Ok(())
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unencodable> {
        self.out.push(0);
        value.serialize(self)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unencodable> {
        value.serialize(self)
    }
    fn serialize_seq(self, length: Option<usize>) -> Result<Self, Unencodable> {
        match length {
            Some(length) => self.put_length(length),
            None => return refuse("a sequence of unknown length"),
        }
        Ok(self)
    }
    fn serialize_tuple(self, _: usize) -> Result<Self, Unencodable> {
        Ok(self)
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Unencodable> {
        Ok(self)
    }

    fn serialize_char(self, _: char) -> Result<(), Unencodable> {
        refuse("a char")
    }
    fn serialize_unit(self) -> Result<(), Unencodable> {
        refuse("a unit")
    }
    fn serialize_unit_struct(self, name: &'static str) -> Result<(), Unencodable> {
        refuse(name)
    }
    fn serialize_unit_variant(self, name: &'static str, _: u32, _: &'static str) -> Result<(), Unencodable> {
        refuse(name)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Unencodable> {
        refuse(name)
    }
    fn serialize_tuple_struct(
        self,
        name: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Unencodable> {
        refuse(name)
    }
    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Unencodable> {
        refuse(name)
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Unencodable> {
        refuse("a map")
    }
    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Unencodable> {
        refuse(name)
    }
}

impl ser::SerializeSeq for &mut RowBinary<'_> {
    type Ok = ();
    type Error = Unencodable;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unencodable> {
        value.serialize(&mut **self)
    }
    fn end(self) -> Result<(), Unencodable> {
        Ok(())
    }
}

impl ser::SerializeTuple for &mut RowBinary<'_> {
    type Ok = ();
    type Error = Unencodable;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unencodable> {
        value.serialize(&mut **self)
    }
    fn end(self) -> Result<(), Unencodable> {
        Ok(())
    }
}

impl ser::SerializeStruct for &mut RowBinary<'_> {
    type Ok = ();
    type Error = Unencodable;
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unencodable> {
        value.serialize(&mut **self)
    }
    fn end(self) -> Result<(), Unencodable> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Sample<'a> {
        number: u64,
        text: &'a str,
        absent: Option<u32>,
        present: Option<u32>,
        flag: bool,
        many: Vec<&'a str>,
    }

    #[test]
    fn a_row_is_its_fields_one_after_the_other() {
        let mut out = Vec::new();
        let sample = Sample {
            number: 258,
            text: "ab",
            absent: None,
            present: Some(3),
            flag: true,
            many: vec!["x", ""],
        };
        write_row(&mut out, &sample).unwrap();
        assert_eq!(out, [2, 1, 0, 0, 0, 0, 0, 0, 2, b'a', b'b', 1, 0, 3, 0, 0, 0, 1, 2, 1, b'x', 0]);
    }

    #[test]
    fn long_texts_have_a_length_of_several_bytes() {
        let mut out = Vec::new();
        write_row(&mut out, &"y".repeat(300)).unwrap();
        assert_eq!(out[..2], [0xac, 0x02]);
        assert_eq!(out.len(), 302);
    }
}
