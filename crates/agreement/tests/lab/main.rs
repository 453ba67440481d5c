//! ringfence beside a real systemd. Needs root and the root directory that `lab/debian-root` makes; skips, and says so,
//! without them.

use anyhow::{Context, Result};
use ringfence_agreement::{
    Bench, Draft, Other, Program, Verdict, built, draft, draft_of_process, process_dir, replayed,
};
use std::fmt::Write;
use std::path::PathBuf;

/// The seed of the random units; `RINGFENCE_SEED` names another.
const SEED: u64 = 1;

/// The root directory to boot, or nothing after saying why there is no test here.
fn root() -> Option<PathBuf> {
    let root =
        std::env::var_os("RINGFENCE_LAB_ROOT").unwrap_or_else(|| "/var/cache/ringfence/debian-root".into());
    let root = PathBuf::from(root);
    let why = if !rustix::process::geteuid().is_root() {
        "it needs root".to_owned()
    } else if !root.join("usr/lib/systemd/systemd").exists() {
        format!("there is no systemd below {} (make it with lab/debian-root)", root.display())
    } else {
        return Some(root);
    };
    assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "must run, but {why}");
    println!("SKIP: {why}");
    None
}

fn program(program: Program) -> Result<Vec<u8>> {
    Ok(std::fs::read(built(program)?)?)
}

/// Compares with ringfence, its plan and its verdicts.
fn ringfence(root: PathBuf) -> Result<Bench> {
    Ok(Bench {
        probe: program(Program::PROBE)?,
        other: Other::Ringfence(program(Program::RINGFENCE)?),
        predict: Some(program(Program::AGREEMENT)?),
        root: Some(root),
        host: false,
    })
}

/// Runs random units and says what is not as under systemd.
fn disagreements(bench: &Bench, units: u64, draft: fn(u64, u64) -> Draft) -> Result<String> {
    let mut report = String::new();
    let seed = match std::env::var("RINGFENCE_SEED") {
        Ok(text) => text.parse().context("RINGFENCE_SEED is no number")?,
        Err(_) => SEED,
    };
    println!("seed {seed}, {units} units");
    let drafts: Vec<Draft> = (0..units).map(|number| draft(seed, number)).collect();
    for (number, compared) in bench.confirmed(&drafts)? {
        let _ = writeln!(report, "== seed {seed} unit {number}\n{}", drafts[number].lines.join("\n"));
        for difference in compared.differences().iter().take(6) {
            let _ = writeln!(report, "  {difference}");
        }
    }
    Ok(report)
}

#[test]
fn the_harness_is_steady() -> Result<()> {
    let Some(root) = root() else { return Ok(()) };
    let probe = program(Program::PROBE)?;
    let bench = Bench { probe, other: Other::Systemd, predict: None, root: Some(root), host: false };
    let report = disagreements(&bench, 20, draft)?;
    assert!(report.is_empty(), "systemd does not agree with itself:\n{report}");
    Ok(())
}

#[test]
fn random_units_see_what_they_see_under_systemd_and_the_verdicts_say_so() -> Result<()> {
    let Some(root) = root() else { return Ok(()) };
    let report = disagreements(&ringfence(root)?, 80, draft)?;
    assert!(report.is_empty(), "{report}");
    Ok(())
}

#[test]
fn the_processes_of_random_units_are_what_they_are_under_systemd() -> Result<()> {
    let Some(root) = root() else { return Ok(()) };
    let bench = Bench { predict: None, ..ringfence(root)? };
    let report = disagreements(&bench, 80, draft_of_process)?;
    assert!(report.is_empty(), "{report}");
    Ok(())
}

#[test]
fn units_that_once_disagreed_see_what_they_saw_under_systemd() -> Result<()> {
    let Some(root) = root() else { return Ok(()) };
    replay(&ringfence(root)?, &["seed-", "one-device", "one-private-pids"], 11)
}

/// On a machine without a systemd.
#[test]
fn processes_are_what_they_were_under_systemd() -> Result<()> {
    let Some(root) = root() else { return Ok(()) };
    let recorded = std::fs::read_dir(process_dir())?.count();
    replay(&ringfence(root)?, &["process-"], recorded)
}

/// Runs the recorded cases, so many at least, and says what is not as under systemd.
fn replay(bench: &Bench, words: &[&str], least: usize) -> Result<()> {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let all = replayed(bench, &words)?;
    let mut report = String::new();
    for one in all.iter().filter(|one| !one.differences.is_empty()) {
        let _ = writeln!(report, "== {}: {}", one.name, one.case.about);
        for difference in &one.differences {
            let _ = writeln!(report, "  {difference}");
        }
    }
    assert!(report.is_empty(), "{report}");
    assert!(all.len() >= least, "only {} cases were found", all.len());
    Ok(())
}

#[test]
fn systemds_own_tests_pass() -> Result<()> {
    let Some(root) = root() else { return Ok(()) };
    let verdicts = ringfence(root)?.systemd_tests(&[])?;
    let mut passed = 0;
    let mut failed = String::new();
    for (unit, verdict) in verdicts {
        match verdict {
            Verdict::Passed => passed += 1,
            Verdict::Skipped(why) => println!("SKIP: {unit}: {why}"),
            Verdict::Failed(why) => drop(writeln!(failed, "{unit} {why}")),
        }
    }
    assert!(failed.is_empty(), "{failed}");
    assert!(passed > 100, "only {passed} ran: does the root directory have the package systemd-tests?");
    Ok(())
}
