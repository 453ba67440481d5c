//! Finding errors and paths in the words of any program.

use regex::Regex;
use ringfence_terms::{AbsPath, Errno};
use std::sync::LazyLock;

/// An error, the ways programs spell it, and where C libraries say it in other languages.
static SPELLINGS: &[(Errno, &[&str])] = &[
    (
        Errno::EROFS,
        &[
            "Read-only file system",
            "EROFS",
            "[Errno 30]",
            "os error 30",
            "errno 30",
            "(30)",
            "Das Dateisystem ist nur lesbar",
            "Système de fichiers accessible en lecture seulement",
            "Sistema de ficheros de solo lectura",
            "Sistema de ficheros de sólo lectura",
            "File system in sola lettura",
            "Sistema de arquivos somente para leitura",
            "Bestandssysteem kan alleen gelezen worden",
            "System plików wyłącznie do odczytu",
            "Файловая система доступна только для чтения",
            "読み込み専用ファイルシステムです",
            "只读文件系统",
        ],
    ),
    (
        Errno::EACCES,
        &[
            "Permission denied",
            "EACCES",
            "[Errno 13]",
            "os error 13",
            "Keine Berechtigung",
            "AccessDeniedException",
        ],
    ),
    (
        Errno::EPERM,
        &["Operation not permitted", "EPERM", "[Errno 1]", "os error 1)", "Die Operation ist nicht erlaubt"],
    ),
    (
        Errno::ENOENT,
        &[
            "No such file or directory",
            "no such file or directory",
            "ENOENT",
            "[Errno 2]",
            "os error 2)",
            "Datei oder Verzeichnis nicht gefunden",
            "NoSuchFileException",
        ],
    ),
    (Errno::EAFNOSUPPORT, &["Address family not supported", "EAFNOSUPPORT", "[Errno 97]", "os error 97"]),
];

/// The error that a message speaks of, and where in it.
pub fn errno_in(message: &str) -> Option<(Errno, usize)> {
    SPELLINGS.iter().find_map(|(errno, spellings)| {
        spellings.iter().find_map(|spelling| message.find(spelling)).map(|at| (*errno, at))
    })
}

/// Absolute paths: quoted in any way, or bare up to a blank.
static PATHS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?:["'`‘“«»(\[]|^|[\s=:,])(/[^\s"'`’”»«()\[\]<>|]*)|["'‘“«»](/[^"'’”»«]*)["'’”»«]"#).ok()
});

/// The paths in a message, those nearest to `near` first.
pub fn paths_in(message: &str, near: usize) -> Vec<AbsPath> {
    let Some(pattern) = PATHS.as_ref() else { return Vec::new() };
    let mut found: Vec<(usize, AbsPath)> = pattern
        .captures_iter(message)
        .filter_map(|captures| captures.get(1).or_else(|| captures.get(2)))
        .filter_map(|text| {
            let path = text.as_str().trim_end_matches([',', ';', ':', '.', '!', '?', ')']);
            Some((text.start().abs_diff(near), AbsPath::parse(path).ok()?))
        })
        .filter(|(_, path)| !path.is_root())
        .collect();
    found.sort_by_key(|(distance, _)| *distance);
    found.into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_error_in_the_words_of_many_programs() {
        for message in [
            "touch: cannot touch '/etc/x': Read-only file system",
            "OSError: [Errno 30] Read-only file system: '/etc/x'",
            "nginx: [emerg] open() \"/etc/x\" failed (30: Read-only file system)",
            "Error: EROFS: read-only file system, open '/etc/x'",
            "java.nio.file.FileSystemException: /etc/x: Read-only file system",
            "open /etc/x: read-only file system (EROFS)",
            "thread 'main' panicked: cannot write /etc/x: Read-only file system (os error 30)",
            "touch: »/etc/x« kann nicht berührt werden: Das Dateisystem ist nur lesbar",
            "sh: 1: cannot create /etc/x: Read-only file system",
        ] {
            let (errno, at) = errno_in(message).unwrap_or_else(|| panic!("{message}"));
            assert_eq!(errno, Errno::EROFS, "{message}");
            assert_eq!(paths_in(message, at).first(), Some(&AbsPath::parse("/etc/x").unwrap()), "{message}");
        }
    }
}
