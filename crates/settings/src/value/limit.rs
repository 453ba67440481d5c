//! Resource limits (systemd: `src/basic/rlimit-util.c: rlimit_parse`).

use super::{Fault, number, time};
use crate::{Limit, Resource};

/// What is wrong with a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// One of its two values.
    Fault(Fault),
    /// The soft limit must not be above the hard one.
    SoftAboveHard,
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Wrong {
        Wrong::Fault(fault)
    }
}

/// `[SOFT:]HARD`; one value is both.
pub(crate) fn parse(resource: Resource, text: &str) -> Result<Limit, Wrong> {
    let (soft, hard) = match text.split_once(':') {
        None => {
            let both = one(resource, text)?;
            (both, both)
        }
        Some((soft, hard)) => (one(resource, soft)?, one(resource, hard)?),
    };
    if soft > hard { Err(Wrong::SoftAboveHard) } else { Ok(Limit { soft, hard }) }
}

fn one(resource: Resource, text: &str) -> Result<u64, Fault> {
    if text == "infinity" && resource != Resource::Nice {
        return Ok(u64::MAX);
    }
    let finite = |n: u64| if n < u64::MAX { Ok(n) } else { Err(Fault::OutOfRange) };
    match resource {
        Resource::Cpu => {
            Ok(time::seconds(text)?
                .map_or(u64::MAX, |span| span.as_secs() + u64::from(span.subsec_nanos() > 0)))
        }
        Resource::Rttime => Ok(time::microseconds(text)?.unwrap_or(u64::MAX)),
        Resource::Nice => nice(text),
        Resource::Fsize
        | Resource::Data
        | Resource::Stack
        | Resource::Core
        | Resource::Rss
        | Resource::As
        | Resource::Memlock
        | Resource::Msgqueue => number::size(text).and_then(finite),
        Resource::Nofile | Resource::Nproc | Resource::Locks | Resource::Sigpending | Resource::Rtprio => {
            number::unsigned(text).and_then(finite)
        }
    }
}

/// With a sign a nice level, without the raw limit, which is 20 less the level.
fn nice(text: &str) -> Result<u64, Fault> {
    let within = |n: u64, most: u64| if n <= most { Ok(n) } else { Err(Fault::OutOfRange) };
    if let Some(level) = text.strip_prefix('+') {
        Ok(20 - within(number::unsigned(level)?, 19)?)
    } else if let Some(level) = text.strip_prefix('-') {
        Ok(20 + within(number::unsigned(level)?, 20)?)
    } else {
        within(number::unsigned(text)?, 40)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_resource_has_its_unit() {
        use Resource::*;
        const ALL: u64 = u64::MAX;
        for (resource, text, limit) in [
            (Nofile, "1024:524288", Ok((1024, 524288))),
            (Nofile, "infinity", Ok((ALL, ALL))),
            (Nofile, "5:infinity", Ok((5, ALL))),
            (Memlock, "8M", Ok((8 << 20, 8 << 20))),
            (Cpu, "1min", Ok((60, 60))),
            (Cpu, "1500ms", Ok((2, 2))),
            (Rttime, "5ms", Ok((5000, 5000))),
            (Rttime, "7", Ok((7, 7))),
            (Nice, "+5", Ok((15, 15))),
            (Nice, "-5", Ok((25, 25))),
            (Nice, "0", Ok((0, 0))),
            (Nofile, "2:1", Err(Wrong::SoftAboveHard)),
            (Nofile, "1K", Err(Wrong::Fault(Fault::Syntax))),
            (Nofile, "1:2:3", Err(Wrong::Fault(Fault::Syntax))),
            (Nofile, "", Err(Wrong::Fault(Fault::Syntax))),
            (Nice, "41", Err(Wrong::Fault(Fault::OutOfRange))),
            (Nice, "infinity", Err(Wrong::Fault(Fault::Syntax))),
        ] {
            let limit = limit.map(|(soft, hard)| Limit { soft, hard });
            assert_eq!(parse(resource, text), limit, "{resource:?} {text}");
        }
    }
}
