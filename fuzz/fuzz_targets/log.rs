//! Any bytes are read as a log, in whatever form they look like, without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_diagnose::read_log;

fuzz_target!(|bytes: &[u8]| {
    read_log(bytes);
});
