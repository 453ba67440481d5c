//! How errors are spelt: by number, by name, in the C library's words and their translations.

use super::Hit;
use ringfence_terms::Errno;

/// The errors by which a sandbox shows itself.
const ERRORS: [Errno; 6] =
    [Errno::EROFS, Errno::EACCES, Errno::EPERM, Errno::ENOENT, Errno::EAFNOSUPPORT, Errno::ENOSYS];

/// The translations of glibc 2.41 (the message catalogues `libc.mo` of Debian's libc-l10n), one a line: an error's name, a
/// language, the text.
static TRANSLATIONS: &str = include_str!("translations.tsv");

/// Words of libraries that have none of the C library's.
static OTHER: &[(&str, Errno)] = &[
    ("AccessDeniedException", Errno::EACCES),
    ("NoSuchFileException", Errno::ENOENT),
    ("Address family not supported", Errno::EAFNOSUPPORT),
    ("address family not supported", Errno::EAFNOSUPPORT),
    // BIND and the ISC's other programs translate errors themselves.
    ("permission denied", Errno::EACCES),
    // icu, dbus, Windows' habits in .NET
    ("is denied.", Errno::EACCES),
];

/// What systemd says when a start fails (`src/core/exec-invoke.c`, `src/core/service.c`).
static SYSTEMD: &[&str] = &[
    "Failed to set up mount namespacing",
    "Unable to locate executable",
    "Failed to execute ",
    "Failed at step ",
    "Changing to the requested working directory failed",
    "Failed to set up special execution directory",
    "Failed to set up credentials",
    "Failed to determine user credentials",
    "Failed to determine group credentials",
    "status=31/SYS",
    "process exited, code=exited, status=2",
    "start operation timed out",
    "reception only permitted for main PID",
    "reception is disabled",
];

/// Marks of audit records.
static AUDIT: &[&str] =
    &["type=1326", "SECCOMP ", "apparmor=\"DENIED\"", "avc:  denied", "avc: denied", "lsm=SMACK"];

/// What programs say that make code at run time when they may not.
static WRITE_EXECUTE: &[&str] = &[
    "write+execute memory",
    "executable memory",
    "JIT memory",
    "cannot enable executable stack",
    "failed to map segment from shared object",
    "cannot make segment writable for relocation",
    "cannot restore segment prot after reloc",
    "Could not reserve enough space for code cache",
    "PROT_EXEC",
    "mprotect",
    "allocate memory for code",
    "commit code cache",
    "code cache:",
    "memory page as executable",
    "v8::internal::CodeRange",
    "SetPermissionsOnExecutableMemoryChunk",
];

/// One text to look for.
pub struct Pattern {
    pub text: String,
    pub hit: Hit,
    /// It counts only as a word of its own.
    pub is_word: bool,
}

/// All of them.
pub fn patterns() -> Vec<Pattern> {
    let mut all = Vec::new();
    let mut add = |text: String, hit: Hit, is_word: bool| all.push(Pattern { text, hit, is_word });
    for errno in ERRORS {
        let hit = Hit::Error(errno, 0);
        add(errno.to_string(), hit, true);
        let sentence = errno.message().unwrap_or_default();
        add(sentence.to_owned(), hit, false);
        // Go and Node begin it with a small letter.
        add(sentence.to_lowercase(), hit, false);
        add(format!("[Errno {}]", errno.0), hit, false);
        add(format!("os error {}", errno.0), hit, true);
        add(format!("errno {}", errno.0), hit, true);
        add(format!("errno={}", errno.0), hit, true);
        add(format!("errno: {}", errno.0), hit, true);
    }
    for line in TRANSLATIONS.lines().filter(|line| !line.starts_with('#')) {
        let mut fields = line.split('\t');
        let (name, _language, text) = (fields.next(), fields.next(), fields.next());
        if let (Some(errno), Some(text)) = (name.and_then(Errno::from_name), text) {
            add(text.to_owned(), Hit::Error(errno, 0), false);
        }
    }
    for (text, errno) in OTHER {
        add((*text).to_owned(), Hit::Error(*errno, 0), false);
    }
    for (texts, hit) in [(SYSTEMD, Hit::Systemd), (AUDIT, Hit::Audit), (WRITE_EXECUTE, Hit::WriteExecute)] {
        texts.iter().for_each(|text| add((*text).to_owned(), hit, false));
    }
    add("error while loading shared libraries: ".to_owned(), Hit::Library, false);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_translation_is_of_a_known_error_and_in_many_languages() {
        let lines: Vec<&str> = TRANSLATIONS.lines().filter(|line| !line.starts_with('#')).collect();
        for line in &lines {
            let fields: Vec<&str> = line.split('\t').collect();
            assert_eq!(fields.len(), 3, "{line}");
            assert!(Errno::from_name(fields[0]).is_some_and(|errno| ERRORS.contains(&errno)), "{line}");
            assert!(!fields[2].trim().is_empty(), "{line}");
        }
        for language in ["de", "fr", "ja", "es", "ru", "zh_CN", "pl", "it"] {
            for errno in ["EROFS", "EACCES", "EPERM", "ENOENT"] {
                let start = format!("{errno}\t{language}\t");
                assert!(lines.iter().any(|line| line.starts_with(&start)), "{start}");
            }
        }
    }
}
