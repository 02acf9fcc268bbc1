//! Compression of bodies: HTTP encodings, and ClickHouse's own checksummed blocks (`compress=1`, `decompress=1`).

mod block;

use std::io::{Read, Write};

pub(crate) use block::BlockReader;

/// How a body is packed on its way over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Deflate,
    Lz4,
    Zstd,
}

impl Encoding {
    /// The encoding named by `Content-Encoding`; `None` for one this endpoint does not know.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Self::Identity,
            "gzip" | "x-gzip" => Self::Gzip,
            "deflate" => Self::Deflate,
            "lz4" => Self::Lz4,
            "zstd" => Self::Zstd,
            _ => return None,
        })
    }

    /// The cheapest of the encodings that `Accept-Encoding` offers.
    pub(crate) fn accepted(header: &str) -> Self {
        let offered: Vec<&str> = header
            .split(',')
            .filter_map(|item| {
                let mut parts = item.split(';');
                let name = parts.next()?.trim();
                let refused = parts.any(|part| {
                    part.trim()
                        .strip_prefix("q=")
                        .is_some_and(|q| q.trim().parse::<f32>().is_ok_and(|q| q == 0.0))
                });
                (!refused).then_some(name)
            })
            .collect();
        [("lz4", Self::Lz4), ("zstd", Self::Zstd), ("gzip", Self::Gzip), ("deflate", Self::Deflate)]
            .into_iter()
            .find(|(name, _)| offered.iter().any(|offer| offer.eq_ignore_ascii_case(name)))
            .map_or(Self::Identity, |(_, encoding)| encoding)
    }

    pub(crate) fn header(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Deflate => Some("deflate"),
            Self::Lz4 => Some("lz4"),
            Self::Zstd => Some("zstd"),
        }
    }

    /// Unpacks `body` as it is read.
    pub(crate) fn reader(self, body: Box<dyn Read>) -> std::io::Result<Box<dyn Read>> {
        Ok(match self {
            Self::Identity => body,
            Self::Gzip => Box::new(flate2::read::MultiGzDecoder::new(body)),
            Self::Deflate => Box::new(flate2::read::ZlibDecoder::new(body)),
            Self::Lz4 => Box::new(lz4_flex::frame::FrameDecoder::new(body)),
            Self::Zstd => Box::new(zstd::stream::read::Decoder::new(body)?),
        })
    }
}

/// Packs a body piece by piece; every piece can be unpacked when it has arrived.
pub(crate) enum Encoder {
    Identity,
    Gzip(flate2::write::GzEncoder<Vec<u8>>),
    Deflate(flate2::write::ZlibEncoder<Vec<u8>>),
    Lz4(Box<lz4_flex::frame::FrameEncoder<Vec<u8>>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
    Blocks,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Encoder")
    }
}

impl Encoder {
    pub(crate) fn new(encoding: Encoding, blocks: bool) -> std::io::Result<Self> {
        if blocks {
            return Ok(Self::Blocks);
        }
        let fast = flate2::Compression::fast();
        Ok(match encoding {
            Encoding::Identity => Self::Identity,
            Encoding::Gzip => Self::Gzip(flate2::write::GzEncoder::new(Vec::new(), fast)),
            Encoding::Deflate => Self::Deflate(flate2::write::ZlibEncoder::new(Vec::new(), fast)),
            Encoding::Lz4 => Self::Lz4(Box::new(lz4_flex::frame::FrameEncoder::new(Vec::new()))),
            Encoding::Zstd => Self::Zstd(zstd::stream::write::Encoder::new(Vec::new(), 1)?),
        })
    }

    /// Packs `data` and gives out all that is packed so far.
    pub(crate) fn piece(&mut self, data: Vec<u8>) -> std::io::Result<Vec<u8>> {
        if data.is_empty() {
            return Ok(data);
        }
        match self {
            Self::Identity => Ok(data),
            Self::Gzip(encoder) => {
                encoder.write_all(&data)?;
                encoder.flush()?;
                Ok(std::mem::take(encoder.get_mut()))
            }
            Self::Deflate(encoder) => {
                encoder.write_all(&data)?;
                encoder.flush()?;
                Ok(std::mem::take(encoder.get_mut()))
            }
            Self::Lz4(encoder) => {
                encoder.write_all(&data)?;
                encoder.flush()?;
                Ok(std::mem::take(encoder.get_mut()))
            }
            Self::Zstd(encoder) => {
                encoder.write_all(&data)?;
                encoder.flush()?;
                Ok(std::mem::take(encoder.get_mut()))
            }
            Self::Blocks => Ok(data.chunks(block::MAX_BLOCK).flat_map(block::pack).collect()),
        }
    }

    /// The bytes that end the body.
    pub(crate) fn finish(self) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Identity | Self::Blocks => Ok(Vec::new()),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Deflate(encoder) => encoder.finish(),
            Self::Lz4(encoder) => encoder.finish().map_err(std::io::Error::other),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_comes_back_as_it_went() {
        let pieces: Vec<Vec<u8>> =
            (0_u32..5).map(|i| (i..i + 40_000).flat_map(u32::to_le_bytes).collect()).collect();
        let plain: Vec<u8> = pieces.concat();
        for encoding in [Encoding::Identity, Encoding::Gzip, Encoding::Deflate, Encoding::Lz4, Encoding::Zstd]
        {
            let mut encoder = Encoder::new(encoding, false).unwrap();
            let mut packed: Vec<u8> =
                pieces.iter().flat_map(|piece| encoder.piece(piece.clone()).unwrap()).collect();
            packed.extend(encoder.finish().unwrap());
            let mut back = Vec::new();
            encoding.reader(Box::new(std::io::Cursor::new(packed))).unwrap().read_to_end(&mut back).unwrap();
            assert!(back == plain, "{encoding:?}");
        }
    }

    #[test]
    fn accept_encoding_is_read_with_its_refusals() {
        assert_eq!(Encoding::accepted("gzip, deflate, br, zstd"), Encoding::Zstd);
        assert_eq!(Encoding::accepted("lz4"), Encoding::Lz4);
        assert_eq!(Encoding::accepted("gzip;q=0, identity"), Encoding::Identity);
        assert_eq!(Encoding::accepted("*"), Encoding::Identity);
    }
}
