//! What several fuzz targets need: a unit made of any bytes.

use ringfence_unit::text::UnitText;
use ringfence_unit::{Assignment, LoadState, Manager, Specifiers, Unit, UnitName};
use std::path::Path;
use std::sync::Arc;

/// A unit with these bytes as its file: a service, as long as they end like a file. Any other last byte chooses another type,
/// or the user's manager, so that every type is reached.
pub fn unit(bytes: &[u8]) -> Option<Unit> {
    let types = ["service", "socket", "mount", "swap", "slice", "scope", "timer"];
    let last = bytes.last().copied().filter(|&byte| byte != b'\n').unwrap_or(0);
    let id = UnitName::parse(&format!("a-b@c.{}", types[usize::from(last) % types.len()])).ok()?;
    let fragment: Arc<Path> = Path::new("/a.service").into();
    let text = UnitText::parse(fragment.clone(), bytes);
    let assignments = text.assignments();
    Some(Unit {
        name: id.clone(),
        specifiers: Specifiers::of_name(&id),
        id,
        aliases: Vec::new(),
        manager: if last & 0x80 == 0 { Manager::System } else { Manager::User },
        state: LoadState::Loaded,
        fragment: Some(fragment),
        drop_ins: Vec::new(),
        assignments: assignments
            .map(|a| Assignment { section: a.section.clone(), origin: a.origin.clone() })
            .collect(),
        complaints: Vec::new(),
    })
}
