//! Real sockets, in a directory of the test's own.

use super::*;
use ringfence_host::HostFacts;
use ringfence_settings::Settings;
use ringfence_unit::Manager;
use ringfence_unit::find::{Environment, Root, load_file};
use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixDatagram, UnixStream};

fn unit(directory: &Path, text: &str) -> SocketUnit {
    let file = directory.join("tried.socket");
    std::fs::write(&file, text).unwrap();
    let unit = load_file(Root::system(), Manager::System, Environment::default(), &file, None).unwrap();
    let (settings, complaints) = Settings::from_unit(&unit);
    SocketUnit { settings, complaints }
}

fn opened(unit: SocketUnit, taken: Taken) -> Result<Opened, OpenError> {
    open(&[unit], &HostFacts::of_this_machine().unwrap(), taken)
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn sockets_and_pipes_are_there_as_the_unit_says_and_gone_when_closed() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join("sub").join(name);
    let text = format!(
        "[Socket]\nListenStream={}\nListenFIFO={}\nListenDatagram={}\nSocketMode=0640\nDirectoryMode=0710\n\
         FileDescriptorName=it\n",
        at("stream").display(),
        at("pipe").display(),
        at("datagram").display(),
    );
    let opened = opened(unit(directory.path(), &text), Taken::Replace).unwrap();
    assert_eq!(mode(&directory.path().join("sub")), 0o710);
    assert_eq!(mode(&at("stream")), 0o640);
    assert_eq!(mode(&at("pipe")), 0o640);
    assert!(std::fs::symlink_metadata(at("pipe")).unwrap().file_type().is_fifo());
    let names: Vec<String> = opened.passed().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["it", "it", "it"]);
    UnixStream::connect(at("stream")).unwrap();
    UnixDatagram::unbound().unwrap().send_to(b"x", at("datagram")).unwrap();
    opened.close();
    for name in ["stream", "pipe", "datagram"] {
        assert!(!at(name).exists(), "{name}");
    }
}

#[test]
fn a_socket_that_somebody_listens_on_is_respected_where_that_is_wanted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let text = format!("[Socket]\nListenStream={}\n", path.display());
    let theirs = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let error = opened(unit(directory.path(), &text), Taken::Respect).unwrap_err();
    assert!(error.to_string().contains("somebody listens there already"), "{error}");
    assert!(error.to_string().contains("tried.socket:2"), "{error}");
    assert!(path.exists());
    drop(theirs);
    opened(unit(directory.path(), &text), Taken::Respect).unwrap().close();
    let _theirs = std::os::unix::net::UnixListener::bind(&path).unwrap();
    opened(unit(directory.path(), &text), Taken::Replace).unwrap().close();
}

#[test]
fn what_is_no_forgotten_socket_stays_where_that_is_wanted() {
    let directory = tempfile::tempdir().unwrap();
    let (path, link) = (directory.path().join("s"), directory.path().join("l"));
    let text = format!("[Socket]\nListenStream={}\nSymlinks={}\n", path.display(), link.display());
    let tried = || opened(unit(directory.path(), &text), Taken::Respect);
    std::fs::write(&path, "precious").unwrap();
    let error = tried().unwrap_err();
    assert!(error.to_string().contains("something else is there"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");

    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/elsewhere", &link).unwrap();
    let error = tried().unwrap_err();
    assert!(error.to_string().contains("tried.socket:3"), "{error}");
    assert_eq!(std::fs::read_link(&link).unwrap(), Path::new("/elsewhere"));
    assert!(!path.exists(), "what was made before the error is gone again");

    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    tried().unwrap().close();
    assert_eq!(std::fs::read_link(&link).unwrap(), path, "it was there before");
}

#[test]
fn a_connection_is_accepted_and_names_its_instance() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let text = format!("[Socket]\nListenStream={}\nListenStream=127.0.0.1:0\nAccept=yes\n", path.display());
    let error = opened(unit(directory.path(), &text), Taken::Replace).unwrap_err();
    assert!(error.to_string().contains("a port is between 1 and 65535"), "{error}");
    assert!(!path.exists(), "what was made before the error is gone");

    let text = format!("[Socket]\nListenStream={}\nAccept=yes\n", path.display());
    let opened = opened(unit(directory.path(), &text), Taken::Replace).unwrap();
    assert!(opened.passed().is_empty(), "the service gets connections only");
    let listener = &opened.listeners[0];
    assert!(listener.accept().unwrap().is_none());
    let mut client = UnixStream::connect(&path).unwrap();
    let connection = listener.accept().unwrap().unwrap();
    let us = format!("7-{}-{}", std::process::id(), rustix::process::getuid().as_raw());
    assert_eq!(connection.instance(7), us);
    assert_eq!(connection.passed().0, "connection");
    assert_eq!(connection.variables(), []);
    rustix::io::write(&connection, b"hello").unwrap();
    drop(connection);
    let mut heard = String::new();
    client.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "hello");
    assert!(client.write_all(b"x").is_err());
    opened.close();
}

#[test]
fn a_missing_user_is_named_with_its_directive() {
    let directory = tempfile::tempdir().unwrap();
    let text = format!(
        "[Socket]\nListenStream={}\nSocketUser=nobody-of-this-name\n",
        directory.path().join("s").display()
    );
    let error = opened(unit(directory.path(), &text), Taken::Replace).unwrap_err();
    assert!(error.to_string().contains("there is no user nobody-of-this-name (SocketUser=)"), "{error}");
}

#[test]
fn symlinks_lead_to_the_socket() {
    let directory = tempfile::tempdir().unwrap();
    let (path, link) = (directory.path().join("s"), directory.path().join("links/l"));
    let text = format!("[Socket]\nListenStream={}\nSymlinks={}\n", path.display(), link.display());
    let opened = opened(unit(directory.path(), &text), Taken::Replace).unwrap();
    UnixStream::connect(&link).unwrap();
    opened.close();
    assert!(!link.is_symlink());
}
