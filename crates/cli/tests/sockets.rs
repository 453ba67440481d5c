//! Services that are started by their sockets: in trials, and with `run`. Needs root, python3 and bash.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Answers each connection on the sockets that it is passed, says which those are, and keeps what it was told beside them.
const SERVER: &str = r#"
import os, select, socket
assert os.environ["LISTEN_PID"] == str(os.getpid())
count, names = int(os.environ["LISTEN_FDS"]), os.environ["LISTEN_FDNAMES"]
sockets = [socket.socket(fileno=3 + number) for number in range(count)]
assert all(s.getblocking() for s in sockets)
while True:
    for s in select.select(sockets, [], [])[0]:
        connection, _ = s.accept()
        told = connection.recv(100)
        with open(os.environ["KEPT"], "ab") as kept:
            kept.write(told)
        connection.sendall(names.encode() + b" " + told)
        connection.close()
"#;

/// Says something to a socket in the file system; what comes back must end with it.
const CLIENT: &str = r#"
import socket, sys
client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1])
client.sendall(b"hello\n")
sys.exit(not client.recv(100).endswith(b" hello\n"))
"#;

fn obstacle() -> Option<&'static str> {
    if !rustix::process::geteuid().is_root() {
        return Some("a trial needs root");
    }
    (!Path::new("/usr/bin/python3").exists() || !Path::new("/bin/bash").exists())
        .then_some("the services need /usr/bin/python3 and /bin/bash")
}

fn may_run() -> bool {
    let Some(why) = obstacle() else { return true };
    println!("SKIP: {why}");
    assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "this test must run");
    false
}

