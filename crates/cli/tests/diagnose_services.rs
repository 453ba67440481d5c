//! `ringfence diagnose` beside a real systemd: services that are well are left in peace, all that have failed are gone
//! through, and the two stories that every administrator knows end well. Needs root and a lab (`lab/systemd-lab`).
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use ringfence_agreement::Machine;
use serde_json::Value;
use std::process::Output;

fn lab(purpose: &str) -> Option<Machine> {
    if !rustix::process::geteuid().is_root() {
        println!("SKIP: a lab needs root");
        assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "this test must run");
        return None;
    }
    let machine = Machine::lab(&format!("diagnose-{purpose}-{}", std::process::id()), None).unwrap();
    machine.write("/run/ringfence", "755", &std::fs::read(env!("CARGO_BIN_EXE_ringfence")).unwrap()).unwrap();
    machine
        .shell("systemctl log-target journal; systemctl stop nginx redis-server 2>/dev/null || true")
        .unwrap();
    Some(machine)
}

fn diagnose(machine: &Machine, arguments: &[&str]) -> (Value, Output) {
    let all = [&["diagnose", "--format", "json"], arguments].concat();
    let output = machine.command("/run/ringfence").args(all).output().unwrap();
    let document = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
    (document, output)
}

/// Starts a service, reloads it where it can be, and stops it.
fn live(machine: &Machine, unit: &str) {
    machine.shell(&format!("systemctl start {unit} && systemctl reload-or-restart {unit} && sleep 1 && systemctl stop {unit} && journalctl --sync")).unwrap();
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    let Some(machine) = lab("healthy") else { return };
    let fpm = machine.shell("cd /usr/lib/systemd/system && echo php*-fpm.service").unwrap();
    for unit in ["nginx.service", "redis-server.service", fpm.trim()] {
        live(&machine, unit);
        let (document, output) = diagnose(&machine, &[unit]);
        assert_eq!(
            (document["findings"].as_array().unwrap().len(), output.status.code()),
            (0, Some(0)),
            "{document:#}"
        );
    }
    // What they keep in files of their own.
    let logs = "cd /var/log && ls redis/*.log nginx/*.log php*.log 2>/dev/null || true";
    for log in machine.shell(logs).unwrap().lines() {
        let unit = if log.starts_with("redis") { "redis-server" } else { "nginx" };
        let (document, _) = diagnose(&machine, &[unit, "--journal", &format!("/var/log/{log}")]);
        assert_eq!(document["findings"], Value::Array(Vec::new()), "{log}: {document:#}");
    }
    // Whatever else the machine runs.
    let list = "systemctl list-units --type=service --state=active --plain --no-legend | cut -d' ' -f1";
    let active = machine.shell(list).unwrap();
    assert!(active.lines().count() >= 3, "{active}");
    for unit in active.lines() {
        let (document, _) = diagnose(&machine, &[unit]);
        assert_eq!(document["findings"], Value::Array(Vec::new()), "{document:#}");
    }
    // The lab's own kernel is none of its business.
    machine.shell("systemctl reset-failed").unwrap();
    let (document, output) = diagnose(&machine, &[]);
    assert_eq!(
        (document, output.status.code()),
        (Value::Array(Vec::new()), Some(0)),
        "no service has failed"
    );
}

