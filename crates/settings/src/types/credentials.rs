//! systemd.exec(5), "Credentials".

use ringfence_terms::{AbsPath, Sourced};

/// One credential and where its content comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// `SetCredential=NAME:DATA`, C escapes undone.
    Set {
        /// The credential's name.
        name: String,
        /// Its content.
        data: Vec<u8>,
    },
    /// `LoadCredential=NAME:PATH` with an absolute path to a file, a directory or a socket.
    LoadFile {
        /// The credential's name (for a directory the prefix of its files' names).
        name: String,
        /// Where its content is.
        path: AbsPath,
    },
    /// `LoadCredential=NAME[:NAME]`: from the credentials handed to the manager itself.
    LoadByName {
        /// The credential's name.
        name: String,
        /// The manager's credential.
        source: String,
    },
    /// `ImportCredential=GLOB[:NAME]`.
    Import {
        /// Which of the manager's credentials.
        glob: String,
        /// Renamed to.
        rename: Option<String>,
    },
    /// `SetCredentialEncrypted=` or `LoadCredentialEncrypted=`: not decrypted here, therefore not enforced.
    Encrypted {
        /// The credential's name.
        name: String,
    },
}

/// All credentials of a unit, in file order.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// One for each assignment.
    pub all: Vec<Sourced<Credential>>,
}
