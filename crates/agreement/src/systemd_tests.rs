//! systemd's own execution tests: the table of what is expected, and the runner.

use crate::machine::Machine;
use crate::ringfence::RINGFENCE;
use anyhow::{Context, Result, bail};
use std::fmt;

/// Where Debian's package `systemd-tests` puts the units.
pub const UNITS: &str = "/usr/lib/systemd/tests/testdata/test-execute";

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Run this unit; it is to end like this, where the shell command succeeds.
    Unit(String, Expected, Option<String>),
    /// This unit is not run, and why.
    Skip(String, String),
    /// Do this on the machine.
    Shell(String),
    /// Give this to the manager.
    Set(String, String),
    /// Take all that was given away.
    Clear,
}

/// How a unit is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// With this exit status of the main process; 128+N for signal N.
    Status(i32),
    /// With a failure before there is a main process.
    Fails,
}

impl Expected {
    fn parse(word: &str) -> Option<Expected> {
        match word {
            "fails" => Some(Expected::Fails),
            "SIGPIPE" => Some(Expected::Status(128 + 13)),
            "SIGSYS" => Some(Expected::Status(128 + 31)),
            number => number.parse().ok().map(Expected::Status),
        }
    }

    fn met(self, status: i32) -> bool {
        match self {
            Expected::Status(expected) => status == expected,
            Expected::Fails => status != 0,
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expected::Status(status) => write!(f, "{status}"),
            Expected::Fails => f.write_str("a failure"),
        }
    }
}

/// The table.
pub fn table() -> Result<Vec<Step>> {
    let text = include_str!("../systemd-tests.txt");
    let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|(at, line)| step(line).with_context(|| format!("systemd-tests.txt:{}: {line:?}", at + 1)))
        .collect()
}

fn step(line: &str) -> Option<Step> {
    if let Some(shell) = line.strip_prefix("$ ") {
        return Some(Step::Shell(shell.to_owned()));
    }
    let (head, rest) = line.split_once(' ')?;
    if head == "env" {
        return match rest.split_once('=') {
            None => (rest == "-").then_some(Step::Clear),
            Some((name, value)) => Some(Step::Set(name.to_owned(), value.replace("\\n", "\n"))),
        };
    }
    let (word, more) = rest.split_once(' ').map_or((rest, None), |(word, more)| (word, Some(more)));
    match (word, more) {
        ("skip", Some(why)) => Some(Step::Skip(head.to_owned(), why.to_owned())),
        (word, None) => Some(Step::Unit(head.to_owned(), Expected::parse(word)?, None)),
        (word, Some(more)) => {
            let condition = more.strip_prefix("if ")?;
            Some(Step::Unit(head.to_owned(), Expected::parse(word)?, Some(condition.to_owned())))
        }
    }
}

/// How one unit ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As expected.
    Passed,
    /// Otherwise; what was said.
    Failed(String),
    /// It was not run, and why.
    Skipped(String),
}

/// Who runs the units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    /// The machine's systemd: checks the table.
    Systemd,
    /// ringfence.
    Ringfence,
}

/// Runs the units whose names contain one of the words (all when there is none), in the table's order.
pub fn run_systemd_tests(
    machine: &Machine,
    runner: Runner,
    words: &[String],
) -> Result<Vec<(String, Verdict)>> {
    // A machine with /run/systemd/system counts as booted with systemd (sd_booted(3)); the other one is not to.
    let units = match runner {
        Runner::Systemd => "/run/systemd/system",
        Runner::Ringfence => "/run/systemd/transient",
    };
    machine.shell(&format!("set -e; mkdir -p {units}; cp -r {UNITS}/. {units}/"))?;
    let mut environment: Vec<(String, String)> = Vec::new();
    let wanted = |unit: &str| words.is_empty() || words.iter().any(|word| unit.contains(word.as_str()));
    let mut verdicts = Vec::new();
    for step in table()? {
        match step {
            // A step that fails shows in the unit that needed it, or in a condition.
            Step::Shell(shell) => {
                machine.shell(&format!("units={units}; {{ {shell}; }} >/dev/null 2>&1 || true"))?;
            }
            Step::Set(name, value) => environment.push((name, value)),
            Step::Clear => environment.clear(),
            Step::Skip(unit, _) | Step::Unit(unit, ..) if !wanted(&unit) => {}
            Step::Skip(unit, why) => verdicts.push((unit, Verdict::Skipped(why))),
            Step::Unit(unit, expected, condition) => {
                let verdict = match condition {
                    Some(shell) if !holds(machine, &shell)? => {
                        Verdict::Skipped(format!("here it is not so that `{shell}`"))
                    }
                    _ => judge(run(machine, runner, &unit, &environment)?, expected),
                };
                verdicts.push((unit, verdict));
            }
        }
    }
    Ok(verdicts)
}

