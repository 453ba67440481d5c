//! A password in a unit file.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::raw;
use crate::subject::Subject;
use ringfence_settings::Credential;
use ringfence_terms::{Origin, Severity};

pub(crate) static SECRET_IN_UNIT: Lint = Lint {
    code: "RF401",
    name: "secret-in-unit",
    severity: Severity::Warning,
    versions: Versions::ALL,
    docs: Docs {
        what: "An `Environment=` variable whose name says that it is a password, a token or a key, with a value; or such an \
               option of a command line.",
        why: "Unit files can be read by everybody, and `systemctl show` tells their values to every user of the machine; \
              the command line can be read in /proc. A variable is inherited by every process that the service starts. \
              Credentials reach only the service, as a file in memory.",
        example: "[Service]\nEnvironment=DB_PASSWORD=hunter2\n",
        instead: "[Service]\nLoadCredential=db-password:/etc/app/app.conf\n",
        reference: "systemd.exec(5), Environment= and \"Credentials\"; systemd-creds(1)",
    },
    shown_by: &[],
    check,
};

/// The last parts of names that hold secrets.
const SECRETS: &[&str] = &["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "APIKEY", "API_KEY", "SECRET_KEY", "PRIVATE_KEY", "ACCESS_KEY"];

fn check(subject: &Subject<'_>, report: &mut Report) {
    for variable in &subject.settings.environment.set {
        let (Some(origin), (name, value)) = (&variable.origin, &variable.value) else { continue };
        if is_secret(name) && !value.is_empty() && !is_reference(value) {
            found(subject, report, origin, name, "every user can read it with `systemctl show`");
        }
    }
    let service = &subject.settings.service;
    for command in service.exec_start_pre.iter().chain(&service.exec_start) {
        for word in command.argv.iter().skip(1) {
            let Some((name, value)) = word.strip_prefix("--").and_then(|option| option.split_once('=')) else { continue };
            if is_secret(&name.replace('-', "_").to_uppercase()) && !value.is_empty() && !is_reference(value) {
                found(subject, report, &command.origin, &format!("--{name}="), "every user can read it in /proc");
            }
        }
    }
    for credential in &subject.settings.credentials.all {
        if let (Some(origin), Credential::Set { name, .. }) = (&credential.origin, &credential.value)
            && is_secret(&name.replace(['-', '.'], "_").to_uppercase())
        {
            found(subject, report, origin, name, "every user can read the unit file; SetCredential= is for what is no secret");
        }
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_uppercase();
    SECRETS.iter().any(|secret| name.ends_with(secret))
}

/// A value that only says where the secret is.
fn is_reference(value: &str) -> bool {
    value.starts_with(['/', '$', '%', '@']) || value.starts_with("file:")
}

fn found(subject: &Subject<'_>, report: &mut Report, origin: &Origin, name: &str, who: &str) {
    let word = raw::words(&origin.value).find(|range| origin.value[range.clone()].contains(name));
    let place = match word {
        Some(range) => subject.range(origin, range),
        None => subject.whole(origin),
    };
    report
        .add(place, format!("a secret stands in the unit: {who}"))
        .help("keep it in a file of root, mode 0600, and hand it over as a credential: $CREDENTIALS_DIRECTORY/NAME")
        .line(format!("LoadCredential={}:/etc/credstore/{}", slug(name), slug(name)));
}

/// A credential's name made of a variable's.
fn slug(name: &str) -> String {
    name.trim_matches(['-', '=']).to_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use crate::testing::{findings, found_by};

    #[test]
    fn names_tell_and_references_are_fine() {
        assert_eq!(found_by("RF401", "Environment=A=1 \"API_TOKEN=x y\""), ["RF401 \"API_TOKEN=x y\""]);
        assert_eq!(found_by("RF401", "ExecStart=/usr/bin/app --db-password=x"), ["RF401 --db-password=x"]);
        assert_eq!(found_by("RF401", "Environment=PASSWORD_FILE=/x TOKEN= DB_PASSWORD=%t/db KEYBOARD=us"), [""; 0]);
        assert_eq!(findings("Environment=DB_PASSWORD=x")[0].lines, ["LoadCredential=db-password:/etc/credstore/db-password"]);
    }
}
