//! A `WorkingDirectory=` that the service does not have.

use crate::booted::is_volatile;
use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::tree::Seen;
use ringfence_settings::WorkingDirectoryTarget;
use ringfence_terms::Severity;

pub(crate) static WORKING_DIRECTORY: Lint = Lint {
    code: "RF305",
    name: "working-directory",
    severity: Severity::Error,
    versions: Versions::ALL,
    docs: Docs {
        what: "A `WorkingDirectory=` without `-` that does not exist, or that the sandbox hides from the service.",
        why: "systemd changes to the directory last of all, inside the sandbox and as the service's user. Where it is not \
              there the service fails to start with 200/CHDIR.",
        example: "[Service]\nWorkingDirectory=/home/alice\nProtectHome=tmpfs\n",
        instead: "[Service]\nWorkingDirectory=/home/alice\nProtectHome=tmpfs\nBindPaths=/home/alice\n",
        reference: "systemd.exec(5), WorkingDirectory=; systemd: src/core/exec-invoke.c, apply_working_directory()",
    },
    shown_by: &["one-working-directory-missing", "one-working-directory-in-tmpfs"],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let setting = &subject.settings.paths.working_directory;
    let (Some(WorkingDirectoryTarget::Path(path)), false, Some(origin)) =
        (&setting.value.directory, setting.value.optional, &setting.origin)
    else {
        return;
    };
    let plan = subject.lenient();
    let missing = plan.tree.resolve(path, subject.facts()).is_ok_and(|place| place.seen == Seen::Missing);
    if !missing || plan.failure.is_some() || (is_volatile(path) && !subject.booted) {
        return;
    }
    let hidden = subject.on_host(path).is_some();
    let why = if hidden { "is not there for the service: the sandbox hides it" } else { "does not exist" };
    let found = report.add(
        subject.path_word(origin, path.as_path()),
        format!("{path} {why}, and the start fails with 200/CHDIR"),
    );
    if hidden {
        let hiding = plan.mounts.iter().rfind(|entry| path.is_at_or_below(&entry.path));
        found
            .also(hiding.and_then(|entry| subject.whole_of(entry.origin.as_ref())), "hides it")
            .help("bring it back")
            .line(format!("BindPaths={path}"));
    } else {
        found.help("create it, make it a StateDirectory= or its kin, or write a `-` before it if it may be missing");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::found_by;

    #[test]
    fn only_what_is_not_there() {
        assert_eq!(found_by("RF305", "WorkingDirectory=/nope"), ["RF305 /nope"]);
        assert_eq!(found_by("RF305", "WorkingDirectory=-/nope"), [""; 0]);
        assert_eq!(found_by("RF305", "WorkingDirectory=/var/lib/x; StateDirectory=x"), [""; 0]);
    }
}
