//! Fixed-point numbers with the rounding and saturation of the chain.
