//! Writes the seeds of every target to `corpus/`, from the recorded blocks and metadata.

use std::{fs, path::PathBuf};

use yumascan_fuzz::fixtures::{blocks, bytes, metadata, runtime, state};

fn main() -> std::io::Result<()> {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let write = |target: &str, name: String, seed: &[u8]| {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(name), seed)
    };
    for (spec, version) in [(377, 14), (377, 15), (377, 16), (402, 14), (402, 15), (402, 16)] {
        write("metadata", format!("{spec}-v{version}"), &metadata(spec, version))?;
    }
    for block in blocks() {
        let number = format!("{}-{}", block["chain"].as_str().unwrap_or_default(), block["number"]);
        for (index, extrinsic) in block["extrinsics"].as_array().into_iter().flatten().enumerate() {
            write("extrinsic", format!("{number}-{index}"), &bytes(extrinsic))?;
        }
        write("events", number, &bytes(&block["events"]))?;
    }
    let index = runtime().storage_index();
    for pair in state() {
        let key = bytes(&pair["k"]);
        let Some(item) = index.find(&key) else { continue };
        let same = |known: &yumascan_chain::StorageItem<'_>| known.prefix() == item.prefix();
        let position = runtime().storage_items().position(|known| same(&known)).unwrap_or_default() as u16;
        let name = format!("{}-{}", item.pallet(), item.name());
        let seed = [&position.to_le_bytes()[..], &bytes(&pair["v"])].concat();
        write("storage_value", format!("{name}-value"), &seed)?;
        let seed = [&position.to_le_bytes()[..], &key[32..]].concat();
        write("storage_value", format!("{name}-key"), &seed)?;
    }
    println!("seeds are in {}", corpus.display());
    Ok(())
}
