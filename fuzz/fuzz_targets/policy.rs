//! Any text is a policy of the exposure's weights or a clear refusal.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_exposure::Policy;

fuzz_target!(|text: &str| {
    let _ = Policy::parse(text);
});
