//! Any bytes are a profile or a clear refusal; what was read is written so that it reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_profile::Profile;

fuzz_target!(|bytes: &[u8]| {
    let Ok(profile) = Profile::read(bytes) else { return };
    let written = |profile: &Profile| {
        let mut text = Vec::new();
        profile.write(&mut text).expect("memory can be written");
        text
    };
    let first = written(&profile);
    let again = Profile::read(first.as_slice()).expect("what was written is read");
    assert_eq!(written(&again), first);
});
