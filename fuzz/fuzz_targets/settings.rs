//! Any bytes as a unit make settings without a panic; implying twice is implying once; what is shown can be written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_settings::{Settings, imply};
use ringfence_unit::text::UnitText;
use ringfence_unit::{Assignment, LoadState, Manager, Specifiers, Unit, UnitName};
use std::path::Path;
use std::sync::Arc;

/// The unit's type comes from the first byte, the rest is its file.
fn unit(bytes: &[u8]) -> Option<Unit> {
    let (&first, rest) = bytes.split_first()?;
    let types = ["service", "socket", "mount", "swap", "slice", "scope", "timer"];
    let id = UnitName::parse(&format!("a-b@c.{}", types[usize::from(first) % types.len()])).ok()?;
    let fragment: Arc<Path> = Path::new("/a.service").into();
    let text = UnitText::parse(fragment.clone(), rest);
    let assignments = text.assignments();
    Some(Unit {
        name: id.clone(),
        specifiers: Specifiers::of_name(&id),
        id,
        aliases: Vec::new(),
        manager: if first & 0x80 == 0 { Manager::System } else { Manager::User },
        state: LoadState::Loaded,
        fragment: Some(fragment),
        drop_ins: Vec::new(),
        assignments: assignments
            .map(|a| Assignment { section: a.section.clone(), origin: a.origin.clone() })
            .collect(),
        complaints: Vec::new(),
    })
}

fuzz_target!(|bytes: &[u8]| {
    let Some(unit) = unit(bytes) else { return };
    let (settings, _) = Settings::from_unit(&unit);
    settings.list();
    let mut again = settings.clone();
    imply(&mut again);
    assert_eq!(format!("{settings:?}"), format!("{again:?}"));
});
