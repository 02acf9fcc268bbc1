//! Working memory kept by each thread that decodes, so that no event costs an allocation.

use std::cell::RefCell;

use super::{machine::Registers, tree::Tree};

/// See the module docs.
#[derive(Debug)]
pub(super) struct Scratch {
    pub(super) registers: Registers,
    pub(super) tree: Tree,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> =
        RefCell::new(Scratch::new());
}

/// Bytes of each part of a scratch that are kept from block to block.
const KEPT: usize = 1 << 20;

impl Scratch {
    fn new() -> Self {
        Self { registers: Registers::new(), tree: Tree::default() }
    }

    fn trim(&mut self) {
        self.registers.trim(KEPT);
        self.tree.trim(KEPT);
    }
}

/// Lends the thread's scratch to `work`.
pub(super) fn with<T>(work: impl FnOnce(&mut Scratch) -> T) -> T {
    SCRATCH.with(|scratch| match scratch.try_borrow_mut() {
        Ok(mut scratch) => {
            let done = work(&mut scratch);
            scratch.trim();
            done
        }
        // decoding does not decode within itself; should it ever, it gets a scratch of its own
        Err(_) => work(&mut Scratch::new()),
    })
}
