//! Yumascan's own decoder.

use std::hint::black_box;

use yumascan_chain::{DecodedBlock, Runtime};

use super::{Decoder, Form, Pass};
use crate::{
    corpus::{Corpus, Counts},
    machine::Stopwatch,
};

pub(crate) struct Yumascan<'c> {
    pub(crate) runtime: &'c Runtime,
    pub(crate) corpus: &'c Corpus,
}

impl Decoder for Yumascan<'_> {
    fn name(&self) -> &'static str {
        "yumascan"
    }

    fn pass(&mut self, form: Form) -> anyhow::Result<Pass> {
        let mut counts = Counts { extrinsics: 0, events: 0 };
        let mut text = 0;
        let mut out = Vec::new();
        let start = Stopwatch::start();
        for block in &self.corpus.blocks {
            let decoded = self.runtime.decode_block(block);
            counts.extrinsics += decoded.extrinsics().len() as u64;
            counts.events += decoded.events().len() as u64;
            if form == Form::Json {
                out.clear();
                write_json(&decoded, &mut out);
                text += out.len() as u64;
            }
            black_box((&decoded, &out));
        }
        Ok(Pass { elapsed: start.elapsed(), counts, text })
    }
}

/// A line an item.
fn write_json(block: &DecodedBlock, out: &mut Vec<u8>) {
    let mut parts = |parts: &[&str]| parts.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
    for extrinsic in block.extrinsics() {
        let signer = extrinsic.signer.map_or(["", "null", ""], |signer| ["\"", signer, "\""]);
        parts(&["{\"signer\":", signer[0], signer[1], signer[2], ",\"pallet\":\"", extrinsic.pallet]);
        parts(&["\",\"call\":\"", extrinsic.call, "\",\"args\":", extrinsic.args, "}\n"]);
    }
    for event in block.events() {
        let extrinsic = event.extrinsic_index().map_or_else(|| "null".to_owned(), |index| index.to_string());
        parts(&["{\"extrinsic\":", &extrinsic, ",\"pallet\":\"", event.pallet, "\",\"variant\":\""]);
        parts(&[event.variant, "\",\"args\":", event.args, "}\n"]);
    }
}
