//! systemd.exec(5), "User/Group Identity".

use super::field::{Field, optional, scalar, words};
use super::{Directive, Implication, Manual, Section};
use crate::read::{Boolean, Text, UserName, VERBATIM};
use Implication::{Defaults, Forces, MountNamespace};

const MANUAL: Manual = Manual { page: "systemd.exec(5)", chapter: "User/Group Identity" };

const fn here(name: &'static str, field: Field, doc: &'static str) -> Directive {
    Directive::new(name, Section::EXEC, MANUAL, field, doc)
}

pub(super) static ALL: &[Directive] = &[
    here("User", optional!(UserName: identity.user), "The user that the service runs as; root when not set.")
        .fatal()
        .exposure(&["UserOrDynamicUser", "SupplementaryGroups", "RemoveIPC"]),
    here("Group", optional!(UserName: identity.group), "The group that the service runs as; the user's own when not set.")
        .fatal(),
    here(
        "DynamicUser",
        scalar!(Boolean: identity.dynamic_user),
        "Runs the service as a user that exists only while it runs, with a sandbox around it that keeps that user's files together.",
    )
    .since(232)
    .fatal()
    .plan("as the directives that it forces; and the private directories below /var/lib, /var/cache, /var/log")
    .implies(&[
        MountNamespace,
        Forces("ProtectSystem", "strict"),
        Defaults("ProtectHome", "read-only"),
        Defaults("PrivateTmp", "disconnected"),
        Forces("RemoveIPC", "yes"),
        Forces("NoNewPrivileges", "yes"),
        Forces("RestrictSUIDSGID", "yes"),
    ])
    .exposure(&["UserOrDynamicUser", "SupplementaryGroups", "RemoveIPC"]),
    here(
        "SupplementaryGroups",
        words!(UserName, VERBATIM, identity.supplementary_groups),
        "Further groups of the service's processes.",
    )
    .fatal()
    .exposure(&["SupplementaryGroups"]),
    here(
        "SetLoginEnvironment",
        optional!(Boolean: identity.set_login_environment),
        "Whether $HOME, $LOGNAME and $SHELL are set; by default where User=, DynamicUser= or PAMName= is.",
    )
    .since(255),
    here("PAMName", optional!(Text: identity.pam_name), "Opens a PAM session of this service name around the commands.")
        .cannot("no PAM session is opened: its limits, variables and mounts are missing"),
];
