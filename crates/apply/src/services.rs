//! What is asked of the service manager.

use crate::ApplyError;
use ringfence_manager::{ActiveState, JobResult, Manager, ManagerError, Unit};
use ringfence_unit::{Manager as Whose, UnitName};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// The bus may be away for so long, when it is what was restarted.
const RECONNECT: Duration = Duration::from_secs(30);

/// What a service is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Its state.
    pub state: ActiveState,
    /// The same in more detail, for people.
    pub sub_state: String,
    /// Which of its runs this is; another after each start.
    pub invocation: Option<String>,
    /// How often the manager has started it again by itself.
    pub restarts: u32,
    /// How its last run ended: `success` while nothing went wrong.
    pub result: String,
}

impl Look {
    /// It runs.
    pub fn is_running(&self) -> bool {
        matches!(self.state, ActiveState::Active | ActiveState::Reloading)
    }
}

/// A service manager, as far as installing needs one.
pub trait Services {
    /// The units that read a unit's drop-ins: that one itself; of a template those of its instances that run or have failed.
    ///
    /// # Errors
    /// When the manager cannot be asked.
    fn concerned(&self, unit: &str) -> Result<Vec<String>, ApplyError>;

    /// What the service is doing.
    ///
    /// # Errors
    /// When the manager cannot be asked.
    fn look(&self, unit: &str) -> Result<Look, ApplyError>;

    /// Lets the manager read all unit files again.
    ///
    /// # Errors
    /// When it refuses.
    fn reload(&self) -> Result<(), ApplyError>;

    /// Starts the service, again if it runs, and waits until it is ready.
    ///
    /// # Errors
    /// When it does not get ready.
    fn restart(&self, unit: &str) -> Result<(), ApplyError>;

    /// Stops the service.
    ///
    /// # Errors
    /// When it does not stop.
    fn stop(&self, unit: &str) -> Result<(), ApplyError>;
}

/// A service manager that runs: the system's or the user's. It is connected to anew each time: the service at hand may be the
/// bus itself.
#[derive(Clone, Debug)]
pub struct System {
    whose: Whose,
    interrupted: Arc<AtomicBool>,
}

impl System {
    /// The manager of this machine, or of the caller. When `interrupted` becomes true, waiting ends with [`ApplyError::Interrupted`], once: what is done
    /// to restore the service is waited for again.
    pub fn new(whose: Whose, interrupted: Arc<AtomicBool>) -> System {
        System { whose, interrupted }
    }

    fn unit(&self, unit: &str) -> Result<Unit, ApplyError> {
        Ok(Manager::connect(self.whose)?.unit(unit)?)
    }

    fn job(
        &self,
        unit: &str,
        what: &'static str,
        ask: fn(&Unit) -> Result<JobResult, ManagerError>,
    ) -> Result<(), ApplyError> {
        let (done, is_done) = mpsc::channel();
        let asked = self.unit(unit)?;
        std::thread::spawn(move || {
            // Whoever asked may have been interrupted.
            let _ = done.send(ask(&asked));
        });
        let failed = |why: String| ApplyError::Job { unit: unit.to_owned(), what, why };
        loop {
            match is_done.recv_timeout(Duration::from_millis(100)) {
                Ok(Ok(JobResult::Done)) => return Ok(()),
                Ok(Ok(result)) => return Err(failed(words(&result).to_owned())),
                // The bus went away; it may be what was restarted, or what that needs.
                Ok(Err(ManagerError::Unreachable(why))) => {
                    return self.reconnect(unit).map_err(|_| failed(why));
                }
                Ok(Err(error)) => return Err(error.into()),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(failed("the thread that waited for it is gone".to_owned()));
                }
                Err(RecvTimeoutError::Timeout) if self.interrupted.swap(false, Ordering::Relaxed) => {
                    return Err(ApplyError::Interrupted);
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

impl System {
    /// The instances of a template that run, by name.
    ///
    /// # Errors
    /// When the manager cannot be asked.
    pub fn running_instances(&self, template: &UnitName) -> Result<Vec<String>, ApplyError> {
        self.instances(template, &["active", "reloading"])
    }

    /// The instances of a template that have failed, by name.
    ///
    /// # Errors
    /// When the manager cannot be asked, or that is no template.
    pub fn failed_instances(&self, template: &str) -> Result<Vec<String>, ApplyError> {
        let template = UnitName::parse(template).map_err(|error| ApplyError::Place(error.to_string()))?;
        self.instances(&template, &["failed"])
    }

    fn instances(&self, template: &UnitName, states: &[&str]) -> Result<Vec<String>, ApplyError> {
        let pattern = format!("{}@*.{}", template.prefix(), template.suffix());
        let listed = Manager::connect(self.whose)?.units(states, &[&pattern])?;
        let is_instance = |name: &String| {
            UnitName::parse(name).is_ok_and(|name| name.template().as_ref() == Some(template))
        };
        let mut instances: Vec<String> = listed.into_iter().filter(is_instance).collect();
        instances.sort();
        Ok(instances)
    }

    /// Waits until the manager answers again and the unit is neither starting nor stopping.
    fn reconnect(&self, unit: &str) -> Result<(), ApplyError> {
        let end = Instant::now() + RECONNECT;
        loop {
            std::thread::sleep(Duration::from_millis(200));
            match self.look(unit) {
                Ok(look) if !matches!(look.state, ActiveState::Activating | ActiveState::Deactivating) => {
                    return Ok(());
                }
                Ok(_) if Instant::now() < end => {}
                Ok(_) => return Err(ApplyError::Interrupted),
                Err(error) if Instant::now() >= end => return Err(error),
                Err(_) => {}
            }
        }
    }
}

fn words(result: &JobResult) -> &str {
    match result {
        JobResult::Done => "it is done",
        JobResult::Canceled => "something else was asked of the service meanwhile",
        JobResult::TimedOut => "it took longer than the unit allows",
        JobResult::Failed => "it failed",
        JobResult::DependencyFailed => "a unit that it depends on failed",
        JobResult::Skipped => "there was nothing to do",
        JobResult::Other(word) => word,
        _ => "it came out in a way that is not known here",
    }
}

impl Services for System {
    fn concerned(&self, unit: &str) -> Result<Vec<String>, ApplyError> {
        match UnitName::parse(unit) {
            Ok(template) if template.is_template() => {
                self.instances(&template, &["active", "reloading", "failed"])
            }
            _ => Ok(vec![unit.to_owned()]),
        }
    }

    fn look(&self, unit: &str) -> Result<Look, ApplyError> {
        let unit = self.unit(unit)?;
        Ok(Look {
            state: unit.active_state()?,
            sub_state: unit.sub_state()?,
            invocation: unit.invocation()?,
            restarts: unit.restarts()?,
            result: unit.result()?,
        })
    }

    fn reload(&self) -> Result<(), ApplyError> {
        Ok(Manager::connect(self.whose)?.reload()?)
    }

    fn restart(&self, unit: &str) -> Result<(), ApplyError> {
        // Otherwise a few starts in a row meet StartLimitBurst=. Of a unit that never failed there is nothing to forget.
        let _ = self.unit(unit)?.reset_failed();
        self.job(unit, "restarted", Unit::restart)
    }

    fn stop(&self, unit: &str) -> Result<(), ApplyError> {
        self.job(unit, "stopped", Unit::stop)
    }
}
