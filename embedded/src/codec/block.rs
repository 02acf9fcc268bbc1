//! ClickHouse's compressed blocks: a CityHash128 checksum, then method, packed and plain size, then the data.

use std::io::{self, Read};

/// Plain bytes in one block, as servers write them.
pub(super) const MAX_BLOCK: usize = 1 << 20;

const CHECKSUM: usize = 16;
const HEADER: usize = 9;
const NONE: u8 = 0x02;
const LZ4: u8 = 0x82;
const ZSTD: u8 = 0x90;

/// No block may claim to be larger than this, packed or plain: what servers allow too.
const LIMIT: usize = 1 << 30;

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    // ClickHouse writes the low half first
    cityhash_rs::cityhash_102_128(bytes).rotate_right(64).to_le_bytes()
}

/// One LZ4 block of `plain`, at most [`MAX_BLOCK`] bytes.
pub(super) fn pack(plain: &[u8]) -> Vec<u8> {
    let mut block = vec![0; CHECKSUM + HEADER];
    block.extend(lz4_flex::block::compress(plain));
    let packed_size = u32::try_from(block.len() - CHECKSUM).unwrap_or(u32::MAX);
    let plain_size = u32::try_from(plain.len()).unwrap_or(u32::MAX);
    block[CHECKSUM] = LZ4;
    block[CHECKSUM + 1..CHECKSUM + 5].copy_from_slice(&packed_size.to_le_bytes());
    block[CHECKSUM + 5..CHECKSUM + HEADER].copy_from_slice(&plain_size.to_le_bytes());
    let sum = checksum(&block[CHECKSUM..]);
    block[..CHECKSUM].copy_from_slice(&sum);
    block
}

/// Unpacks a stream of blocks, checking every checksum.
pub(crate) struct BlockReader<R> {
    inner: R,
    plain: io::Cursor<Vec<u8>>,
}

impl<R: Read> BlockReader<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, plain: io::Cursor::default() }
    }

    /// The next block's plain bytes; `None` at the end of the stream.
    fn next_block(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut sum = [0; CHECKSUM];
        let first = self.inner.read(&mut sum)?;
        if first == 0 {
            return Ok(None);
        }
        self.inner.read_exact(&mut sum[first..])?;
        let mut block = vec![0; HEADER];
        self.inner.read_exact(&mut block)?;
        let size =
            |at: usize| u32::from_le_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]]) as usize;
        let (method, packed_size, plain_size) = (block[0], size(1), size(5));
        if !(HEADER..=LIMIT).contains(&packed_size) || plain_size > LIMIT {
            return Err(invalid(
                "a compressed block with impossible sizes: was the body packed for decompress=1?",
            ));
        }
        // grows with what really arrives, whatever the header claims
        let packed = (packed_size - HEADER) as u64;
        let read = (&mut self.inner).take(packed).read_to_end(&mut block)? as u64;
        if read < packed {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if checksum(&block) != sum {
            return Err(invalid("a compressed block whose checksum does not match"));
        }
        let data = &block[HEADER..];
        let plain = match method {
            NONE => data.to_vec(),
            LZ4 => {
                lz4_flex::block::decompress(data, plain_size).map_err(|_| invalid("a broken LZ4 block"))?
            }
            ZSTD => zstd::bulk::decompress(data, plain_size).map_err(|_| invalid("a broken ZSTD block"))?,
            _ => return Err(invalid("a compressed block of an unknown method")),
        };
        if plain.len() != plain_size {
            return Err(invalid("a compressed block of another size than it claims"));
        }
        Ok(Some(plain))
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

impl<R: Read> Read for BlockReader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.plain.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            match self.next_block()? {
                Some(plain) => self.plain = io::Cursor::new(plain),
                None => return Ok(0),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        BlockReader::new(packed).read_to_end(&mut plain).map(|_| plain)
    }

    #[test]
    fn blocks_come_back_and_damage_is_seen() {
        let text = b"yumascan ".repeat(1000);
        let mut packed = pack(&text);
        packed.extend(pack(b"second"));
        assert_eq!(unpack(&packed).unwrap(), [text.as_slice(), b"second"].concat());
        assert_eq!(unpack(b"").unwrap(), b"");
        assert_eq!(unpack(&packed[..30]).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        *packed.last_mut().unwrap() ^= 1;
        assert_eq!(unpack(&packed).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_hostile_length_costs_no_memory() {
        let mut block = vec![0; CHECKSUM];
        block.push(LZ4);
        block.extend((LIMIT as u32).to_le_bytes());
        block.extend((LIMIT as u32).to_le_bytes());
        assert_eq!(unpack(&block).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        block[17..21].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(unpack(&block).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
