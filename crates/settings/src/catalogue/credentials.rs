//! systemd.exec(5), "Credentials" and "System V Compatibility".

use super::field::{Field, REMOVED, kept, words_only};
use super::{Directive, Kind, Manual, Merge, Section};
use crate::read::{Content, Family, Text, Word, credential, show_credentials};

const CREDENTIALS: Manual = Manual { page: "systemd.exec(5)", chapter: "Credentials" };
const COMPATIBILITY: Manual = Manual { page: "systemd.exec(5)", chapter: "System V Compatibility" };
const ENCRYPTED: &str = "the credential is not decrypted, and therefore missing";
const NO_RECORD: &str = "the service is not written into the record of logins";

const fn here(name: &'static str, manual: Manual, field: Field, doc: &'static str) -> Directive {
    Directive::new(name, Section::EXEC, manual, field, doc)
}

macro_rules! credential {
    ($name:literal, $form:literal, $family:ident, $content:ident) => {
        Field {
            kind: Kind::Form($form),
            merge: Merge::ByName,
            kept: false,
            read: |line, settings| credential(line, settings, Family::$family, Content::$content),
            show: |settings| show_credentials(settings, $name),
        }
    };
}

words_only!(
    /// `UtmpMode=`.
    UtmpMode: "init" "login" "user"
);

pub(super) static ALL: &[Directive] = &[
    here(
        "LoadCredential",
        CREDENTIALS,
        credential!("LoadCredential", "`NAME[:PATH]`", Load, Plain),
        "Hands a file's content to the service, which only it can read.",
    )
    .since(247)
    .plan("bind-read-only: /run/credentials/UNIT"),
    here(
        "LoadCredentialEncrypted",
        CREDENTIALS,
        credential!("LoadCredentialEncrypted", "`NAME[:PATH]`", Load, Encrypted),
        "As LoadCredential=, decrypted first.",
    )
    .since(250)
    .exposure(&["DeviceAllow"])
    .cannot(ENCRYPTED),
    here(
        "ImportCredential",
        CREDENTIALS,
        credential!("ImportCredential", "`GLOB[:NAME]`", Import, Plain),
        "Hands on credentials that the system itself was given.",
    )
    .since(254)
    .value_since(&[(":", 257)])
    .plan("bind-read-only: /run/credentials/UNIT"),
    here(
        "SetCredential",
        CREDENTIALS,
        credential!("SetCredential", "`NAME:CONTENT`, with C escapes", Set, Plain),
        "Hands literal content to the service, where no other credential of that name is.",
    )
    .since(247)
    .plan("bind-read-only: /run/credentials/UNIT"),
    here(
        "SetCredentialEncrypted",
        CREDENTIALS,
        credential!("SetCredentialEncrypted", "`NAME:CONTENT`, in base64", Set, Encrypted),
        "As SetCredential=, decrypted first.",
    )
    .since(250)
    .exposure(&["DeviceAllow"])
    .cannot(ENCRYPTED),
    here(
        "UtmpIdentifier",
        COMPATIBILITY,
        kept!(Text, LastOrUnset),
        "The name of the service's entry in the record of logins.",
    )
    .cannot(NO_RECORD),
    here(
        "UtmpMode",
        COMPATIBILITY,
        kept!(Word<UtmpMode>, Last),
        "The kind of the service's entry in the record of logins.",
    )
    .since(225)
    .cannot(NO_RECORD),
    here(
        "Capabilities",
        COMPATIBILITY,
        REMOVED,
        "Removed from systemd; CapabilityBoundingSet= and AmbientCapabilities= are what is left.",
    )
    .not_concerned(),
];
