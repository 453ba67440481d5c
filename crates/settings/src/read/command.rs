//! Command lines: `ExecStart=` and its kin.

use super::{Line, Refusal, line::quoted};
use crate::catalogue::Shown;
use crate::{Command, Privileges};
use ringfence_terms::AbsPath;
use ringfence_unit::words::{Backslash, Quoting, WHITESPACE, Words};

const ARGUMENT: Quoting = Quoting { unquote: true, backslash: Backslash::C, relax: false, keep_empty: false };

/// One or more command lines, separated by a `;` that stands alone (systemd: `config_parse_exec`).
pub(crate) fn commands(line: &mut Line<'_>, list: &mut Vec<Command>) -> Result<(), Refusal> {
    if line.value.is_empty() {
        list.clear();
        return Ok(());
    }
    let mut rest = line.value;
    loop {
        let (command, more) = match command(line, rest) {
            Ok(parsed) => parsed,
            Err(Stop::Ignored) => return Ok(()),
            Err(Stop::Refused(refusal)) => return Err(refusal),
        };
        list.extend(command);
        match more {
            Some(more) => rest = more,
            None => return Ok(()),
        }
    }
}

/// Why the rest of the line is not read.
enum Stop {
    /// systemd only warns: the command has the prefix `-`.
    Ignored,
    /// systemd refuses the unit.
    Refused(Refusal),
}

/// What the characters before the path say.
#[derive(Default)]
struct Prefixes {
    argv0: bool,
    ignore_failure: bool,
    no_variables: bool,
    privileges: Privileges,
}

impl Prefixes {
    /// Takes prefixes off a word, each at most once; what does not fit any more is part of the path.
    fn of(word: &str) -> (Prefixes, &str) {
        let mut prefixes = Prefixes::default();
        let mut rest = word;
        while let Some(c) = rest.chars().next() {
            match (c, prefixes.privileges) {
                ('-', _) if !prefixes.ignore_failure => prefixes.ignore_failure = true,
                ('@', _) if !prefixes.argv0 => prefixes.argv0 = true,
                (':', _) if !prefixes.no_variables => prefixes.no_variables = true,
                ('+', Privileges::Sandboxed) => prefixes.privileges = Privileges::Full,
                ('!', Privileges::Sandboxed) => prefixes.privileges = Privileges::KeepUser,
                ('!', Privileges::KeepUser) => prefixes.privileges = Privileges::AmbientFallback,
                _ => break,
            }
            rest = &rest[1..];
        }
        (prefixes, rest)
    }
}

/// The first command of `text`, if there is one before the next `;`, and what follows that.
fn command<'t>(line: &mut Line<'_>, text: &'t str) -> Result<(Option<Command>, Option<&'t str>), Stop> {
    let mut words = Words::new(text);
    let first = match words.next_forgiving(WHITESPACE, ARGUMENT) {
        Ok(Some(first)) => first,
        Ok(None) => return Ok((None, None)),
        Err(error) => {
            // Unlike a fault further on, this one only draws a warning.
            line.broken(text, error);
            return Err(Stop::Ignored);
        }
    };
    warn_of_escape(line, &first);
    if first.word == ";" {
        return Ok((None, words.rest()));
    }
    let (prefixes, path) = Prefixes::of(&first.word);
    let stop = |line: &mut Line<'_>, subject: &str, why: String, help: Option<String>| {
        if prefixes.ignore_failure {
            line.warn(subject, why, help);
            return Stop::Ignored;
        }
        Stop::Refused(Refusal { subject: subject.to_owned(), why, help })
    };

    let path = match line.specifiers.expand(path) {
        Ok(path) => path,
        Err(error) => return Err(stop(line, path, format!("the command's path is wrong: {error}"), None)),
    };
    // Without `@`, the command's own name is the path as it is written.
    let own_name = path.clone();
    let path = match executable(&path) {
        Ok(path) => path,
        Err(why) => {
            let help = path.starts_with('|').then(|| "the prefix `|` is for systemd 258 and later".into());
            return Err(stop(line, &first.word, format!("`{path}` is not a command: {why}"), help));
        }
    };

    let mut argv = Vec::new();
    if !prefixes.argv0 {
        argv.push(own_name);
    }
    let mut more = None;
    while let Some(rest) = words.rest().filter(|rest| !rest.is_empty()) {
        if let Some(after) = alone(rest, ";") {
            more = Some(after);
            break;
        }
        if let Some(after) = alone(rest, "\\;") {
            argv.push(";".into());
            words = Words::new(after);
            continue;
        }
        let word = match words.next_forgiving(WHITESPACE, ARGUMENT) {
            Ok(Some(word)) => word,
            Ok(None) => break,
            Err(error) => {
                let why = format!("the command line cannot be split at `{rest}`: {error}");
                return Err(stop(line, rest, why, Some("close the quote, or double the backslash".into())));
            }
        };
        warn_of_escape(line, &word);
        match line.specifiers.expand(&word.word) {
            Ok(word) => argv.push(word),
            Err(error) => return Err(stop(line, &word.word, format!("`{}`: {error}", word.word), None)),
        }
    }
    if argv.is_empty() {
        let why = "the prefix `@` asks for a word that becomes the command's own name, and none follows";
        return Err(stop(line, &first.word, why.into(), None));
    }
    let command = Command {
        path,
        argv,
        ignore_failure: prefixes.ignore_failure,
        no_variables: prefixes.no_variables,
        privileges: prefixes.privileges,
        origin: line.origin.clone(),
    };
    Ok((Some(command), more))
}

