//! A sandbox in a unit of a user manager, on a machine without user namespaces.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_terms::Severity;
use ringfence_unit::Manager;

pub(crate) static NO_USER_NAMESPACES: Lint = Lint {
    code: "RF214",
    name: "no-user-namespaces",
    severity: Severity::Warning,
    versions: Versions::from(251),
    docs: Docs {
        what: "Directives that need a mount namespace, in a unit of a user manager, on a machine that does not let users make \
               user namespaces.",
        why: "A user's manager may mount nothing by itself. systemd first makes a user namespace for the service; where the \
              kernel refuses that, it starts the service without the mounts, and says so in its log at most: \
              `ProtectSystem=`, `ReadOnlyPaths=` and `InaccessiblePaths=` protect nothing. `TemporaryFileSystem=`, \
              `RootDirectory=` and binds to another place make the start fail.",
        example: "# a user's unit, without user namespaces\n[Service]\nProtectSystem=full\n",
        instead: "# a user's unit, without user namespaces\n[Service]\nNoNewPrivileges=yes\n",
        reference: "systemd.exec(5), \"Sandboxing\"; user_namespaces(7); systemd issues 6008 and 25233",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    if subject.unit.manager != Manager::User || subject.facts().features().user_namespaces {
        return;
    }
    let plan = subject.lenient();
    let mut lines = plan.reasons.iter().filter_map(|reason| reason.origin.as_ref());
    let Some(first) = lines.next() else { return };
    let mut found = report.add(
        subject.whole(first),
        "this protects nothing here: the machine lets users make no user namespaces, and systemd goes on without",
    );
    for line in lines {
        found = found.also(subject.whole_of(Some(line)), "nor does this");
    }
    found.help("let users make user namespaces (sysctl user.max_user_namespaces), or make it a system unit with User=");
}

#[cfg(test)]
mod tests {
    use super::NO_USER_NAMESPACES;
    use crate::testing::{Example, findings_of};

    #[test]
    fn only_where_the_kernel_refuses() {
        let mut example = Example::of(&NO_USER_NAMESPACES);
        let all = findings_of(&example, "ProtectSystem=full\nPrivateDevices=yes");
        assert_eq!(all.iter().map(|finding| finding.also.len()).collect::<Vec<_>>(), [1]);
        example.facts = example.facts.features(|features| features.user_namespaces = true);
        assert_eq!(findings_of(&example, "ProtectSystem=full"), []);
    }
}
