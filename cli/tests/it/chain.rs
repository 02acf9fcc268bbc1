//! Recorded chains served as nodes.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use yumascan_devnode::{DevNode, Handle, LoadOptions, NodeOptions, Recording};

/// Blocks of the bundled recording that these tests use.
pub(crate) const BLOCKS: u64 = 60;

fn load(folder: &str) -> Arc<Recording> {
    let folder = Path::new("../demo").join(folder);
    let options = LoadOptions { last_block: Some(BLOCKS) };
    Recording::load(&folder, &options).expect("the bundled recording is read").into()
}

/// The first blocks of the bundled chain, all of them finalized.
pub(crate) async fn node() -> Handle {
    growing_node(BLOCKS).await
}

/// The bundled chain up to `head`; it grows when told to.
pub(crate) async fn growing_node(head: u64) -> Handle {
    static RECORDING: OnceLock<Arc<Recording>> = OnceLock::new();
    let recording = Arc::clone(RECORDING.get_or_init(|| load("main")));
    let options = NodeOptions { head: Some(head), finality_lag: Some(0), ..NodeOptions::default() };
    DevNode::new(recording, options).serve("127.0.0.1:0").await.expect("a free port")
}

/// A node of another chain.
pub(crate) async fn other_node() -> Handle {
    static RECORDING: OnceLock<Arc<Recording>> = OnceLock::new();
    let recording = Arc::clone(RECORDING.get_or_init(|| load("upgrade")));
    DevNode::new(recording, NodeOptions::default()).serve("127.0.0.1:0").await.expect("a free port")
}
