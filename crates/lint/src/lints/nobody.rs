//! A service that runs as nobody.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_terms::Severity;

pub(crate) static NOBODY: Lint = Lint {
    code: "RF405",
    name: "nobody",
    severity: Severity::Warning,
    versions: Versions::ALL,
    docs: Docs {
        what: "`User=nobody`, or its number 65534.",
        why: "The account stands for users that cannot be named: those of other user namespaces, and of network file \
              systems. All services that use it share it, and can reach into each other; files that only seem to belong \
              to nobody become theirs. systemd warns about it, too.",
        example: "[Service]\nUser=nobody\n",
        instead: "[Service]\nDynamicUser=yes\n",
        reference: "systemd.exec(5), User= and DynamicUser=; systemd: src/core/unit.c, unit_log_… \"Special user nobody\"",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let user = &subject.settings.identity.user;
    let (Some(name), Some(origin)) = (user.value.as_deref(), &user.origin) else { return };
    if matches!(name, "nobody" | "65534") && *origin.directive == *"User" {
        report
            .add(subject.whole(origin), "nobody is an account that this service shares with others")
            .help("let systemd make a user for it, or give it one of its own")
            .line("DynamicUser=yes");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::found_by;

    #[test]
    fn by_name_and_number() {
        assert_eq!(found_by("RF405", "User=65534"), ["RF405 User=65534"]);
        assert_eq!(found_by("RF405", "User=app; Group=nogroup"), [""; 0]);
    }
}
