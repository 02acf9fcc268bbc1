//! What the calculators compute: in the browser as it is typed, on the server where there is no script. The maths is
//! the chain's own, from `yumascan_protocol`.

pub mod earnings;
pub mod slippage;
