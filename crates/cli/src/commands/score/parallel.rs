//! The same for many units, in order, on several threads.

use crate::failure::Failure;
use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread::available_parallelism;

/// Does the same to each item, on as many threads as there are processors and it is worth starting; hands the results
/// over in the items' order, the first ones while others are still at work.
///
/// The items are worked on in batches, and a thread takes the next one when it is done with its last: what has been
/// handed over makes room for what follows, so that little memory is touched for the first time.
pub fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
    mut take: impl FnMut(R) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let batches = items.len().div_ceil(BATCH);
    let helpers = match batches {
        ..WORTH_A_THREAD => 0,
        _ => available_parallelism().map_or(1, NonZero::get).min(batches) - 1,
    };
    let next = AtomicUsize::new(0);
    let claim = || {
        let number = next.fetch_add(1, Ordering::Relaxed);
        items.chunks(BATCH).nth(number).map(|batch| (number, batch))
    };
    let (work, claim) = (&work, &claim);
    let (sender, done) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..helpers {
            let sender = sender.clone();
            scope.spawn(move || {
                while let Some((number, batch)) = claim() {
                    if sender.send((number, batch.iter().map(work).collect::<Vec<R>>())).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        // Goes with an error, which the helpers learn from it.
        let done = done;
        let (mut due, mut waiting) = (0, BTreeMap::new());
        loop {
            match claim() {
                Some((number, batch)) if number == due => {
                    batch.iter().try_for_each(|item| take(work(item)))?;
                    due += 1;
                }
                Some((number, batch)) => {
                    waiting.insert(number, batch.iter().map(work).collect());
                }
                None => match done.recv() {
                    Ok((number, results)) => {
                        waiting.insert(number, results);
                    }
                    Err(mpsc::RecvError) => return Ok(()),
                },
            }
            waiting.extend(done.try_iter());
            while let Some(results) = waiting.remove(&due) {
                results.into_iter().try_for_each(&mut take)?;
                due += 1;
            }
        }
    })
}

/// So many units are worked on at a time.
const BATCH: usize = 4;
/// So many batches take long enough that a thread surely pays: two milliseconds. For a hundred units it wins a quarter of a
/// millisecond on a machine that does nothing else, loses as much on any other, and takes more processor time on both.
const WORTH_A_THREAD: usize = 32;
