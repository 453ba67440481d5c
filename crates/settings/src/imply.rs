//! What directives imply for each other (systemd: `src/core/unit.c: unit_patch_contexts`).

use crate::catalogue::{self, Implication, Section};
use crate::{
    CapabilitySet, Credential, DeviceAccess, DevicePolicy, PrivateTmp, ProtectHome, ProtectSystem, Settings,
};
use ringfence_terms::{Origin, Sourced};
use siphasher::sip::SipHasher24;

/// Works implications into settings; doing it again changes nothing.
pub fn imply(settings: &mut Settings) {
    remove_capabilities(settings);
    dynamic_user(settings);
    device_policy(settings);
    devices(settings);
}

fn device_policy(settings: &mut Settings) {
    let sandbox = &mut settings.sandbox;
    // Written or not: systemd cannot tell `DevicePolicy=auto` from the default.
    if sandbox.private_devices.value && sandbox.device_policy.value == DevicePolicy::Auto {
        sandbox.device_policy =
            Sourced { value: DevicePolicy::Closed, origin: sandbox.private_devices.origin.clone() };
    }
}

/// What other settings need of devices, where these are restricted at all.
fn devices(settings: &mut Settings) {
    if settings.sandbox.device_policy.value == DevicePolicy::Auto && settings.sandbox.device_allow.is_empty()
    {
        return;
    }
    let images = settings
        .paths
        .root_image
        .origin
        .clone()
        .or_else(|| settings.other.iter().find(|origin| &*origin.directive == "MountImages").cloned());
    if settings.paths.root_image.value.is_some() || settings.paths.mount_images {
        for node in ["/dev/loop-control", "/dev/mapper/control"] {
            allow(settings, node, false, true, &images);
        }
        for node in ["block-loop", "block-blkext", "block-device-mapper"] {
            allow(settings, node, true, true, &images);
        }
    }
    if settings.sandbox.protect_clock.value {
        let origin = settings.sandbox.protect_clock.origin.clone();
        allow(settings, "char-rtc", false, false, &origin);
    }
    let is_encrypted =
        |credential: &&Sourced<Credential>| matches!(credential.value, Credential::Encrypted { .. });
    if let Some(credential) = settings.credentials.all.iter().find(is_encrypted) {
        let origin = credential.origin.clone();
        allow(settings, "char-tpm", false, true, &origin);
    }
}

/// Adds an entry, unless an earlier call has.
fn allow(settings: &mut Settings, node: &str, mknod: bool, write: bool, origin: &Option<Origin>) {
    let access = DeviceAccess { node: node.to_owned(), read: true, write, mknod };
    let entry = Sourced { value: access, origin: origin.clone() };
    if !settings.sandbox.device_allow.contains(&entry) {
        settings.sandbox.device_allow.push(entry);
    }
}

/// The capabilities that a directive takes away, as the catalogue has them.
fn capabilities_removed_by(directive: &str) -> CapabilitySet {
    let implies = catalogue::find(Section::Service, directive).map_or(&[][..], |d| d.implies);
    let removed = implies.iter().filter_map(|implication| match implication {
        Implication::RemovesCapabilities(set) => Some(set.iter()),
        _ => None,
    });
    removed.flatten().fold(CapabilitySet::EMPTY, |set, capability| set.with(*capability))
}

fn remove_capabilities(settings: &mut Settings) {
    let sandbox = &mut settings.sandbox;
    sandbox.bounding_removed.clear();
    for (directive, field) in [
        ("PrivateDevices", &sandbox.private_devices),
        ("ProtectKernelModules", &sandbox.protect_kernel_modules),
        ("ProtectKernelLogs", &sandbox.protect_kernel_logs),
        ("ProtectClock", &sandbox.protect_clock),
    ] {
        if field.value {
            let removed = capabilities_removed_by(directive);
            sandbox.bounding_set.value.0 &= !removed.0;
            sandbox.bounding_removed.push(Sourced { value: removed, origin: field.origin.clone() });
        }
    }
}

fn dynamic_user(settings: &mut Settings) {
    if !settings.identity.dynamic_user.value {
        return;
    }
    let origin = settings.identity.dynamic_user.origin.clone();
    let user = settings.identity.user.value.clone().unwrap_or_else(|| user_name(settings.unit.prefix()));
    let identity = &mut settings.identity;
    if identity.user.value.is_none() {
        identity.user = Sourced { value: Some(user.clone()), origin: origin.clone() };
    }
    if identity.group.value.is_none() {
        identity.group = Sourced { value: Some(user), origin: origin.clone() };
    }
    let sandbox = &mut settings.sandbox;
    if sandbox.private_tmp.value == PrivateTmp::No {
        sandbox.private_tmp = Sourced { value: PrivateTmp::Disconnected, origin: origin.clone() };
    }
    if sandbox.protect_home.value == ProtectHome::No {
        sandbox.protect_home = Sourced { value: ProtectHome::ReadOnly, origin: origin.clone() };
    }
    force(&mut sandbox.protect_system, ProtectSystem::Strict, &origin);
    force(&mut sandbox.remove_ipc, true, &origin);
    force(&mut sandbox.no_new_privileges, true, &origin);
    force(&mut sandbox.restrict_suid_sgid, true, &origin);
}

/// Sets a value whatever the unit says; a line that says the same keeps the credit.
fn force<T: PartialEq>(field: &mut Sourced<T>, value: T, origin: &Option<Origin>) {
    if field.value != value {
        *field = Sourced { value, origin: origin.clone() };
    }
}

/// The name of a dynamic user: the unit's, or one made from its hash where no user can be named so (systemd:
/// `src/core/unit.c: user_from_unit_name`).
fn user_name(prefix: &str) -> String {
    let mut bytes = prefix.bytes();
    let strict = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        && prefix.len() <= 31;
    if strict { prefix.to_owned() } else { made_up_name(prefix) }
}

/// The key is fixed, so that a unit's user has the same name on every machine.
fn made_up_name(prefix: &str) -> String {
    const KEY: [u8; 16] =
        [0x58, 0x1a, 0xaf, 0xe6, 0x28, 0x58, 0x4e, 0x96, 0xb4, 0x4e, 0xf5, 0x3b, 0x8c, 0x92, 0x07, 0xec];
    format!("_du{:016x}", SipHasher24::new_with_key(&KEY).hash(prefix.as_bytes()))
}
