//! Lines of a file that may be compressed, decompressed on a thread of their own.

use std::{
    io::{self, BufRead, BufReader, Read},
    sync::mpsc,
    thread,
};

use super::{Source, damaged};
use crate::error::DevNodeError;

/// First bytes of a Zstandard frame.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Recordings may be compressed with windows up to this (2 to the power of), to find what repeats far apart.
const LONGEST_WINDOW_LOG: u32 = 31;
/// Bytes that one batch of lines holds at least.
const BATCH_BYTES: usize = 4 << 20;
/// Batches that may wait to be parsed.
const BATCHES_AHEAD: usize = 4;

/// Calls `take` with every line that is not empty and its number (from 1), until it returns false.
pub(super) fn for_each(
    source: Source,
    mut take: impl FnMut(usize, &[u8]) -> Result<bool, DevNodeError>,
) -> Result<(), DevNodeError> {
    let (sender, batches) = mpsc::sync_channel::<io::Result<Vec<u8>>>(BATCHES_AHEAD);
    thread::scope(|scope| {
        scope.spawn(move || {
            if let Err(error) = send_batches(source, &sender) {
                // when nobody listens any more, nobody needs to know
                let _ = sender.send(Err(error));
            }
        });
        let mut number = 0;
        // `batches` is dropped with this closure: the thread above ends when its next send fails
        for batch in batches {
            let batch = batch.map_err(|error| damaged("data", format!("cannot decompress: {error}")))?;
            for line in batch.split(|byte| *byte == b'\n') {
                number += 1;
                if !line.is_empty() && !take(number, line)? {
                    return Ok(());
                }
            }
            // the piece behind a batch's last line end is no line
            number -= 1;
        }
        Ok(())
    })
}

/// Sends whole lines in batches; every batch but perhaps the last ends with a line end.
fn send_batches(source: Source, sender: &mpsc::SyncSender<io::Result<Vec<u8>>>) -> io::Result<()> {
    let mut reader = decompressed(source)?;
    loop {
        let mut batch = Vec::with_capacity(BATCH_BYTES + BATCH_BYTES / 4);
        reader.by_ref().take(BATCH_BYTES as u64).read_to_end(&mut batch)?;
        if batch.is_empty() {
            return Ok(());
        }
        reader.read_until(b'\n', &mut batch)?;
        if sender.send(Ok(batch)).is_err() {
            return Ok(());
        }
    }
}

fn decompressed(source: Source) -> io::Result<Box<dyn BufRead>> {
    let mut source = BufReader::with_capacity(1 << 20, source);
    if !source.fill_buf()?.starts_with(&ZSTD_MAGIC) {
        return Ok(Box::new(source));
    }
    let mut decoder = zstd::Decoder::with_buffer(source)?;
    decoder.window_log_max(LONGEST_WINDOW_LOG)?;
    Ok(Box::new(BufReader::with_capacity(1 << 20, decoder)))
}
