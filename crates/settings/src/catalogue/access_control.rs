//! systemd.exec(5), "Mandatory Access Control".

use super::field::Field;
use super::{Directive, Kind, Manual, Merge, Section};
use crate::read::{label, show_label};

const MANUAL: Manual = Manual { page: "systemd.exec(5)", chapter: "Mandatory Access Control" };

const fn here(name: &'static str, field: Field, doc: &'static str) -> Directive {
    Directive::new(name, Section::EXEC, MANUAL, field, doc)
}

macro_rules! label {
    ($form:literal, $field:ident) => {
        Field {
            kind: Kind::Form($form),
            merge: Merge::LastOrUnset,
            kept: false,
            read: |line, settings| label(line, &mut settings.sandbox.$field),
            show: |settings| show_label(&settings.sandbox.$field),
        }
    };
}

pub(super) static ALL: &[Directive] = &[
    here(
        "SELinuxContext",
        label!("a security context, perhaps after `-` (failure does not matter)", selinux_context),
        "The SELinux context that the service runs in.",
    )
    .since(209)
    .fatal()
    .cannot("the SELinux context is not changed: the service runs in the caller's, or in what the policy says"),
    here(
        "AppArmorProfile",
        label!("a profile's name, perhaps after `-` (failure does not matter)", apparmor_profile),
        "The AppArmor profile that the service runs under.",
    )
    .since(210)
    .fatal()
    .cannot("the AppArmor profile is not changed: only a profile that is attached to the program by its path applies"),
    here(
        "SmackProcessLabel",
        label!("a label, perhaps after `-` (failure does not matter)", smack_label),
        "The SMACK label that the service runs with.",
    )
    .since(218)
    .fatal()
    .cannot("the SMACK label is not changed"),
];
