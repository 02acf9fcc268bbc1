//! Execution of a compiled program over the bytes of a block.

pub(crate) mod block;
mod digest;
pub(crate) mod dispatch;
mod events;
mod extrinsic;
mod input;
mod machine;
mod origins;
mod scratch;
#[cfg(test)]
mod tests;
mod tree;
pub(crate) mod value;
