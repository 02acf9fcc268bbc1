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
        RefCell::new(Scratch { registers: Registers::new(), tree: Tree::default() });
}

/// Lends the thread's scratch to `work`.
pub(super) fn with<T>(work: impl FnOnce(&mut Scratch) -> T) -> T {
    SCRATCH.with(|scratch| match scratch.try_borrow_mut() {
        Ok(mut scratch) => work(&mut scratch),
        // decoding does not decode within itself; should it ever, it gets a scratch of its own
        Err(_) => work(&mut Scratch { registers: Registers::new(), tree: Tree::default() }),
    })
}
