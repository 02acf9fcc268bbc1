//! Hand-made events of every era, and the recorded chains.

mod made;
mod recorded;
mod stakes;
