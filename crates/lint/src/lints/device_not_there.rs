//! Devices with `PrivateDevices=yes`: allowed without being there, or there without being allowed.

use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_settings::Settings;
use ringfence_terms::{AbsPath, Severity};

pub(crate) static DEVICE_NOT_THERE: Lint = Lint {
    code: "RF110",
    name: "device-not-there",
    severity: Severity::Warning,
    versions: Versions::from(209),
    docs: Docs {
        what: "With `PrivateDevices=yes`, a `DeviceAllow=` for a node that the private /dev does not have, or a bind of a \
               node that the device policy does not allow.",
        why: "`PrivateDevices=yes` does two things: /dev holds a few pseudo devices only, and the control group denies all \
              other ones. A device needs both: to be bound into /dev, and to be allowed. With one of the two it is \
              missing (ENOENT), or opening it fails (EPERM).",
        example: "[Service]\nPrivateDevices=yes\nDeviceAllow=/dev/kvm rw\n",
        instead: "[Service]\nPrivateDevices=yes\nDeviceAllow=/dev/kvm rw\nBindPaths=-/dev/kvm\n",
        reference: "systemd.exec(5), PrivateDevices=; systemd: src/core/namespace.c, mount_private_dev()",
    },
    shown_by: &["one-private-devices-bind"],
    check,
};

/// What the private /dev has, and the closed device policy allows (systemd: `src/core/namespace.c: mount_private_dev`,
/// `src/core/bpf-devices.c: bpf_devices_allow_list_static`).
const STANDARD: &[&str] = &["null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm", "mqueue", "hugepages"];

fn check(subject: &Subject<'_>, report: &mut Report) {
    let settings = &subject.settings;
    if !settings.sandbox.private_devices.value {
        return;
    }
    let private = &settings.sandbox.private_devices.origin;
    for allowed in &settings.sandbox.device_allow {
        let Some(origin) = &allowed.origin else { continue };
        let node = &allowed.value.node;
        let Some(path) = AbsPath::parse(node).ok().filter(is_special) else { continue };
        if is_bound(settings, &path) {
            continue;
        }
        report
            .add(subject.whole(origin), format!("{node} is allowed but not there: PrivateDevices=yes gives a /dev without it"))
            .also(subject.whole_of(private.as_ref()), "makes the new /dev")
            .help("bind it, too")
            .line(format!("BindPaths=-{node}"))
            .fix(Trust::Suggested, format!("add `BindPaths=-{node}`"), vec![Edit::insert(origin, "BindPaths", format!("-{node}"))]);
    }
    for bind in &settings.paths.binds {
        let (Some(origin), path) = (&bind.origin, &bind.value.source) else { continue };
        if is_special(path) && !is_allowed(settings, path) {
            report
                .add(
                    subject.path_word(origin, path.as_path()),
                    format!("{path} is there but not allowed: opening it fails with EPERM, because of PrivateDevices=yes"),
                )
                .also(subject.whole_of(private.as_ref()), "closes the device policy")
                .help("allow it, too")
                .line(format!("DeviceAllow={path} rw"))
                .fix(
                    Trust::Suggested,
                    format!("add `DeviceAllow={path} rw`"),
                    vec![Edit::insert(origin, "DeviceAllow", format!("{path} rw"))],
                );
        }
    }
}

/// A node of /dev that is not one of the pseudo devices.
fn is_special(path: &AbsPath) -> bool {
    let Ok(below) = path.as_path().strip_prefix("/dev") else { return false };
    let first = below.iter().next().and_then(|name| name.to_str());
    first.is_some_and(|first| !STANDARD.contains(&first) && first != "log")
}

fn is_bound(settings: &Settings, path: &AbsPath) -> bool {
    settings.paths.binds.iter().any(|bind| path.is_at_or_below(&bind.value.destination))
}

/// Whether a line allows the node, by its name or (as far as one can tell from here) by a class or a directory.
fn is_allowed(settings: &Settings, path: &AbsPath) -> bool {
    settings.sandbox.device_allow.iter().any(|allowed| {
        let node = &allowed.value.node;
        let by_class = node.starts_with("char-") || node.starts_with("block-");
        by_class || AbsPath::parse(node).is_ok_and(|node| node == *path || node.is_below(path))
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::found_by;

    #[test]
    fn a_device_needs_both() {
        assert_eq!(found_by("RF110", "PrivateDevices=yes; BindPaths=/dev/kvm"), ["RF110 /dev/kvm"]);
        assert_eq!(found_by("RF110", "PrivateDevices=yes; DeviceAllow=/dev/null rw; DeviceAllow=char-rtc r"), [""; 0]);
        assert_eq!(found_by("RF110", "DeviceAllow=/dev/kvm rw"), [""; 0]);
    }
}