/// A directory with these files, which is no place that other services share.
fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir_in("/opt").or_else(|_| tempfile::tempdir_in("/var/tmp")).unwrap();
    for (name, text) in files {
        let text = text.replace("@HERE@", directory.path().to_str().unwrap());
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

fn harden(unit: &Path, arguments: &[&str]) -> (Output, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_ringfence"))
        .arg("harden")
        .arg(unit)
        .args(["--format", "json"])
        .args(arguments)
        .output()
        .unwrap();
    let document = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
    (output, document)
}

fn message(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const SERVICE: &str =
    "[Service]\nExecStart=/usr/bin/python3 @HERE@/server.py\nEnvironment=KEPT=@HERE@/run/kept\n";
const SOCKET: &str =
    "[Socket]\nListenStream=@HERE@/run/first\nListenStream=@HERE@/run/second\nFileDescriptorName=talk\n";

#[test]
fn a_service_gets_the_sockets_of_its_unit_in_a_trial() {
    if !may_run() {
        return;
    }
    let directory = directory(&[
        ("tried.service", SERVICE),
        ("tried.socket", SOCKET),
        ("server.py", SERVER),
        ("client.py", CLIENT),
    ]);
    let here = directory.path().display();
    let exercise =
        format!("python3 {here}/client.py {here}/run/first && python3 {here}/client.py {here}/run/second");
    for level in ["standard", "tight"] {
        let unit = directory.path().join("tried.service");
        let (output, document) = harden(&unit, &["--exercise", &exercise, "--level", level]);
        assert_eq!(document["proven"], true, "{document:#}\n{}", message(&output));
        let text = document["drop_in"].as_str().unwrap();
        assert!(text.contains(&format!("{here}/run\n")), "its files beside the sockets: {text}");
        assert!(!directory.path().join("run").exists(), "a trial leaves nothing on the machine");
        if level == "tight" {
            // What connects comes through a socket that was made outside.
            assert!(text.contains("PrivateNetwork=yes\n"), "{text}");
        }
    }
}

#[test]
fn a_directory_below_run_that_holds_a_socket_is_not_the_services_to_remove() {
    if !may_run() {
        return;
    }
    let directory = directory(&[
        ("tried.service", &SERVICE.replace("@HERE@/run", "/run/ringfence-tried")),
        ("tried.socket", &SOCKET.replace("@HERE@/run", "/run/ringfence-tried")),
        ("server.py", SERVER),
        ("client.py", CLIENT),
    ]);
    let exercise = format!("python3 {}/client.py /run/ringfence-tried/first", directory.path().display());
    let (output, document) = harden(&directory.path().join("tried.service"), &["--exercise", &exercise]);
    assert_eq!(document["proven"], true, "{document:#}\n{}", message(&output));
    let text = document["drop_in"].as_str().unwrap();
    assert!(text.contains("ReadWritePaths=/run/ringfence-tried\n"), "{text}");
    assert!(!text.contains("RuntimeDirectory="), "{text}");
}

const EACH: &str = r#"[Service]
ExecStart=/bin/sh -c 'read line; echo "$line" >> @HERE@/kept; case %i in [01]-127.0.0.1:7788-127.0.0.1:$REMOTE_PORT) echo "$REMOTE_ADDR said $line";; *) echo "%i";; esac'
StandardInput=socket
"#;

#[test]
fn every_connection_gets_an_instance_of_the_template() {
    if !may_run() {
        return;
    }
    let directory = directory(&[
        ("each@.service", EACH),
        ("each.socket", "[Socket]\nListenStream=127.0.0.1:7788\nAccept=yes\nMark=3\n"),
    ]);
    let unit = directory.path().join("each@.service");
    // Two at once, and the one that came later speaks first.
    let exercise = "exec 3<>/dev/tcp/127.0.0.1/7788 4<>/dev/tcp/127.0.0.1/7788; echo b >&4; read b <&4; \
                    echo a >&3; read a <&3; test \"$a $b\" = '127.0.0.1 said a 127.0.0.1 said b'";
    let exercise = format!("bash -c '{}'", exercise.replace('\'', "'\\''"));
    let (output, document) = harden(&unit, &["--exercise", &exercise]);
    assert_eq!(document["proven"], true, "{document:#}\n{}", message(&output));
    let text = document["drop_in"].as_str().unwrap();
    assert!(text.contains(&format!("ReadWritePaths={}", directory.path().display())), "{text}");
    assert!(!directory.path().join("kept").exists(), "a trial leaves nothing on the machine");
    let said = message(&output);
    assert!(said.contains("Mark=3") && said.contains("each.socket:4"), "{said}");

    // Nobody drives it: a connection that says nothing shows the start at least.
    let (output, document) = harden(&unit, &[]);
    assert_eq!(document["proven"], true, "{document:#}\n{}", message(&output));
    // An exercise that does not touch the service proves nothing about it.
    let (_, document) = harden(&unit, &["--exercise", "true"]);
    assert_eq!(document["proven"], false);
    assert!(document["why_not"].as_str().unwrap().contains("the exercise must use them"), "{document:#}");
}

#[test]
fn a_oneshot_service_starts_when_something_comes_and_must_take_it() {
    if !may_run() {
        return;
    }
    let once = "[Service]\nType=oneshot\nStandardInput=socket\nStandardOutput=journal\nExecStart=/bin/dd of=@HERE@/kept bs=100 count=1\n";
    let deaf = "[Service]\nType=oneshot\nExecStart=/bin/true\n";
    let socket = "[Socket]\nListenFIFO=@HERE@/pipe\nTriggerLimitBurst=2\nTriggerLimitIntervalSec=1min\n";
    let directory = directory(&[
        ("once.service", once),
        ("once.socket", socket),
        ("deaf.service", deaf),
        ("deaf.socket", socket),
    ]);
    let here = directory.path().display();
    let exercise = format!(
        "echo hello > {here}/pipe; for i in $(seq 300); do sleep 0.1; grep -q hello {here}/kept && exit 0; done; exit 1"
    );
    let (output, document) = harden(&directory.path().join("once.service"), &["--exercise", &exercise]);
    assert_eq!(document["proven"], true, "{document:#}\n{}", message(&output));

    // The shadow's second process starts the service, and ends when it gives up.
    let given_up =
        "for i in $(seq 300); do grep -q '^State:.Z' /proc/2/status && exit 0; sleep 0.1; done; exit 1";
    let exercise = format!("echo hello > {here}/pipe; {given_up}");
    let (_, document) = harden(&directory.path().join("deaf.service"), &["--exercise", &exercise]);
    assert_eq!(document["proven"], false, "{document:#}");
    assert!(document["why_not"].as_str().unwrap().contains("trigger-limit-hit"), "{document:#}");
}

fn talk(socket: &Path) -> String {
    let mut client = UnixStream::connect(socket).unwrap();
    client.write_all(b"hello").unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn run_listens_and_leaves_nothing_behind() {
    if !may_run() {
        return;
    }
    let directory = directory(&[("tried.service", SERVICE), ("tried.socket", SOCKET), ("server.py", SERVER)]);
    let socket = directory.path().join("run/second");
    let mut child = Command::new(env!("CARGO_BIN_EXE_ringfence"))
        .arg("run")
        .arg(directory.path().join("tried.service"))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.contains("listening on"), "{line}");
    said.read_line(&mut line).unwrap();
    // What connects before the service accepts waits in the socket.
    assert_eq!(talk(&socket), "talk:talk hello");

    // Somebody listens there: a second one is refused, and the first goes on.
    let second = Command::new(env!("CARGO_BIN_EXE_ringfence"))
        .arg("run")
        .arg(directory.path().join("tried.service"))
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(2));
    assert!(message(&second).contains("somebody listens there already"), "{}", message(&second));
    assert_eq!(talk(&socket), "talk:talk hello");

    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::TERM)
        .unwrap();
    let status = child.wait().unwrap();
    assert!(!socket.exists(), "the sockets are gone");
    assert_eq!(status.code(), Some(128 + 15), "{}", std::io::read_to_string(said).unwrap());
}
