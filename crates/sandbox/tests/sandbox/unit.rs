//! Settings from the lines of a unit, for tests.

use ringfence_settings::Settings;
use ringfence_unit::text::UnitText;
use ringfence_unit::{Assignment, LoadState, Manager, Specifiers, Unit, UnitName};
use std::path::Path;

/// The settings of a unit of that name with this text.
pub fn named(name: &str, text: &str) -> Settings {
    Settings::from_unit(&unit(name, text)).0
}

/// A unit of that name with this text.
pub fn unit(name: &str, text: &str) -> Unit {
    let name = UnitName::parse(name).expect("a unit's name");
    let file = Path::new("/etc/systemd/system").join(name.as_str());
    let text = UnitText::parse(file.as_path(), text.as_bytes().to_vec());
    let mut specifiers = Specifiers::of_name(&name);
    specifiers.set('t', "/run");
    specifiers.set('S', "/var/lib");
    Unit {
        name: name.clone(),
        id: name,
        aliases: Vec::new(),
        manager: Manager::System,
        state: LoadState::Loaded,
        fragment: Some(text.file().clone()),
        drop_ins: Vec::new(),
        assignments: text
            .assignments()
            .map(|a| Assignment { section: a.section.clone(), origin: a.origin.clone() })
            .collect(),
        complaints: text.complaints().to_vec(),
        specifiers,
    }
}

/// The settings of `x.service` with these lines in `[Service]`; they may be separated by `; ` too.
pub fn service(lines: &str) -> Settings {
    named("x.service", &format!("[Service]\nExecStart=/usr/bin/true\n{}", lines.replace("; ", "\n")))
}
