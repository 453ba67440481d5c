//! Runs the same units under ringfence.

use crate::case::Outcome;
use crate::machine::Machine;
use crate::systemd::{Job, PLACE, outcome};
use anyhow::{Context, Result};
use std::collections::BTreeMap;

/// Where ringfence lies on a machine.
pub const RINGFENCE: &str = "/agreement/ringfence";

/// Brings ringfence to a machine.
pub fn bring(machine: &Machine, program: &[u8]) -> Result<()> {
    machine.write(RINGFENCE, "0755", program)
}

/// Runs installed jobs under `ringfence run`, some at a time, and collects how they ended.
pub fn under_ringfence(machine: &Machine, jobs: &[Job]) -> Result<BTreeMap<String, Outcome>> {
    let names: Vec<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
    // Whoever runs ringfence has what the lab's systemd has been started with, for PassEnvironment= (lab/systemd-lab).
    let mut script = format!(
        "set -eu; mkdir -p {PLACE}/run\n\
         export container=ringfence-lab PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n\
         printf '%s\\n' {} | xargs -P 4 -I NAME sh -c \
         'timeout 60 {RINGFENCE} run NAME.service > {PLACE}/run/NAME 2>&1 < /dev/null; echo $? > {PLACE}/run/NAME.status'\n",
        names.join(" ")
    );
    for name in &names {
        script += &format!(
            "printf '\\001'; cat {PLACE}/run/{name}.status; printf '\\002'; cat {PLACE}/run/{name}\n\
             printf '\\002'; cat {PLACE}/error/{name} {PLACE}/out/{name} 2>/dev/null || true\n"
        );
    }
    let text = machine.shell(&script)?;
    let mut all = BTreeMap::new();
    for (job, part) in jobs.iter().zip(text.split('\u{1}').skip(1)) {
        let mut fields = part.split('\u{2}');
        let mut field = || fields.next().unwrap_or_default();
        let (status, log, report) = (field().trim().parse().context("no exit status")?, field(), field());
        let result = if status == 0 { "success" } else { "exit-code" };
        let log = log.lines().map(str::to_owned).collect();
        all.insert(
            job.name.clone(),
            outcome(result.to_owned(), status, log, report).with_context(|| job.name.clone())?,
        );
    }
    Ok(all)
}
