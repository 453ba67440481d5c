//! A `LoadCredential=` whose file is not there.

use super::missing_path::is_missing;
use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_settings::Credential;
use ringfence_terms::Severity;

pub(crate) static CREDENTIAL_MISSING: Lint = Lint {
    code: "RF312",
    name: "credential-missing",
    severity: Severity::Error,
    versions: Versions::from(247),
    docs: Docs {
        what: "A `LoadCredential=` with an absolute path that does not exist on this machine.",
        why: "The service fails to start with 243/CREDENTIALS, and the log says \"Protocol error\" without the path. A \
              credential that is named without a path may be missing, and so may one with a default by SetCredential=.",
        example: "[Service]\nLoadCredential=key:/etc/app/nosuchfile\n",
        instead: "[Service]\nLoadCredential=key:/etc/app/app.conf\n",
        reference: "systemd.exec(5), \"Credentials\"; systemd: src/core/exec-credential.c, load_credential()",
    },
    shown_by: &["one-credentials-missing"],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    for credential in &subject.settings.credentials.all {
        let (Some(origin), Credential::LoadFile { name, path }) = (&credential.origin, &credential.value) else {
            continue;
        };
        if is_missing(subject, path) && !has_default(subject, name) {
            let place = subject.path_word(origin, path.as_path());
            let message = format!("{path} does not exist, and the start fails with 243/CREDENTIALS");
            report
                .add(place, message)
                .help("create it, or give a default")
                .line(format!("SetCredential={name}:"));
        }
    }
}

fn has_default(subject: &Subject<'_>, wanted: &str) -> bool {
    let mut all = subject.settings.credentials.all.iter();
    all.any(|credential| match &credential.value {
        Credential::Set { name, .. } | Credential::Encrypted { name } => name == wanted,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::found_by;

    #[test]
    fn only_absolute_paths_must_be_there() {
        assert_eq!(found_by("RF312", "LoadCredential=key:/nope"), ["RF312 key:/nope"]);
        assert_eq!(found_by("RF312", "LoadCredential=key; LoadCredential=other:name"), [""; 0]);
        assert_eq!(found_by("RF312", "LoadCredential=key:/nope; SetCredential=key:x"), [""; 0]);
    }
}
