//! What later lines, drop-ins and implications do.

use crate::from_text::unit;
use crate::lines::{clean, service};
use ringfence_settings::{
    Capability, CapabilitySet, DevicePolicy, PrivateTmp, ProtectHome, ProtectSystem, ServiceType, Settings,
};
use ringfence_terms::Severity;

#[test]
fn an_empty_enumeration_or_boolean_is_no_reset() {
    let (settings, complaints) =
        service("ProtectSystem=full\nProtectSystem=\nProtectSystem=STRICT\nPrivateTmp=1\nPrivateTmp=maybe\n");
    assert_eq!(settings.sandbox.protect_system.value, ProtectSystem::Full);
    assert_eq!(settings.sandbox.private_tmp.value, PrivateTmp::Connected);
    assert_eq!(complaints.len(), 3);
    assert!(complaints[1].help.as_ref().is_some_and(|help| help.contains("`strict`")));
}

#[test]
fn strings_and_tristates_reset() {
    let settings =
        clean("User=a\nUser=\nRootDirectory=/r\nRootDirectory=\nPrivateMounts=yes\nPrivateMounts=\n");
    assert_eq!(settings.identity.user.value, None);
    assert_eq!(settings.paths.root_directory.value, None);
    assert_eq!(settings.paths.private_mounts.value, None);
}

#[test]
fn capabilities_merge_as_in_systemd() {
    let set = |names: &[&str]| {
        names.iter().filter_map(|n| Capability::parse(n)).fold(CapabilitySet::EMPTY, CapabilitySet::with)
    };
    for (lines, expected) in [
        ("", CapabilitySet::ALL),
        ("CapabilityBoundingSet=", CapabilitySet::EMPTY),
        ("CapabilityBoundingSet=~", CapabilitySet::ALL),
        ("CapabilityBoundingSet=CAP_KILL cap_chown", set(&["CAP_KILL", "CAP_CHOWN"])),
        ("CapabilityBoundingSet=CAP_KILL\nCapabilityBoundingSet=CAP_CHOWN", set(&["CAP_KILL", "CAP_CHOWN"])),
        ("CapabilityBoundingSet=CAP_KILL CAP_CHOWN\nCapabilityBoundingSet=~CAP_CHOWN", set(&["CAP_KILL"])),
        ("CapabilityBoundingSet=~CAP_KILL", CapabilitySet(!set(&["CAP_KILL"]).0)),
        (
            "CapabilityBoundingSet=CAP_KILL\nCapabilityBoundingSet=~\nCapabilityBoundingSet=5",
            set(&["CAP_KILL"]),
        ),
    ] {
        assert_eq!(clean(lines).sandbox.bounding_set.value, expected, "{lines}");
    }
    let (settings, complaints) = service("CapabilityBoundingSet=CAP_NET_BIND_SERVIC");
    assert_eq!(settings.sandbox.bounding_set.value, CapabilitySet::EMPTY);
    assert!(complaints[0].help.as_ref().is_some_and(|help| help.contains("CAP_NET_BIND_SERVICE")));
}

#[test]
fn implications_carry_the_line_that_implies() {
    let settings = clean(
        "PrivateDevices=yes\nDevicePolicy=auto\nProtectClock=yes\n"
            .replace("DevicePolicy=auto\n", "")
            .as_str(),
    );
    assert_eq!(settings.sandbox.device_policy.value, DevicePolicy::Closed);
    assert_eq!(settings.sandbox.device_policy.origin.as_ref().map(|o| &*o.directive), Some("PrivateDevices"));
    assert!(!settings.sandbox.bounding_set.value.contains(Capability::MKNOD));
    assert!(!settings.sandbox.bounding_set.value.contains(Capability::WAKE_ALARM));
    assert_eq!(settings.sandbox.bounding_removed.len(), 2);
}

#[test]
fn a_dynamic_user_brings_a_sandbox() {
    let settings = clean("DynamicUser=yes\nNoNewPrivileges=no\nProtectHome=yes\n");
    let sandbox = &settings.sandbox;
    assert_eq!(settings.identity.user.value.as_deref(), Some("x"));
    assert_eq!(settings.identity.group.value.as_deref(), Some("x"));
    assert_eq!(sandbox.protect_system.value, ProtectSystem::Strict);
    assert_eq!(sandbox.protect_home.value, ProtectHome::Yes);
    assert_eq!(sandbox.private_tmp.value, PrivateTmp::Disconnected);
    assert!(sandbox.no_new_privileges.value && sandbox.restrict_suid_sgid.value && sandbox.remove_ipc.value);
    assert_eq!(sandbox.no_new_privileges.origin.as_ref().map(|o| &*o.directive), Some("DynamicUser"));
    let implied: Vec<_> =
        settings.explicit().into_iter().filter(|s| s.is_implied()).map(|s| s.directive.name).collect();
    assert!(implied.contains(&"ProtectSystem") && !implied.contains(&"ProtectHome"), "{implied:?}");

    let odd = unit("a.b.service", &["[Service]\nExecStart=/bin/true\nDynamicUser=1\n"]);
    let name = Settings::from_unit(&odd).0.identity.user.value.unwrap_or_default();
    assert!(name.starts_with("_du") && name.len() == 19, "{name}");
}

#[test]
fn a_refused_line_ends_a_drop_in_but_not_the_unit() {
    let fragment = "[Service]\nExecStart=/bin/true\n";
    let drop_in = "[Service]\nUser=a\nDynamicUser=maybe\nUser=b\n";
    let (settings, complaints) =
        Settings::from_unit(&unit("x.service", &[fragment, drop_in, "[Service]\nGroup=c\n"]));
    assert!(settings.refused.is_empty());
    assert_eq!(settings.identity.user.value.as_deref(), Some("a"));
    assert_eq!(settings.identity.group.value.as_deref(), Some("c"));
    assert_eq!(complaints.iter().filter(|c| c.severity == Severity::Error).count(), 1);

    let (settings, _) = Settings::from_unit(&unit("x.service", &[drop_in, fragment]));
    assert_eq!(settings.refused.len(), 1);
}

#[test]
fn the_type_follows_from_the_rest() {
    for (lines, kind) in [
        ("ExecStart=/bin/true", ServiceType::Simple),
        ("ExecStop=/bin/true\nRemainAfterExit=yes", ServiceType::Oneshot),
        ("ExecStart=/bin/true\nType=forking", ServiceType::Forking),
    ] {
        let (settings, _) = Settings::from_unit(&unit("x.service", &[&format!("[Service]\n{lines}\n")]));
        assert_eq!(settings.service.kind.value, kind, "{lines}");
        assert!(settings.refused.is_empty(), "{lines}: {:?}", settings.refused);
    }
}

#[test]
fn an_unknown_directive_gets_a_suggestion() {
    let (_, complaints) = service("ProtectSytem=full\nX-Mine=1\n");
    assert_eq!(complaints.len(), 1);
    assert_eq!(complaints[0].help.as_deref(), Some("did you mean `ProtectSystem=`?"));
}
