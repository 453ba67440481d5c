//! `agreement record` and `agreement replay`: the cases under systemd, and under ringfence.

use anyhow::Result;
use ringfence_agreement::{Bench, Facts, Job, Other, Replayed, each, everywhere, job_of, passing, replayed};

/// Records the cases whose names contain one of the words, each on a machine of its own; and the machine itself.
pub fn record(bench: &Bench, words: &[String]) -> Result<()> {
    let facts = machine(bench)?;
    facts.save()?;
    each(words, |name, mut case| {
        let job = job_of(name, &case);
        let of_process = job.is_of_process();
        let (nodes, mut outcome) = bench.alone(&Other::Systemd, job, &case.fixture)?;
        case.nodes = nodes;
        case.nodes.retain(|path, node| facts.nodes.get(path) != Some(node));
        outcome.process.retain(|name, _| !passing(name));
        if of_process {
            outcome.cut_itself(&facts)
        } else {
            outcome.cut(&facts)
        }
        println!("{name}: {} {}", outcome.result, outcome.status);
        case.expect = Some(outcome);
        case.save(name)
    })
}

/// Runs the cases under ringfence and compares with what was recorded; true when all agree.
pub fn replay(bench: &Bench, words: &[String], show: usize) -> Result<bool> {
    let all = replayed(bench, words)?;
    let differ: Vec<&Replayed> = all.iter().filter(|one| !one.differences.is_empty()).collect();
    for Replayed { name, case, differences } in &differ {
        println!("== {name}: {}\n{}", case.about, case.unit[1..].join("\n"));
        for difference in differences.iter().take(show) {
            println!("  {difference}");
        }
        if differences.len() > show {
            println!("  and {} more", differences.len() - show);
        }
    }
    println!("{} of {} cases agree", all.len() - differ.len(), all.len());
    Ok(differ.is_empty())
}

/// The machine as it is without any fixture, and a unit without any setting.
fn machine(bench: &Bench) -> Result<Facts> {
    let job = Job { name: "plain".to_owned(), unit: Vec::new(), paths: everywhere() };
    let (nodes, mut plain) = bench.alone(&Other::Systemd, job, &[])?;
    plain.process.retain(|name, _| !passing(name));
    let line = "ExecStart=/agreement/probe self /agreement/out/plain".to_owned();
    let unit = vec!["[Service]".to_owned(), line, "Type=oneshot".to_owned()];
    let job = Job { name: "plain".to_owned(), unit, paths: Vec::new() };
    let (_, mut itself) = bench.alone(&Other::Systemd, job, &[])?;
    itself.process.retain(|name, _| !passing(name));
    let machine = bench.plain()?;
    let lines = |script: &str| -> Result<Vec<String>> {
        Ok(machine.shell(script)?.lines().map(str::to_owned).collect())
    };
    Ok(Facts {
        systemd: lines("systemctl --version | head -n 1")?.concat(),
        kernel: lines("uname -r | grep -o '^[0-9.]*'")?.concat(),
        // Credentials of the machine's own services come and go.
        mountinfo: lines("grep -v ' /run/credentials/' /proc/1/mountinfo")?
            .iter()
            .map(|line| without_super_options(line))
            .collect(),
        passwd: lines("cat /etc/passwd")?,
        group: lines("cat /etc/group")?,
        nodes,
        tried: plain.tried,
        process: plain.process,
        itself: itself.process,
    })
}

/// The super block's options tell of the lab's own making: `lowerdir=` and so on.
fn without_super_options(line: &str) -> String {
    let (before, options) = line.rsplit_once(' ').unwrap_or((line, ""));
    format!("{before} {}", options.split(',').next().unwrap_or_default())
}
