//! Emission: what a block issues, how subnets share it, and who receives it at an epoch.