fn holds(machine: &Machine, shell: &str) -> Result<bool> {
    Ok(machine.shell(&format!("if {{ {shell}; }} >/dev/null 2>&1; then echo yes; fi"))?.trim() == "yes")
}

fn judge((status, said): (i32, String), expected: Expected) -> Verdict {
    match expected.met(status) {
        true => Verdict::Passed,
        false => Verdict::Failed(format!("ended with {status} instead of {expected}\n{}", said.trim_end())),
    }
}

/// The exit status and what was said.
fn run(
    machine: &Machine,
    runner: Runner,
    unit: &str,
    environment: &[(String, String)],
) -> Result<(i32, String)> {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let pairs: Vec<String> =
        environment.iter().map(|(name, value)| quoted(&format!("{name}={value}"))).collect();
    let names: Vec<&str> = environment.iter().map(|(name, _)| name.as_str()).collect();
    let script = match runner {
        Runner::Systemd => {
            let (give, take) = match environment.is_empty() {
                true => (String::new(), String::new()),
                false => (
                    format!("systemctl set-environment {}", pairs.join(" ")),
                    format!("systemctl unset-environment {}", names.join(" ")),
                ),
            };
            format!(
                "{give}\nsystemctl daemon-reload\nsystemctl start --wait {unit} >/dev/null 2>&1; started=$?\n{take}\n\
                 code=$(systemctl show -P ExecMainCode {unit}); status=$(systemctl show -P ExecMainStatus {unit})\n\
                 if [ \"$code\" -gt 1 ]; then status=$((128 + status)); fi\n\
                 if [ \"$code\" = 0 ]; then status=$started; fi\n\
                 echo $status; journalctl --sync; journalctl -q -o cat -n 20 -u {unit}; systemctl reset-failed {unit} 2>/dev/null || true"
            )
        }
        Runner::Ringfence => format!(
            "env -u USER -u LOGNAME -u SHELL -u HOME -u TMPDIR {} /usr/bin/timeout 120 {RINGFENCE} run {unit} > /run/said 2>&1 < /dev/null; \
             echo $?; cat /run/said",
            pairs.join(" ")
        ),
    };
    let text = machine.shell(&script)?;
    let (status, said) = text.split_once('\n').unwrap_or((&text, ""));
    match status.trim().parse() {
        Ok(status) => Ok((status, said.to_owned())),
        Err(_) => bail!("{unit}: {status:?} is no exit status"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Expected, Step, step, table};

    #[test]
    fn each_kind_of_line_is_read() {
        let unit = |condition: Option<&str>| {
            Step::Unit("a.service".into(), Expected::Status(141), condition.map(Into::into))
        };
        assert_eq!(step("a.service SIGPIPE"), Some(unit(None)));
        assert_eq!(step("a.service 141 if test -e /x y"), Some(unit(Some("test -e /x y"))));
        assert_eq!(
            step("a.service skip for a reason"),
            Some(Step::Skip("a.service".into(), "for a reason".into()))
        );
        assert_eq!(step("env A=b c\\nd"), Some(Step::Set("A".into(), "b c\nd".into())));
        assert_eq!(step("env -"), Some(Step::Clear));
        assert_eq!(step("a.service maybe"), None);
    }

    #[test]
    fn the_table_is_of_its_form() {
        assert!(table().unwrap().len() > 180);
    }
}
