//! What `ringfence why` says, asked as its users ask it.

use crate::machine::Machine;
use crate::predict::Prediction;
use crate::ringfence::RINGFENCE;
use crate::systemd::Job;
use anyhow::{Context, Result};
use ringfence_probe::OK;
use ringfence_terms::AccessKind;
use serde::Deserialize;
use std::collections::BTreeMap;

/// How many questions are asked about a unit: each is a program of its own, and the library has answered all.
const QUESTIONS: usize = 4;

/// The part of the answer that is compared.
#[derive(Deserialize)]
struct Answer {
    allowed: Option<bool>,
    errno: Option<String>,
    reason: String,
}

/// Asks `ringfence why` some of the questions that the predictions answer, and puts its answers in their place. The
/// units are installed, and none has run yet.
pub fn ask(machine: &Machine, jobs: &[Job], predictions: &mut BTreeMap<String, Prediction>) -> Result<()> {
    let mut asked = Vec::new();
    let mut script = String::new();
    for (number, job) in jobs.iter().enumerate() {
        if predictions.get(&job.name).is_none_or(|prediction| prediction.status != 0) {
            continue;
        }
        for question in 0..QUESTIONS.min(job.paths.len()) {
            let path = &job.paths[(number * 7 + question * job.paths.len() / QUESTIONS) % job.paths.len()];
            let kind = AccessKind::ALL[(number + question) % AccessKind::ALL.len()];
            asked.push((job.name.clone(), path.clone(), kind));
            script += &format!(
                "printf '\\001'; {RINGFENCE} why {}.service '{path}' --{} --format json 2>/dev/null || true\n",
                job.name,
                option(kind)
            );
        }
    }
    let text = machine.shell(&script)?;
    for ((name, path, kind), json) in asked.into_iter().zip(text.split('\u{1}').skip(1)) {
        let answer: Answer = serde_json::from_str(json)
            .with_context(|| format!("{name}: why {path} --{} said {json:?}", option(kind)))?;
        let ending = match (answer.allowed, answer.errno) {
            (Some(true), _) => OK.to_owned(),
            (Some(false), Some(errno)) => errno,
            _ => continue,
        };
        if let Some(endings) = predictions.get_mut(&name).and_then(|all| all.endings.get_mut(&path)) {
            endings.insert(kind.word().to_owned(), (ending, answer.reason));
        }
    }
    Ok(())
}

fn option(kind: AccessKind) -> &'static str {
    match kind {
        AccessKind::Stat => "stat",
        AccessKind::Read => "read",
        AccessKind::Write => "write",
        AccessKind::Create => "create",
        AccessKind::Execute => "exec",
    }
}
