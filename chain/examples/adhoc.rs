#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    time::Instant,
};
use yumascan_chain::*;
fn hx(s: &str) -> Vec<u8> {
    const_hex::decode(s).unwrap()
}
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let dir = &args[1];
    let ver = args.get(2).map_or("v16", String::as_str);
    let show: Option<u64> = args.get(3).map(|s| s.parse().unwrap());
    let mut rts = BTreeMap::new();
    for spec in [377u32, 402] {
        if let Ok(b) = std::fs::read(format!("{dir}/metadata/{spec}.{ver}.scale")) {
            let t = Instant::now();
            let r = Runtime::compile(&b).unwrap();
            println!("compiled {spec} {:?} in {:?}", r.spec_version(), t.elapsed());
            rts.insert(spec, r);
        }
    }
    let f = BufReader::new(
        zstd::Decoder::new(std::fs::File::open(format!("{dir}/blocks.jsonl.zst")).unwrap()).unwrap(),
    );
    let mut raws = vec![];
    for line in f.lines() {
        let v: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        let number = v["number"].as_u64().unwrap();
        let h = |k: &str| v[k].as_str().unwrap().parse::<Hash>().unwrap();
        let spec = if dir.contains("upgrade") && number > 800 { 402 } else { 377 };
        raws.push(RawBlock {
            hash: h("hash"),
            header: Header {
                parent_hash: h("parentHash"),
                number,
                state_root: h("stateRoot"),
                extrinsics_root: h("extrinsicsRoot"),
                logs: v["digest"]["logs"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|l| hx(l.as_str().unwrap()))
                    .collect(),
            },
            extrinsics: v["extrinsics"].as_array().unwrap().iter().map(|l| hx(l.as_str().unwrap())).collect(),
            events: hx(v["events"].as_str().unwrap()),
            authorities: vec![],
            spec_version: SpecVersion(spec),
        });
    }
    println!("{} blocks read", raws.len());
    for round in 0..3 {
        let t = Instant::now();
        let (mut ev, mut ex, mut ca, mut q, mut bytes, mut evb, mut men, mut tr, mut ann) =
            (0, 0, 0, 0, 0, 0usize, 0, 0, 0);
        let mut worst = (0, std::time::Duration::ZERO);
        for raw in &raws {
            let t = Instant::now();
            let d = rts[&raw.spec_version.0].decode_block(raw);
            let el = t.elapsed();
            if el > worst.1 {
                worst = (raw.header.number, el);
            }
            ev += d.events().len();
            ex += d.extrinsics().len();
            ca += d.calls().len();
            q += d.quarantined.len();
            men += d.mentions.len();
            tr += d.transfers.len();
            ann += d.summary.announced_events as usize;
            evb += raw.events.len();
            bytes += raw.events.len() + raw.extrinsics.iter().map(Vec::len).sum::<usize>();
            if round == 0 {
                for x in d.quarantined.iter().take(2) {
                    if q < 10 {
                        println!(
                            "Q {} {:?} {} {}..{} {}",
                            raw.header.number, x.kind, x.index, x.start, x.end, x.reason
                        );
                    }
                }
                if Some(raw.header.number) == show {
                    println!("{:#?}", d.summary);
                    for x in d.extrinsics() {
                        println!("{x:?}");
                    }
                    for x in d.calls().take(30) {
                        println!("{x:?}");
                    }
                    for x in d.events().take(200) {
                        println!("{x:?}");
                    }
                    for x in d.mentions.iter().take(10) {
                        println!("{x:?}");
                    }
                    for x in &d.transfers {
                        println!("{x:?}");
                    }
                }
            }
        }
        let el = t.elapsed().as_secs_f64();
        println!(
            "{el:.3}s events {ev}/{ann} {:.2}M/s ({} B/ev) extrinsics {ex} calls {ca} mentions {men} transfers {tr} quarantined {q} {:.0} MB/s worst {worst:?}",
            ev as f64 / el / 1e6,
            evb / ev,
            bytes as f64 / el / 1e6
        );
    }
}
