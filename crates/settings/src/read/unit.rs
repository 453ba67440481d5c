//! `[Unit]`: conditions, asserts, and the namespaces that are shared.

use super::{Line, Notation, Refusal, line::VERBATIM, notation::Wrong};
use crate::catalogue::{Kind, Shown};
use crate::{Condition, Settings};
use ringfence_unit::Specifiers;
use ringfence_unit::words::{Backslash, Quoting};

/// What a condition's parameter is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parameter {
    /// An absolute path.
    Path,
    /// Any text.
    Text,
}

/// `[|][!]PARAMETER` (systemd: `config_parse_unit_condition_path`, `config_parse_unit_condition_string`). An empty one
/// resets every condition, or every assert, whatever it checks.
pub(crate) fn condition(
    line: &mut Line<'_>,
    settings: &mut Settings,
    check: &'static str,
    is_assert: bool,
    parameter: Parameter,
) -> Result<(), Refusal> {
    let all = &mut settings.unit_section.conditions;
    if line.value.is_empty() {
        all.retain(|condition| condition.is_assert != is_assert);
        return Ok(());
    }
    let (trigger, rest) = prefix(line.value, '|');
    let (negate, rest) = prefix(rest, '!');
    let parameter = match parameter {
        Parameter::Path => line.path(rest).map(|path| path.to_string()),
        Parameter::Text => line.expand(rest),
    };
    if let Some(parameter) = parameter {
        all.push(Condition { check, is_assert, trigger, negate, parameter, origin: line.origin.clone() });
    }
    Ok(())
}

fn prefix(text: &str, prefix: char) -> (bool, &str) {
    match text.strip_prefix(prefix) {
        Some(rest) => (true, rest),
        None => (false, text),
    }
}

pub(crate) fn show_conditions(settings: &Settings, check: &str, is_assert: bool) -> Vec<Shown> {
    let conditions = settings.unit_section.conditions.iter();
    conditions
        .filter(|condition| condition.check == check && condition.is_assert == is_assert)
        .map(|condition| {
            let trigger = if condition.trigger { "|" } else { "" };
            let negate = if condition.negate { "!" } else { "" };
            let value = format!("{trigger}{negate}{}", Specifiers::escape(&condition.parameter));
            Shown { value, origin: Some(condition.origin.clone()) }
        })
        .collect()
}

/// Units' names; they add up, and nothing takes them back (systemd: `config_parse_unit_deps`).
pub(crate) struct UnitNames;

const NAMES: Quoting = Quoting { backslash: Backslash::Kept, ..VERBATIM };

impl Notation for UnitNames {
    type Value = Vec<String>;
    const KIND: Kind = Kind::Form("units' names");
    const SPECIFIERS: bool = true;
    fn parse(text: &str) -> Result<Vec<String>, Wrong> {
        let words = ringfence_unit::words::split(text, ringfence_unit::words::WHITESPACE, NAMES);
        words.map_err(|_| Wrong { why: "it cannot be split into words" })
    }
    fn write(value: &Vec<String>) -> String {
        value.join(" ")
    }
}

/// `JoinsNamespaceOf=`.
pub(crate) fn joins_namespace_of(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    if let Some(names) = super::scalar::one::<UnitNames>(line, line.value)? {
        let list = &mut settings.unit_section.joins_namespace_of;
        list.extend(names.into_iter().map(|name| line.sourced(name)));
    }
    Ok(())
}

/// The words of `SuccessAction=` and its kin (systemd: `emergency_action_table`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Action(&'static str);

impl super::Keyword for Action {
    const WORDS: &'static [&'static str] = &[
        "none",
        "exit",
        "exit-force",
        "reboot",
        "reboot-force",
        "reboot-immediate",
        "poweroff",
        "poweroff-force",
        "poweroff-immediate",
        "soft-reboot",
        "soft-reboot-force",
        "kexec",
        "kexec-force",
        "halt",
        "halt-force",
        "halt-immediate",
    ];
    fn of_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|known| **known == word).map(|known| Action(known))
    }
    fn as_word(self) -> &'static str {
        self.0
    }
}

/// `SuccessAction=`, which is kept as a line; besides, a unit with one may lack `ExecStart=`.
pub(crate) fn success_action(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    if super::kept::<super::Word<Action>>(line, settings)? {
        settings.unit_section.success_action = line.value != "none";
    }
    Ok(())
}