/// What follows `token`, when `text` begins with it as a word of its own, without quotes.
fn alone<'t>(text: &'t str, token: &str) -> Option<&'t str> {
    let rest = text.strip_prefix(token)?;
    (rest.is_empty() || rest.starts_with(WHITESPACE)).then(|| rest.trim_start_matches(WHITESPACE))
}

fn warn_of_escape(line: &mut Line<'_>, word: &ringfence_unit::words::ForgivenWord) {
    if word.unknown_escape {
        let message =
            format!("{} keeps a backslash that begins no known escape in `{}`", line.name(), word.word);
        line.warn(&word.word, message, Some("double the backslash".into()));
    }
}

/// Checks the path of an executable, or its bare name.
fn executable(text: &str) -> Result<String, &'static str> {
    if text.is_empty() {
        return Err("there is no path");
    }
    // systemd: `string_is_safe`, `path_implies_directory`.
    if text.contains(['\\', '"', '\'']) || text.chars().any(|c| c.is_ascii_control()) {
        return Err("it contains a quote, a backslash or a control character");
    }
    if text.ends_with('/') || text.ends_with("/.") || text.ends_with("/..") || text == "." || text == ".." {
        return Err("it names a directory");
    }
    if text.starts_with('/') {
        return match AbsPath::parse(text) {
            Ok(path) => Ok(path.to_string()),
            Err(ringfence_terms::PathError::ParentComponent) => Ok(simplify(text)),
            Err(_) => Err("it is too long"),
        };
    }
    if text.contains('/') || text.len() > 255 {
        return Err("it is neither an absolute path nor a bare name");
    }
    Ok(text.to_owned())
}

/// Removes `//` and `/./`; unlike elsewhere, `..` is allowed in the path of a command, but for the beginning, where it
/// means nothing.
fn simplify(path: &str) -> String {
    let components = path.split('/').filter(|component| !matches!(*component, "" | "."));
    components
        .skip_while(|component| *component == "..")
        .fold(String::new(), |path, component| path + "/" + component)
}

/// The commands as their lines; each line once, whole.
pub(crate) fn show_commands(commands: &[Command]) -> Vec<Shown> {
    commands
        .iter()
        .map(|command| Shown { value: write(command), origin: Some(command.origin.clone()) })
        .collect()
}

fn write(command: &Command) -> String {
    let own_name = command.argv.first() != Some(&command.path);
    let mut text = String::new();
    for (set, prefix) in [
        (own_name, "@"),
        (command.ignore_failure, "-"),
        (command.no_variables, ":"),
        (command.privileges == Privileges::Full, "+"),
        (command.privileges == Privileges::KeepUser, "!"),
        (command.privileges == Privileges::AmbientFallback, "!!"),
    ] {
        if set {
            text += prefix;
        }
    }
    text += &ringfence_unit::Specifiers::escape(&command.path);
    for word in &command.argv[usize::from(!own_name)..] {
        text.push(' ');
        match &**word {
            ";" => text += "\\;",
            word => text += &quoted(&ringfence_unit::Specifiers::escape(word), ARGUMENT),
        }
    }
    text
}
