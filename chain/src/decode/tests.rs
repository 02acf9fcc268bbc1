//! Property tests of the program and its machine against independent encodings, and hostile inputs.

mod formats;
mod hostile;
mod model;
mod properties;
