//! Any bytes as a unit make settings without a panic; implying twice is implying once; what is shown can be written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_settings::{Settings, imply};

fuzz_target!(|bytes: &[u8]| {
    let Some(unit) = ringfence_fuzz::unit(bytes) else { return };
    let (settings, _) = Settings::from_unit(&unit);
    settings.list();
    let mut again = settings.clone();
    imply(&mut again);
    assert_eq!(format!("{settings:?}"), format!("{again:?}"));
});