#[test]
fn every_failed_service_is_gone_through() {
    let Some(machine) = lab("failed") else { return };
    for (name, lines) in [
        ("one", "ProtectSystem=strict\nExecStart=/usr/bin/touch /etc/one"),
        ("two", "ReadWritePaths=/srv/absent\nExecStart=/bin/true"),
        ("three", "ExecStart=/bin/false"),
    ] {
        let path = format!("/run/systemd/system/{name}.service");
        machine.write(&path, "644", format!("[Service]\nType=oneshot\n{lines}\n").as_bytes()).unwrap();
    }
    machine.shell("systemctl start one two three 2>/dev/null; journalctl --sync").unwrap();
    let (document, output) = diagnose(&machine, &[]);
    assert_eq!(output.status.code(), Some(1));
    let causes = |unit: &str| {
        let all = document.as_array().unwrap();
        let one =
            all.iter().find(|one| one["unit"] == unit).unwrap_or_else(|| panic!("{unit}: {document:#}"));
        let findings = one["findings"].as_array().unwrap();
        findings.iter().map(|f| f["cause"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(causes("one.service"), ["read-only-path"]);
    assert_eq!(causes("two.service"), ["missing-namespace-path"]);
    assert_eq!(causes("three.service"), [""; 0], "its own failure is not the sandbox's");
    // A start that went well makes what was wrong before it a thing of the past.
    machine
        .shell("mkdir /srv/absent; systemctl reset-failed two; systemctl start two; journalctl --sync")
        .unwrap();
    assert_eq!(diagnose(&machine, &["two.service"]).0["findings"], Value::Array(Vec::new()));
}

/// The lines of the first fix, as the drop-in that a person would make of them.
fn apply_first_fix(machine: &Machine, unit: &str, finding: &Value) -> String {
    let lines = finding["fixes"][0]["lines"].as_array().unwrap_or_else(|| panic!("no fix: {finding:#}"));
    let text: String = lines.iter().map(|line| format!("{}\n", line.as_str().unwrap())).collect();
    let path = format!("/etc/systemd/system/{unit}.d/fix.conf");
    machine.write(&path, "644", format!("[Service]\n{text}").as_bytes()).unwrap();
    text
}

fn started(machine: &Machine, unit: &str) -> bool {
    let script = format!(
        "systemctl daemon-reload; systemctl reset-failed {unit} 2>/dev/null; \
        if systemctl start {unit} 2>/dev/null; then echo started; fi; journalctl --sync"
    );
    machine.shell(&script).unwrap().contains("started")
}

#[test]
fn a_hardened_service_that_writes_below_etc_works_again_and_stays_hardened() {
    let Some(machine) = lab("strict") else { return };
    let unit =
        "[Service]\nType=oneshot\nExecStart=/bin/sh -c \"mkdir -p /etc/app && date > /etc/app/last\"\n";
    machine.write("/etc/systemd/system/app.service", "644", unit.as_bytes()).unwrap();
    assert!(started(&machine, "app.service"), "it works before it is hardened");
    machine
        .write("/etc/systemd/system/app.service.d/hard.conf", "644", b"[Service]\nProtectSystem=strict\n")
        .unwrap();
    assert!(!started(&machine, "app.service"), "hardened, it fails");
    let (document, output) = diagnose(&machine, &["app.service"]);
    assert_eq!(output.status.code(), Some(1));
    let finding = &document["findings"][0];
    assert_eq!(finding["cause"], "read-only-path", "{document:#}");
    assert_eq!(finding["path"], "/etc/app/last");
    assert_eq!(finding["origin"]["file"], "/etc/systemd/system/app.service.d/hard.conf");
    assert!(
        finding["explanation"].as_str().unwrap().contains("Owner and mode do not matter"),
        "{document:#}"
    );
    let lines = apply_first_fix(&machine, "app.service", finding);
    assert!(!lines.contains("ProtectSystem"), "strict is kept: {lines}");
    assert!(started(&machine, "app.service"), "it works with\n{lines}");
    let value = machine.shell("systemctl show --value -p ProtectSystem app.service").unwrap();
    assert_eq!(value.trim(), "strict");
    assert_eq!(diagnose(&machine, &["app.service"]).1.status.code(), Some(0));
}

#[test]
fn nginx_in_an_empty_tree_gets_its_loader_and_its_libraries() {
    let Some(machine) = lab("nginx") else { return };
    let drop_in = "[Service]\nTemporaryFileSystem=/:ro\nBindReadOnlyPaths=/usr/sbin/nginx /usr/sbin/start-stop-daemon \
        /usr/lib/nginx /usr/share/nginx /etc\nBindPaths=/run /var /dev\n";
    machine.write("/etc/systemd/system/nginx.service.d/empty.conf", "644", drop_in.as_bytes()).unwrap();
    assert!(!started(&machine, "nginx.service"), "the library directory is missing");
    let (document, _) = diagnose(&machine, &["nginx.service"]);
    let finding = &document["findings"][0];
    assert_eq!(finding["cause"], "missing-interpreter", "{document:#}");
    assert_eq!(finding["detail"], "/usr/sbin/nginx");
    assert!(finding["path"].as_str().unwrap().contains("/ld-linux"), "{document:#}");
    assert!(finding["evidence"].as_str().unwrap().contains("No such file or directory"));
    let lines = apply_first_fix(&machine, "nginx.service", finding);
    for file in ["/ld-linux", "libc.so.6", "libpcre2-8.so.0", "libcrypt.so.1"] {
        assert!(lines.contains(file), "{file}: {lines}");
    }
    assert!(started(&machine, "nginx.service"), "it works with\n{lines}");
    let page = machine
        .shell("curl -sS -o /dev/null -w '%{http_code}' http://localhost/; systemctl stop nginx")
        .unwrap();
    assert_eq!(page.trim(), "200");
}
