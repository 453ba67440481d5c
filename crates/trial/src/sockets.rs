//! A service that is started by its sockets, in a trial.
//!
//! What it listens on is made in the shadow before anything runs. A service that takes what comes itself is started at
//! once, as when it is enabled itself, and again when it has ended and more comes; one of `Type=oneshot`, which would find
//! nothing to do, when something comes; and with `Accept=yes` an instance is started for each connection.

use crate::outside::Trial;
use crate::report::Told;
use ringfence_service::{Activated, Activation, Passed, Requests, Start, activate};
use ringfence_sockets::{Listener, Opened, trigger_interval};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{SendFlags, SocketFlags};
use rustix::net::{Shutdown, connect, getsockname, send, shutdown, socket_with, sockopt};
use std::time::{Duration, Instant};

/// Whether the service only runs when something comes.
pub fn is_awaited(listener: &Listener, trial: &Trial<'_>) -> bool {
    listener.accepts || Start::of(trial.settings) == Start::OnTraffic
}

/// Starts the service by its sockets until all is to stop. `run` runs it once.
pub fn serve(
    trial: &Trial<'_>,
    opened: &Opened,
    requests: Requests,
    run: &dyn Fn(Passed<'_>, Requests) -> Told,
) -> Told {
    let mut all = Told { result: "success".to_owned(), ..Told::default() };
    let mut runs = 0;
    let limits = trial.sockets.iter().filter_map(|unit| unit.settings.socket.trigger_limit.value);
    let activation = Activation {
        opened,
        start: Start::of(trial.settings),
        trigger_limit: limits.min(),
        grace: trial.settle,
        trigger_interval: trigger_interval(trial.sockets),
        requests,
    };
    let in_process = |passed: Passed<'_>, requests: Requests| {
        let told = run(passed, requests);
        let well = told.result == "success";
        (serde_json::to_vec(&told).unwrap_or_default(), well)
    };
    let activated = activate(activation, &in_process, &mut |bytes| {
        runs += 1;
        let told = serde_json::from_slice(bytes).unwrap_or_else(|_| Told {
            result: "resources".to_owned(),
            messages: vec!["the process that ran the service ended before its time".to_owned()],
            ..Told::default()
        });
        join(&mut all, told);
    });
    let failed = |result: &str, message: String| Told {
        result: result.to_owned(),
        messages: vec![message],
        ..Told::default()
    };
    match activated {
        Ok(Activated::Stopped | Activated::Failed) if runs == 0 => {
            let why = "nothing came through its sockets, so the service was never started; the exercise must use them";
            join(&mut all, failed("unused", why.to_owned()));
        }
        Ok(Activated::Stopped | Activated::Failed) => {}
        Ok(Activated::TriggerLimit) => {
            let why = "the service was started again and again: it does not take what waits in its sockets";
            // How the last one ended, which was stopped for this, matters less.
            let last = std::mem::replace(&mut all, failed("trigger-limit-hit", why.to_owned()));
            join(&mut all, last);
        }
        Err(error) => join(&mut all, failed("resources", format!("cannot serve its sockets: {error}"))),
    }
    all
}

/// What one run more has to tell. What goes wrong first counts.
fn join(all: &mut Told, told: Told) {
    all.ready |= told.ready;
    all.reload_failed |= told.reload_failed;
    if all.result == "success" {
        all.result = told.result;
    }
    let lists = [(&mut all.messages, told.messages), (&mut all.weaker, told.weaker)];
    for (list, more) in lists {
        for text in more {
            if !list.contains(&text) {
                list.push(text);
            }
        }
    }
}

/// Without an exercise somebody must come: connects, says nothing, and waits until the service hangs up.
pub fn knock(listener: &Listener, patience: Duration) -> rustix::io::Result<()> {
    let flags = SocketFlags::CLOEXEC;
    let (family, kind) = (sockopt::socket_domain(&listener.fd)?, sockopt::socket_type(&listener.fd)?);
    let client = socket_with(family, kind, flags, None)?;
    connect(&client, &getsockname(&listener.fd)?)?;
    if !sockopt::socket_acceptconn(&listener.fd)? {
        return send(&client, b"", SendFlags::NOSIGNAL).map(drop);
    }
    shutdown(&client, Shutdown::Write)?;
    let end = Instant::now() + patience;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let timeout = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        let mut readable = [PollFd::new(&client, PollFlags::IN)];
        if poll(&mut readable, Some(&timeout))? == 0 {
            return Ok(());
        }
        if rustix::io::read(&client, &mut [0; 4096])? == 0 {
            return Ok(());
        }
    }
}
