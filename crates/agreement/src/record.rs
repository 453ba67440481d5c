//! `agreement record` and `agreement replay`: the cases under systemd, and under ringfence.

use anyhow::{Context, Result, anyhow};
use ringfence_agreement::{
    Bench, Case, Entry, Facts, Job, Other, RARE, cases_dir, differences, named_in, open_dir, passing,
    standard,
};
use std::sync::Mutex;

/// The name of files that are not there yet.
const NEW: &str = "new";

/// How many labs are up at a time.
const LABS: usize = 4;

/// Records the cases whose names contain one of the words, each on a machine of its own; and the machine itself.
pub fn record(bench: &Bench, words: &[String]) -> Result<()> {
    let facts = machine(bench)?;
    facts.save()?;
    each(words, |name, mut case| {
        let (nodes, mut outcome) = bench.alone(&Other::Systemd, job(name, &case), &case.fixture)?;
        case.nodes = nodes;
        case.nodes.retain(|path, node| facts.nodes.get(path) != Some(node));
        outcome.process.retain(|name, _| !passing(name));
        outcome.cut(&facts);
        println!("{name}: {} {}", outcome.result, outcome.status);
        case.expect = Some(outcome);
        case.save(name)
    })
}

/// Runs the cases under ringfence and compares with what was recorded; true when all agree.
pub fn replay(bench: &Bench, words: &[String], show: usize) -> Result<bool> {
    let facts = Facts::load()?;
    let counts = Mutex::new((0, 0));
    each(words, |name, case| {
        let expect = case.expect.as_ref().with_context(|| format!("{name} has not been recorded"))?;
        let (_, outcome) = bench.alone(&bench.other, job(name, &case), &case.fixture)?;
        let differences = differences(&expect.whole(&facts), &outcome);
        let mut counts = counts.lock().map_err(|_| anyhow!("another case broke off"))?;
        counts.0 += 1;
        if differences.is_empty() {
            return Ok(());
        }
        counts.1 += 1;
        println!("== {name}: {}\n{}", case.about, case.unit[1..].join("\n"));
        for difference in differences.iter().take(show) {
            println!("  {difference}");
        }
        if differences.len() > show {
            println!("  and {} more", differences.len() - show);
        }
        Ok(())
    })?;
    let (all, differ) = counts.into_inner().map_err(|_| anyhow!("a case broke off"))?;
    println!("{} of {all} cases agree", all - differ);
    Ok(differ == 0)
}

/// Does something with every case whose name contains one of the words (all when there is none), some at a time.
fn each(words: &[String], act: impl Fn(&str, Case) -> Result<()> + Sync) -> Result<()> {
    let mut cases = Case::all(&cases_dir())?;
    cases.extend(Case::all(&open_dir())?);
    cases.retain(|name, _| words.is_empty() || words.iter().any(|word| name.contains(word.as_str())));
    let queue = Mutex::new(cases.into_iter());
    let next = || queue.lock().ok().and_then(|mut queue| queue.next());
    let work = || -> Result<()> {
        while let Some((name, case)) = next() {
            act(&name, case).with_context(|| format!("case {name}"))?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..LABS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| anyhow!("a case broke off"))?)
    })
}

fn job(name: &str, case: &Case) -> Job {
    let mut paths = everywhere();
    paths.extend(named_in(&case.unit, NEW));
    paths.extend(case.fixture.iter().map(|entry: &Entry| entry.path().to_owned()));
    paths.extend(case.also.iter().cloned());
    Job { name: name.to_owned(), unit: case.unit.clone(), paths }
}

/// The paths that every case tries.
fn everywhere() -> Vec<String> {
    standard(NEW).into_iter().chain(RARE.map(str::to_owned)).collect()
}

/// The machine as it is without any fixture, and a unit without any setting.
fn machine(bench: &Bench) -> Result<Facts> {
    let job = Job { name: "plain".to_owned(), unit: Vec::new(), paths: everywhere() };
    let (nodes, mut plain) = bench.alone(&Other::Systemd, job, &[])?;
    plain.process.retain(|name, _| !passing(name));
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
    })
}

/// The super block's options tell of the lab's own making: `lowerdir=` and so on.
fn without_super_options(line: &str) -> String {
    let (before, options) = line.rsplit_once(' ').unwrap_or((line, ""));
    format!("{before} {}", options.split(',').next().unwrap_or_default())
}
