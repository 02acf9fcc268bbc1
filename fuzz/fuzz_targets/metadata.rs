#![no_main]

use libfuzzer_sys::fuzz_target;
use yumascan_fuzz::bodies;

fuzz_target!(|data: &[u8]| bodies::metadata(data));
