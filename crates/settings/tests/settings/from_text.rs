//! Units from text, for tests.

use ringfence_unit::text::UnitText;
use ringfence_unit::{Assignment, LoadState, Manager, Specifiers, Unit, UnitName};
use std::path::Path;
use std::sync::Arc;

/// A unit of these files: the first is the fragment, the others are drop-ins in this order.
pub fn unit(name: &str, files: &[&str]) -> Unit {
    let name = UnitName::parse(name).expect("a unit's name");
    let mut specifiers = Specifiers::of_name(&name);
    specifiers.set('t', "/run");
    let mut unit = Unit {
        name: name.clone(),
        id: name,
        aliases: Vec::new(),
        manager: Manager::System,
        state: LoadState::Loaded,
        fragment: None,
        drop_ins: Vec::new(),
        assignments: Vec::new(),
        complaints: Vec::new(),
        specifiers,
    };
    for (at, text) in files.iter().enumerate() {
        let path: Arc<Path> = Path::new(&format!("/units/{at}")).into();
        let text = UnitText::parse(path.clone(), text.as_bytes().to_vec());
        match at {
            0 => unit.fragment = Some(path),
            _ => unit.drop_ins.push(path),
        }
        let assignments = text.assignments();
        unit.assignments
            .extend(assignments.map(|a| Assignment { section: a.section.clone(), origin: a.origin.clone() }));
        unit.complaints.extend(text.complaints().iter().cloned());
    }
    unit
}
