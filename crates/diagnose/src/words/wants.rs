//! What a program wanted of a path, by its words.

use crate::clue::Want;
use regex::Regex;
use std::sync::LazyLock;

/// Words of who changes something; whole words, or beginnings of them.
const CHANGES: &str = r#"(?i-u)\b(creat|writ|touch|mkdir|unlink|renam|remov|delet|truncat|append|sav(e|ing)|chmod|chown|mkstemp|mknod|symlink|o_wronly|o_rdwr|o_creat|o_append|log ?file|open log|pid ?file|lock ?file|copy|move|dump|logfile|redirect|make directory)|['"](w|a|x|r\+|w\+|a\+)b?['"]|> ?/"#;

/// Words of who only looks.
const READS: &str = r"(?i-u)\b(read(ing)?|load(ing)?|includ(e|ing)|cannot access|open for read|o_rdonly|stat|lstat|scandir|pars(e|ing)|config(uration)? file)\b";

static CHANGING: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(CHANGES).ok());
static READING: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(READS).ok());

/// What a path was wanted for, as far as the words tell. The words `read` in the error's own name are none of them.
pub fn want_in(message: &str) -> Want {
    let text = message.replace("ead-only file system", "");
    let says = |pattern: &LazyLock<Option<Regex>>| pattern.as_ref().is_some_and(|p| p.is_match(&text));
    match (says(&CHANGING), says(&READING)) {
        (true, false) => Want::Change,
        (false, true) => Want::Read,
        _ => Want::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_tell_what_was_wanted() {
        assert!(CHANGING.is_some() && READING.is_some());
        for (message, want) in [
            ("touch: cannot touch '/x': Permission denied", Want::Change),
            ("sh: 1: cannot create /x: Permission denied", Want::Change),
            ("    open('/x', 'w')", Want::Change),
            ("mkdir /srv/x: read-only file system", Want::Change),
            ("could not read /x: Permission denied", Want::Read),
            ("[Errno 30] Read-only file system: '/x'", Want::Unknown),
            ("cat: /x: Permission denied", Want::Unknown),
        ] {
            assert_eq!(want_in(message), want, "{message}");
        }
    }
}
