//! `ringfence diagnose` of logs that were sent in, about units that this machine does not have.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::Value;
use std::io::Write;
use std::process::{Command, Output, Stdio};

fn diagnose(arguments: &[&str], log: &[u8]) -> (Value, Output) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ringfence"))
        .args(["diagnose", "--format", "json", "--journal", "-"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(log).unwrap();
    let output = child.wait_with_output().unwrap();
    let document = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
    (document, output)
}

fn causes(document: &Value) -> Vec<(&str, Option<&str>)> {
    let findings = document["findings"].as_array().unwrap();
    findings.iter().map(|f| (f["cause"].as_str().unwrap(), f["path"].as_str())).collect()
}

const UNIT: &str = "not-of-this-machine.service";

#[test]
fn a_log_in_any_form_says_what_it_can() {
    let message = format!(
        "{UNIT}: Failed to set up mount namespacing: /run/systemd/unit-root/srv/x: No such file or directory"
    );
    let said = "touch: cannot touch '/etc/x': Read-only file system";
    let forms = [
        format!("Nov 21 19:47:00 host systemd[1]: {message}\nNov 21 19:47:01 host touch[7]: {said}\n"),
        format!(
            "2026-11-21T19:47:00+00:00 host systemd[1]: {message}\n2026-11-21T19:47:01+00:00 host touch[7]: {said}\n"
        ),
        format!(
            "{{\"MESSAGE\":\"{message}\",\"UNIT\":\"{UNIT}\"}}\n{{\"MESSAGE\":\"{said}\",\"_SYSTEMD_UNIT\":\"{UNIT}\"}}\n"
        ),
        format!(
            "__CURSOR=s=1\nUNIT={UNIT}\nMESSAGE={message}\n\n__CURSOR=s=2\n_SYSTEMD_UNIT={UNIT}\nMESSAGE={said}\n\n"
        ),
        format!("{message}\n{said}\n"),
    ];
    for form in forms {
        for arguments in [&[UNIT][..], &[]] {
            let (document, output) = diagnose(arguments, form.as_bytes());
            let wanted = [("missing-namespace-path", Some("/srv/x")), ("read-only-path", Some("/etc/x"))];
            assert_eq!(causes(&document), wanted, "{form}");
            assert_eq!(output.status.code(), Some(1));
            assert_eq!(document["unit"], arguments.first().copied().unwrap_or_default());
            let finding = &document["findings"][1];
            assert_eq!(finding["origin"], Value::Null);
            assert!(finding["explanation"].as_str().unwrap().contains("Without the unit"), "{finding:#}");
        }
    }
    let (_, output) = diagnose(&[UNIT], b"nothing\n");
    assert_eq!(output.status.code(), Some(0));
    let noted = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(noted.contains(&format!("there is no unit {UNIT} here")), "{noted}");
}

#[test]
fn the_kernels_records_are_read_from_dmesg() {
    let log = "[ 12.3] audit: type=1326 audit(1.1:2): auid=4294967295 uid=0 gid=0 ses=4294967295 subj=unconfined pid=7 comm=\"x\" exe=\"/usr/bin/x\" sig=31 arch=c000003e syscall=165 compat=0 ip=0x7f code=0x80000000\n\
        [ 12.4] audit: type=1400 audit(1.1:3): avc:  denied  { read } for  pid=7 comm=\"x\" name=\"x\" dev=\"dm-0\" ino=3 scontext=a tcontext=b tclass=file permissive=0\n\
        [ 12.5] usb 1-1: new high-speed USB device number 2 using xhci_hcd\n";
    let (document, _) = diagnose(&[], log.as_bytes());
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(causes(&document), [("syscall-filtered", None), ("mandatory-access-control", None)]);
    assert_eq!(
        (findings[0]["detail"].as_str(), findings[1]["detail"].as_str()),
        (Some("mount"), Some("SELinux"))
    );
    assert!(findings[1]["explanation"].as_str().unwrap().contains("audit2why"), "it says what to run");
}
