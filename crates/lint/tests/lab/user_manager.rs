//! What a user's manager does with a sandbox where it may make no user namespace (RF214).

use ringfence_agreement::Machine;

/// Starts the manager of user 1 with and without the right to make user namespaces, and has it run a unit whose
/// directory is read-only. Prints whether the unit could write there.
const SCRIPT: &str = r#"
set -eu
mkdir -p /run/systemd/system/user@.service.d
as_user() { setpriv --reuid 1 --regid 1 --clear-groups env XDG_RUNTIME_DIR=/run/user/1 "$@"; }
try() {
    systemctl daemon-reload
    systemctl restart user@1.service
    mkdir -p /run/user/1/systemd/user
    rm -f /run/user/1/made
    printf '[Service]\nType=oneshot\nReadOnlyPaths=%%t\nExecStart=/bin/sh -c "touch %%t/made"\n' \
        > /run/user/1/systemd/user/claim.service
    as_user systemctl --user daemon-reload
    as_user systemctl --user start claim.service 2>/dev/null || true
    if [ -e /run/user/1/made ]; then echo "$1 writable"; else echo "$1 read-only"; fi
}
printf '[Service]\nRestrictNamespaces=~user\n' > /run/systemd/system/user@.service.d/no.conf
try without
rm /run/systemd/system/user@.service.d/no.conf
try with
"#;

#[test]
fn without_user_namespaces_a_users_unit_is_not_protected() {
    let Some(machine) = crate::lab("user") else { return };
    check(&machine);
}

fn check(machine: &Machine) {
    let said = machine.shell(SCRIPT).expect("the script runs");
    assert_eq!(said, "without writable\nwith read-only\n");
}
