//! Watching a service that was started anew.

use crate::services::{Look, Services};
use ringfence_manager::ActiveState;
use std::time::{Duration, Instant};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// What a service may do while it is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// End by itself, well: it is started again when it is needed (by a socket, a timer, the bus).
    pub ending: bool,
}

/// Looks at services for a while; what is wrong with one, if anything is. `go_on` is asked before each look whether to continue.
///
/// # Errors
/// One sentence that says what the service did.
pub fn watch(
    services: &dyn Services,
    units: &[String],
    duration: Duration,
    allowed: Allowed,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<(), String> {
    let look = |unit: &String| services.look(unit).map_err(|error| error.to_string());
    let first = units.iter().map(look).collect::<Result<Vec<Look>, String>>()?;
    for look in &first {
        healthy(look, look, allowed)?;
    }
    let end = Instant::now() + duration;
    loop {
        if !go_on() {
            return Err("interrupted".to_owned());
        }
        let left = end.saturating_duration_since(Instant::now());
        std::thread::sleep(left.min(PAUSE));
        for (unit, first) in units.iter().zip(&first) {
            healthy(first, &look(unit)?, allowed).map_err(|why| match units.len() {
                1 => why,
                _ => format!("{unit}: {why}"),
            })?;
        }
        if left.is_zero() {
            return Ok(());
        }
    }
}

/// Whether a service is still what it was right after its start.
fn healthy(first: &Look, now: &Look, allowed: Allowed) -> Result<(), String> {
    if now.result != "success" {
        return Err(format!("the service failed (result `{}`)", now.result));
    }
    if now.restarts > first.restarts || (now.is_running() && now.invocation != first.invocation) {
        return Err("the service ended and was started again".to_owned());
    }
    match &now.state {
        ActiveState::Active | ActiveState::Reloading => Ok(()),
        ActiveState::Inactive | ActiveState::Deactivating if allowed.ending => Ok(()),
        _ => Err(format!("the service does not run any more ({})", now.sub_state)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(state: ActiveState, result: &str) -> Look {
        Look {
            state,
            sub_state: "sub".to_owned(),
            invocation: Some("a".to_owned()),
            restarts: 0,
            result: result.to_owned(),
        }
    }

    #[test]
    fn what_counts_as_healthy() {
        let first = look(ActiveState::Active, "success");
        let strict = Allowed { ending: false };
        assert!(healthy(&first, &first, strict).is_ok());
        assert!(healthy(&first, &look(ActiveState::Reloading, "success"), strict).is_ok());
        assert!(healthy(&first, &look(ActiveState::Inactive, "success"), strict).is_err());
        assert!(healthy(&first, &look(ActiveState::Inactive, "success"), Allowed { ending: true }).is_ok());
        assert!(healthy(&first, &look(ActiveState::Failed, "exit-code"), Allowed { ending: true }).is_err());
        assert!(
            healthy(&first, &look(ActiveState::Activating, "success"), Allowed { ending: true }).is_err()
        );
        assert!(healthy(&first, &Look { restarts: 1, ..first.clone() }, strict).is_err());
        assert!(
            healthy(&first, &Look { invocation: Some("b".to_owned()), ..first.clone() }, strict).is_err()
        );
    }
}
