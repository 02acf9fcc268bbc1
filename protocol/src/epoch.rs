//! Yuma consensus: one epoch of one mechanism of one subnet.
