//! Makes disagreeing units small.

use crate::batch::Bench;
use crate::generate::Draft;
use anyhow::Result;

/// Drops lines of the units and of their fixtures as long as the disagreement holds. All units take each step together,
/// because a machine's boot costs more than a unit.
pub fn minimised(bench: &Bench, mut drafts: Vec<Draft>) -> Result<Vec<Draft>> {
    let mut open: Vec<usize> = (0..drafts.len()).collect();
    while !open.is_empty() {
        let candidates: Vec<(usize, Draft)> = open
            .iter()
            .flat_map(|&number| smaller(&drafts[number]).into_iter().map(move |draft| (number, draft)))
            .collect();
        let tried = bench.run(&candidates.iter().map(|(_, draft)| draft.clone()).collect::<Vec<_>>())?;
        // The first candidate of each unit that still disagrees replaces it; the smallest come first.
        let mut next = Vec::new();
        for ((number, draft), compared) in candidates.into_iter().zip(tried) {
            if !next.contains(&number) && !compared.differences().is_empty() {
                drafts[number] = draft;
                next.push(number);
            }
        }
        open = next;
    }
    Ok(drafts)
}

/// The draft without some of its parts: without a half first, then without one line of the unit, one word of a list,
/// and at last one line of the fixture.
fn smaller(draft: &Draft) -> Vec<Draft> {
    let count = draft.lines.len();
    let mut all = Vec::new();
    let with = |lines: Vec<String>| Draft { lines, fixture: draft.fixture.clone() };
    if count >= 4 {
        all.push(with(draft.lines[..count / 2].to_vec()));
        all.push(with(draft.lines[count / 2..].to_vec()));
    }
    for without in 0..count {
        let mut lines = draft.lines.clone();
        lines.remove(without);
        all.push(with(lines));
    }
    // How the probe is run is no part to do without.
    let runs = |line: &&String| {
        line.starts_with("Exec") && line.contains(" self ") || line.starts_with("ExecStart=")
    };
    for line in draft.lines.iter().filter(runs) {
        for smaller in all.iter_mut().filter(|smaller| !smaller.lines.contains(line)) {
            smaller.lines.push(line.clone());
        }
    }
    all.retain(|smaller| smaller.lines.len() < count);
    for (at, line) in draft.lines.iter().enumerate() {
        let Some((directive, value)) = line.split_once("Paths=") else { continue };
        let words: Vec<&str> = value.split(' ').collect();
        for without in 0..words.len() {
            let mut words = words.clone();
            words.remove(without);
            if !words.is_empty() {
                let mut lines = draft.lines.clone();
                lines[at] = format!("{directive}Paths={}", words.join(" "));
                all.push(with(lines));
            }
        }
    }
    if draft.lines.len() <= 5 {
        all.extend(smaller_fixture(draft));
    }
    all
}

/// The fixture without a part of its lines: all, a half, a quarter, an eighth, and at last single ones.
fn smaller_fixture(draft: &Draft) -> Vec<Draft> {
    let fixture = &draft.fixture;
    let mut all = Vec::new();
    for parts in [1, 2, 4, 8] {
        let size = fixture.len().div_ceil(parts);
        if size == 0 || (size == 1 && parts > fixture.len()) {
            break;
        }
        for start in (0..fixture.len()).step_by(size) {
            let mut fixture = fixture.clone();
            fixture.drain(start..(start + size).min(fixture.len()));
            all.push(Draft { lines: draft.lines.clone(), fixture });
        }
    }
    all
}
