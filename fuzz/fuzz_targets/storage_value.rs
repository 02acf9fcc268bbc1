#![no_main]

use libfuzzer_sys::fuzz_target;
use yumascan_fuzz::{bodies, fixtures};

fuzz_target!(|data: &[u8]| bodies::storage(fixtures::runtime(), data));
