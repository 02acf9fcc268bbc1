//! Feeds engines from the warehouse: in replay over stored history, and behind the head.

mod drive;
mod follow;
mod live;
mod memory;
mod record;
mod replay;
mod runtimes;
mod source;
mod states;

pub use follow::follow;
pub use replay::{LaneReport, ReplayReport, ReplayRequest, replay};
