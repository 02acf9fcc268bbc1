//! subxt's dynamic values.

use std::{hint::black_box, sync::Arc};

use anyhow::anyhow;
use serde::Serialize;
use subxt::{
    Metadata, OfflineClient, OfflineClientAtBlock, SubstrateConfig,
    config::substrate::SpecVersionForRange,
    dynamic::Value,
    events::{Events, Phase},
    ext::scale_value::Composite,
};

use super::{Decoder, Form, Pass};
use crate::{
    corpus::{Corpus, Counts},
    machine::Stopwatch,
};

pub(crate) struct Subxt<'c> {
    at_block: OfflineClientAtBlock<SubstrateConfig>,
    corpus: &'c Corpus,
}

/// The same items as those of the other decoders.
#[derive(Serialize)]
struct ExtrinsicJson<'a> {
    signer: Option<Value>,
    pallet: &'a str,
    call: &'a str,
    args: &'a [(String, Value)],
}

#[derive(Serialize)]
struct EventJson<'a> {
    extrinsic: Option<u32>,
    pallet: &'a str,
    variant: &'a str,
    args: &'a Composite<()>,
}

impl<'c> Subxt<'c> {
    pub(crate) fn new(corpus: &'c Corpus) -> anyhow::Result<Self> {
        let metadata = Arc::new(Metadata::decode_from(&corpus.metadata)?);
        let versions = SpecVersionForRange {
            block_range: 0..u64::MAX,
            spec_version: corpus.spec,
            transaction_version: 1,
        };
        let config = SubstrateConfig::builder()
            .set_spec_version_for_block_ranges([versions])
            .set_metadata_for_spec_versions([(corpus.spec, metadata)])
            .build();
        let at_block = OfflineClient::new_with_config(config).at_block(1u64)?;
        Ok(Self { at_block, corpus })
    }

    pub(crate) fn events(&self, bytes: Vec<u8>) -> Events<SubstrateConfig> {
        self.at_block.events().from_bytes(bytes)
    }

    fn block(
        &self,
        input: (Vec<Vec<u8>>, Vec<u8>),
        form: Form,
        pass: &mut Counts,
        out: &mut Vec<u8>,
    ) -> anyhow::Result<()> {
        let client = self.at_block.extrinsics();
        let extrinsics = futures::executor::block_on(client.from_bytes(input.0));
        for extrinsic in extrinsics.iter() {
            let extrinsic = extrinsic?;
            let mut args = Vec::new();
            for field in extrinsic.iter_call_data_fields() {
                args.push((field.name().to_owned(), field.decode_as::<Value>()?));
            }
            let signer = extrinsic.address_bytes().map(Value::from_bytes);
            pass.extrinsics += 1;
            if form == Form::Json {
                let (pallet, call) = (extrinsic.pallet_name(), extrinsic.call_name());
                serde_json::to_writer(&mut *out, &ExtrinsicJson { signer, pallet, call, args: &args })?;
                out.push(b'\n');
            } else {
                black_box((&args, &signer));
            }
        }
        for event in self.events(input.1).iter() {
            let event = event?;
            let args = event.decode_fields_unchecked_as::<Composite<()>>()?;
            pass.events += 1;
            if form == Form::Json {
                let extrinsic = match event.phase() {
                    Phase::ApplyExtrinsic(index) => Some(index),
                    Phase::Finalization | Phase::Initialization => None,
                };
                let (pallet, variant) = (event.pallet_name(), event.event_name());
                serde_json::to_writer(&mut *out, &EventJson { extrinsic, pallet, variant, args: &args })?;
                out.push(b'\n');
            } else {
                black_box(&args);
            }
        }
        Ok(())
    }
}

impl Decoder for Subxt<'_> {
    fn name(&self) -> &'static str {
        "subxt 0.51 (dynamic values)"
    }

    fn pass(&mut self, form: Form) -> anyhow::Result<Pass> {
        // it takes its input by value: the copies are not timed
        let inputs: Vec<_> =
            self.corpus.blocks.iter().map(|block| (block.extrinsics.clone(), block.events.clone())).collect();
        let mut counts = Counts { extrinsics: 0, events: 0 };
        let (mut out, mut text) = (Vec::new(), 0);
        let start = Stopwatch::start();
        for input in inputs {
            out.clear();
            self.block(input, form, &mut counts, &mut out).map_err(|error| anyhow!("subxt: {error}"))?;
            text += out.len() as u64;
        }
        Ok(Pass { elapsed: start.elapsed(), counts, text })
    }
}
