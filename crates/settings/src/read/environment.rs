//! `Environment=`, `EnvironmentFile=` and their kin.

use super::{
    Line, Notation, Refusal,
    line::{UNQUOTED, quoted},
    notation::Wrong,
    scalar::one,
    scalar::show_each,
};
use crate::catalogue::{Kind, Shown};
use crate::{EnvironmentFile, Settings};
use ringfence_terms::Sourced;
use ringfence_unit::Specifiers;
use ringfence_unit::words::{Backslash, Quoting};

const C_ESCAPES: Quoting = Quoting { backslash: Backslash::C, ..UNQUOTED };

/// The longest assignment (`ARG_MAX` of most systems, discounting a name of one letter, `=` and NUL).
const LONGEST: usize = 2 * 1024 * 1024 - 3;

/// `NAME=VALUE`.
pub(crate) struct Variable;

impl Notation for Variable {
    type Value = (String, String);
    const KIND: Kind =
        Kind::Form("assignments such as `NAME=value`, in quotes when there is white space in them");
    const SPECIFIERS: bool = true;
    fn parse(text: &str) -> Result<(String, String), Wrong> {
        let (name, value) = text.split_once('=').ok_or(Wrong { why: "there is no `=` in it" })?;
        if !is_name(name) {
            return Err(Wrong { why: "no variable can be named so" });
        }
        if value.len() > LONGEST {
            return Err(Wrong { why: "it is too long" });
        }
        Ok((name.into(), value.into()))
    }
    fn write((name, value): &(String, String)) -> String {
        quoted(&Specifiers::escape(&format!("{name}={value}")), C_ESCAPES)
    }
}

/// A variable's name.
pub(crate) struct VariableName;

impl Notation for VariableName {
    type Value = String;
    const KIND: Kind = Kind::Form("variables' names");
    const SPECIFIERS: bool = true;
    fn parse(text: &str) -> Result<String, Wrong> {
        if is_name(text) { Ok(text.into()) } else { Err(Wrong { why: "no variable can be named so" }) }
    }
    fn write(value: &String) -> String {
        value.clone()
    }
}

/// A variable's name, or the one assignment that is meant.
pub(crate) struct Unset;

impl Notation for Unset {
    type Value = String;
    const KIND: Kind = Kind::Form("variables' names, or assignments such as `NAME=value`");
    const SPECIFIERS: bool = true;
    fn parse(text: &str) -> Result<String, Wrong> {
        VariableName::parse(text).or_else(|_| Variable::parse(text).map(|_| text.into()))
    }
    fn write(value: &String) -> String {
        quoted(&Specifiers::escape(value), C_ESCAPES)
    }
}

/// systemd: `env_name_is_valid`.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A later assignment of the same variable takes the place of the earlier (systemd: `config_parse_environ`).
pub(crate) fn environment(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    let list = &mut settings.environment.set;
    if line.value.is_empty() {
        list.clear();
        return Ok(());
    }
    for word in line.words(C_ESCAPES) {
        let Some(variable) = one::<Variable>(line, &word)? else { continue };
        let new = line.sourced(variable);
        match list.iter_mut().find(|old| old.value.0 == new.value.0) {
            Some(old) => *old = new,
            None => list.push(new),
        }
    }
    Ok(())
}

/// One path a line, perhaps after `-`, perhaps with wildcards (systemd: `config_parse_unit_env_file`).
pub(crate) fn environment_file(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    let list = &mut settings.environment.files;
    if line.value.is_empty() {
        list.clear();
        return Ok(());
    }
    let Some(text) = line.expand(line.value) else { return Ok(()) };
    let (optional, path) = match text.strip_prefix('-') {
        Some(path) => (true, path),
        None => (false, &*text),
    };
    if let Some(pattern) = line.plain_path(path) {
        list.push(line.sourced(EnvironmentFile { pattern, optional }));
    }
    Ok(())
}

pub(crate) fn show_environment_files(settings: &Settings) -> Vec<Shown> {
    show_each(&settings.environment.files, |file| {
        let prefix = if file.optional { "-" } else { "" };
        format!("{prefix}{}", Specifiers::escape(&file.pattern.to_string()))
    })
}

/// Words of which each counts once (`PassEnvironment=`).
pub(crate) fn pass_environment(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    distinct::<VariableName>(line, UNQUOTED, &mut settings.environment.pass)
}

/// Words of which each counts once (`UnsetEnvironment=`).
pub(crate) fn unset_environment(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    distinct::<Unset>(line, C_ESCAPES, &mut settings.environment.unset)
}

fn distinct<N: Notation<Value = String>>(
    line: &mut Line<'_>,
    quoting: Quoting,
    list: &mut Vec<Sourced<String>>,
) -> Result<(), Refusal> {
    let known = list.len();
    super::words::<N>(line, quoting, list)?;
    let mut at = 0;
    let seen: Vec<String> = list.iter().map(|item| item.value.clone()).collect();
    list.retain(|item| {
        at += 1;
        at <= known || !seen[..at - 1].contains(&item.value)
    });
    Ok(())
}
