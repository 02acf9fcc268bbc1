//! Reading recordings: limits, compression, damage.

use std::path::Path;

use yumascan_devnode::{DevNodeError, LoadOptions, Recording, RecordingFiles};

use crate::generated;

fn load(files: RecordingFiles) -> Result<Recording, DevNodeError> {
    Recording::load_files(files, &LoadOptions::default())
}

/// Replaces one text by another in a file.
fn edit(file: &mut Vec<u8>, from: &str, to: &str) {
    let text = String::from_utf8(std::mem::take(file)).unwrap();
    assert!(text.contains(from), "{from} is not in the file");
    *file = text.replacen(from, to, 1).into_bytes();
}

#[test]
fn nothing_above_the_limit_is_read() {
    let mut files = generated::files(0, 20);
    // damage above the limit is not even seen
    edit(&mut files.blocks, "\"number\":15", "\"number\":16");
    let limited = Recording::load_files(files.clone(), &LoadOptions { last_block: Some(14) }).unwrap();
    assert_eq!(limited.last_block(), 14);
    assert!(limited.block(15).is_none() && limited.block(14).is_some());
    assert!(load(files).is_err());
}

#[test]
fn a_recording_reads_the_same_compressed_or_plain_from_bytes_or_from_a_folder() {
    let files = generated::files(0, 20);
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("metadata")).unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("manifest.json", &files.manifest);
    write("genesis_header.json", &files.genesis_header);
    write("genesis.jsonl", &files.genesis);
    write("blocks.jsonl.zst", &zstd::encode_all(files.blocks.as_slice(), 3).unwrap());
    for (name, bytes) in &files.metadata {
        write(&format!("metadata/{name}"), bytes);
    }
    write("metadata/README.md", b"not metadata");

    let from_folder = Recording::load(folder.path(), &LoadOptions::default()).unwrap();
    let from_bytes = load(files).unwrap();
    assert_eq!(from_folder.last_block(), 20);
    for number in 0..=20 {
        let (one, other) = (from_folder.block(number).unwrap(), from_bytes.block(number).unwrap());
        assert_eq!((one.hash, &one.header), (other.hash, &other.header));
        assert!(one.extrinsics().eq(other.extrinsics()));
        for key in [&[0xaa, 1][..], &[0xaa, 2], &[0xbb, 0, 0, 0, 2]] {
            assert_eq!(from_folder.storage(key, number), from_bytes.storage(key, number));
        }
    }
}

#[test]
fn events_that_the_diff_leaves_out_are_still_state() {
    let key = generated::EVENTS_KEY;
    let mut files = generated::files(0, 3);
    edit(&mut files.blocks, &format!("[\"{key}\",\"{}\"],", generated::events_of(2)), "");
    let recording = load(files).unwrap();
    let events = const_hex::decode(generated::events_of(2)).unwrap();
    assert_eq!(recording.storage(&const_hex::decode(key).unwrap(), 2), Some(events.as_slice()));
}

#[test]
fn damage_is_found_and_named() {
    let good = generated::files(0, 20);
    type Damage = fn(&mut RecordingFiles);
    let cases: [(&str, Damage); 8] = [
        ("hashes to", |files| edit(&mut files.blocks, "0x066175726120", "0x066175726121")),
        ("block 8 follows block 6", |files| {
            let text = String::from_utf8(files.blocks.clone()).unwrap();
            files.blocks = text
                .lines()
                .enumerate()
                .filter(|(at, _)| *at != 6)
                .map(|(_, line)| format!("{line}\n"))
                .collect::<String>()
                .into_bytes();
        }),
        ("does not link", |files| {
            edit(&mut files.genesis_header, "05060708", "05060709");
            refit_genesis(files);
        }),
        ("line 3", |files| edit(&mut files.blocks, "\"number\":3,", "\"number\":three,")),
        ("genesis.jsonl", |files| edit(&mut files.genesis, "0xaa02", "0xaaX2")),
        ("manifest.json", |files| files.manifest = b"{}".to_vec()),
        ("begins with block 2", |files| edit(&mut files.manifest, "\"first_block\":1", "\"first_block\":2")),
        ("metadata/11.v14.scale", |files| files.metadata.retain(|(name, _)| name != "11.v14.scale")),
    ];
    assert!(load(good.clone()).is_ok());
    for (told, damage) in cases {
        let mut files = good.clone();
        damage(&mut files);
        let message = load(files).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(message.contains(told), "`{message}` does not tell `{told}`");
    }
}

/// Makes the genesis hash right again, in the header and in the manifest, after the header was edited.
fn refit_genesis(files: &mut RecordingFiles) {
    let header: serde_json::Value = serde_json::from_slice(&files.genesis_header).unwrap();
    let claimed = header["hash"].as_str().unwrap().to_owned();
    let mut with_number = header;
    with_number["number"] = serde_json::json!("0x0");
    let hash = crate::client::header(&with_number).hash().to_string();
    edit(&mut files.genesis_header, &claimed, &hash);
    edit(&mut files.manifest, &claimed, &hash);
}

#[test]
fn a_truncated_file_is_damage_not_an_end() {
    let mut files = generated::files(0, 200);
    let compressed = zstd::encode_all(files.blocks.as_slice(), 3).unwrap();
    files.blocks = compressed[..compressed.len() / 2].to_vec();
    let message = load(files).unwrap_err().to_string();
    assert!(message.contains("decompress"), "{message}");
}

#[test]
fn a_folder_that_is_no_recording_is_told_what_belongs_there() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path(), Path::new("/nowhere/at/all")] {
        let message = Recording::load(path, &LoadOptions::default()).unwrap_err().to_string();
        assert!(message.contains("manifest.json") && message.contains("blocks.jsonl.zst"), "{message}");
    }
}
