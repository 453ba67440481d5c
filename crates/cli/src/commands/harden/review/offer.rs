//! What can be done with a grant: how it could be narrower, and how wider.

use ringfence_propose::{Evidence, Line, Strength};
use std::path::{Path, PathBuf};

/// As many files as stand in one line before their directory reads better.
const MOST_FILES: usize = 4;

/// The values that a grant could have instead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// Less, and still all that was seen.
    pub narrower: Option<String>,
    /// The directory above.
    pub wider: Option<String>,
}

/// Whether a line is one that a person decides about. The mode of a directory goes with the directory.
pub fn is_grant(line: &Line) -> bool {
    line.strength == Strength::Grants && !line.directive.ends_with("DirectoryMode")
}

/// What a grant could be instead. `exists` tells whether a path is there already: a file that is not cannot be granted alone.
pub fn of(line: &Line, exists: &dyn Fn(&Path) -> bool) -> Offer {
    let mut words = line.value.split_whitespace();
    let (Some(word), None) = (words.next(), words.next()) else { return Offer::default() };
    if line.directive.ends_with("Directory") {
        let wider = Path::new(word).parent().filter(|parent| !parent.as_os_str().is_empty());
        return Offer { narrower: None, wider: wider.map(|parent| parent.display().to_string()) };
    }
    let (prefix, path) = match word.strip_prefix('-') {
        Some(rest) => ("-", Path::new(rest)),
        None => ("", Path::new(word)),
    };
    if !path.is_absolute() {
        return Offer::default();
    }
    let wider = path.parent().filter(|parent| parent.parent().is_some());
    Offer {
        narrower: narrower(path, &line.evidence, exists),
        wider: wider.map(|parent| format!("{prefix}{}", parent.display())),
    }
}

/// The directory that holds all that was seen, where that is below the granted one; else the files themselves.
fn narrower(path: &Path, evidence: &[Evidence], exists: &dyn Fn(&Path) -> bool) -> Option<String> {
    let seen: Vec<PathBuf> = evidence.iter().filter_map(seen).filter(|seen| seen.starts_with(path)).collect();
    let mut directories = seen.iter().filter_map(|seen| seen.parent());
    let first = directories.next()?.to_path_buf();
    let common = directories.fold(first, |common, directory| {
        common.ancestors().find(|a| directory.starts_with(a)).map_or(common.clone(), Path::to_path_buf)
    });
    if common != path && common.starts_with(path) && exists(&common) {
        return Some(common.display().to_string());
    }
    let mut files: Vec<String> = seen.iter().map(|seen| seen.display().to_string()).collect();
    files.sort();
    files.dedup();
    let alone = files.len() <= MOST_FILES && seen.iter().all(|seen| seen != path && exists(seen));
    let plain = !files.iter().any(|file| file.contains(char::is_whitespace));
    (alone && plain).then(|| files.join(" "))
}

/// The path that a piece of evidence is about: `PROGRAM: OPERATIONS PATH`, and perhaps `: ERROR in a trial`.
fn seen(evidence: &Evidence) -> Option<PathBuf> {
    let (_, rest) = evidence.0.split_once(": ")?;
    let path = &rest[rest.find(" /")? + 1..];
    Some(PathBuf::from(path.split_once(": ").map_or(path, |(path, _)| path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(directive: &'static str, value: &str, evidence: &[&str]) -> Line {
        Line {
            directive,
            value: value.to_owned(),
            strength: Strength::Grants,
            why: String::new(),
            evidence: evidence.iter().map(|text| Evidence((*text).to_owned())).collect(),
            caution: None,
        }
    }

    fn offer(line: &Line) -> (Option<String>, Option<String>) {
        let Offer { narrower, wider } = of(line, &|path| path != Path::new("/run/x.pid"));
        (narrower, wider)
    }

    #[test]
    fn what_could_be_instead() {
        let some = |text: &str| Some(text.to_owned());
        let spool = line(
            "ReadWritePaths",
            "/var/spool",
            &["/bin/x@0: write, create /var/spool/x/a/1", "/bin/x@0: mkdir /var/spool/x/b: EROFS in a trial"],
        );
        assert_eq!(offer(&spool), (some("/var/spool/x"), some("/var")));
        let log = line("ReadWritePaths", "/var/log", &["/bin/x@0: write /var/log/x.log"]);
        assert_eq!(offer(&log), (some("/var/log/x.log"), some("/var")));
        let pid = line("ReadWritePaths", "/run", &["/bin/x@0: create /run/x.pid"]);
        assert_eq!(offer(&pid), (None, None), "what is not there yet cannot be granted alone");
        assert_eq!(offer(&line("ReadWritePaths", "-/srv/a/b", &[])), (None, some("-/srv/a")));
        assert_eq!(offer(&line("StateDirectory", "x", &["x: write /var/lib/x/a"])), (None, None));
        assert_eq!(offer(&line("StateDirectory", "x/y", &[])), (None, some("x")));
        assert_eq!(offer(&line("DeviceAllow", "/dev/x rw", &[])), (None, None));
        assert_eq!(offer(&line("BindReadOnlyPaths", "/usr /etc/x", &[])), (None, None));
    }
}
