//! Settings against a running systemd: random services are loaded by both, and systemd's properties on the bus are
//! compared with what the settings say they must be.
//!
//! Needs root, and a lab (`lab/systemd-lab`). `RINGFENCE_SEED` chooses other services, `RINGFENCE_COUNT` how many.

#[path = "../settings/from_text.rs"]
mod from_text;
mod generate;
mod properties;
#[rustfmt::skip]
mod vocabulary;

use generate::Service;
use ringfence_agreement::Machine;
use ringfence_settings::Settings;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

#[test]
fn random_services_have_the_properties_that_systemd_gives_them() {
    if !rustix::process::geteuid().is_root() {
        println!("SKIP: a lab needs root");
        assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "this test must run");
        return;
    }
    let number = |name: &str, default| std::env::var(name).map_or(default, |text| text.parse().expect(name));
    let (seed, count) = (number("RINGFENCE_SEED", 1), number("RINGFENCE_COUNT", 300));
    println!("RINGFENCE_SEED={seed} RINGFENCE_COUNT={count}");
    let services = generate::services(seed, count as usize);
    let machine = Machine::lab(&format!("settings-{}", std::process::id()), None).expect("a lab");
    let shown = shown(&machine, &services);
    let differences: Vec<String> =
        services.iter().zip(&shown).filter_map(|(s, shown)| differences(s, shown)).collect();
    assert!(differences.is_empty(), "{} of {count} differ:\n{}", differences.len(), differences.join("\n"));
    let loaded = shown.iter().filter(|properties| properties["LoadState"] == "loaded").count();
    assert!(loaded * 2 > services.len(), "only {loaded} of {count} services load, which compares too little");
}

/// What a running systemd shows of each service.
fn shown(machine: &Machine, services: &[Service]) -> Vec<BTreeMap<String, Value>> {
    let mut script = String::from("set -eu\ncd /run/systemd/system\n");
    for service in services {
        let Service { name, files } = service;
        for (at, text) in files.iter().enumerate() {
            let path = if at == 0 { name.clone() } else { format!("{name}.d/{at}.conf") };
            let line = "cat > {path} <<'END OF FILE'";
            writeln!(script, "mkdir -p {name}.d; {}\n{text}END OF FILE", line.replace("{path}", &path))
                .expect("text");
        }
    }
    script += "systemctl daemon-reload\n";
    for service in services {
        let object = format!("/org/freedesktop/systemd1/unit/{}", escaped(&service.name));
        writeln!(
            script,
            "busctl --json=short call org.freedesktop.systemd1 {object} org.freedesktop.DBus.Properties GetAll s ''"
        )
        .expect("text");
    }
    let output = machine.shell(&script).expect("systemd answers");
    let all: Vec<_> = output
        .lines()
        .map(|line| {
            let reply: Value = serde_json::from_str(line).expect("JSON");
            let properties = reply["data"][0].as_object().expect("properties").clone();
            properties.into_iter().map(|(name, value)| (name, value["data"].clone())).collect()
        })
        .collect();
    assert_eq!(all.len(), services.len());
    all
}

/// A unit's name as part of an object's path (`bus_label_escape`).
fn escaped(name: &str) -> String {
    name.bytes().fold(String::new(), |mut path, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => path.push(char::from(byte)),
            b'0'..=b'9' if !path.is_empty() => path.push(char::from(byte)),
            _ => write!(path, "_{byte:02x}").expect("text"),
        }
        path
    })
}

/// What differs, with the service; `None` when nothing does.
fn differences(service: &Service, shown: &BTreeMap<String, Value>) -> Option<String> {
    let files: Vec<&str> = service.files.iter().map(String::as_str).collect();
    let (settings, _) = Settings::from_unit(&from_text::unit(&service.name, &files));
    let mut text = String::new();
    let loads = shown["LoadState"] == "loaded";
    if loads != settings.refused.is_empty() {
        writeln!(text, "systemd: {}, here: refused {:?}", shown["LoadState"], settings.refused)
            .expect("text");
    } else if loads {
        for (name, ours) in properties::expected(&settings) {
            let theirs = shown.get(&name).map(|value| properties::normal(&name, value.clone()));
            if theirs.as_ref() != Some(&ours) {
                let theirs = theirs.unwrap_or_default();
                writeln!(text, "{name}\n  systemd: {theirs}\n  here:    {ours}").expect("text");
            }
        }
    }
    (!text.is_empty()).then(|| format!("{}\n{}\n{text}", service.name, service.files.join("--- drop-in\n")))
}
