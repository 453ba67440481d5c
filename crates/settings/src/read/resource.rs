//! Limits on resources, which are only checked: amounts of memory, shares, percentages.

use super::{Notation, notation::Wrong};
use crate::catalogue::Kind;
use crate::value::{Fault, number};

/// Declares a notation whose values stay text.
macro_rules! checked {
    ($(#[$meta:meta])* $name:ident, $form:literal, $check:expr) => {
        $(#[$meta])*
        pub(crate) struct $name;

        impl Notation for $name {
            type Value = String;
            const KIND: Kind = Kind::Form($form);
            fn parse(text: &str) -> Result<String, Wrong> {
                let check: fn(&str) -> Result<(), Fault> = $check;
                check(text)?;
                Ok(text.into())
            }
            fn write(value: &String) -> String {
                value.clone()
            }
        }
    };
}

checked!(
    /// An amount of memory (systemd: `config_parse_memory_limit`).
    Memory,
    "a size such as `512M`, a percentage of the machine's memory, or `infinity`",
    |text| if text == "infinity" || percentage(text, Some(100)).is_ok() { Ok(()) } else { number::size(text).map(drop) }
);
checked!(
    /// A number of tasks (systemd: `config_parse_tasks_max`).
    Tasks,
    "a number, a percentage, or `infinity`",
    |text| {
        if text == "infinity" || percentage(text, Some(100)).is_ok() {
            return Ok(());
        }
        if number::unsigned(text)? == 0 { Err(Fault::OutOfRange) } else { Ok(()) }
    }
);
checked!(
    /// A share of CPU time; more than one CPU's worth is fine (systemd: `config_parse_cpu_quota`).
    Quota,
    "a percentage of one CPU's time, such as `150%`",
    |text| percentage(text, None)
);
checked!(
    /// A percentage.
    Percentage,
    "a percentage from 0% to 100%",
    |text| percentage(text, Some(100))
);
checked!(
    /// A weight (systemd: `cg_weight_parse`).
    Weight,
    "a number from 1 to 10000",
    |text| weight(text, 1, 10_000)
);
checked!(
    /// A weight of CPU time (systemd: `cg_cpu_weight_parse`).
    CpuWeight,
    "a number from 1 to 10000, or `idle`",
    |text| if text == "idle" { Ok(()) } else { weight(text, 1, 10_000) }
);
checked!(
    /// A weight of the first version of control groups (systemd: `cg_blkio_weight_parse`).
    BlockWeight,
    "a number from 10 to 1000",
    |text| weight(text, 10, 1000)
);
checked!(
    /// Shares of the first version of control groups (systemd: `cg_cpu_shares_parse`).
    Shares,
    "a number from 2 to 262144",
    |text| weight(text, 2, 262_144)
);

fn weight(text: &str, low: u64, high: u64) -> Result<(), Fault> {
    if (low..=high).contains(&number::unsigned(text)?) { Ok(()) } else { Err(Fault::OutOfRange) }
}

/// A number with at most two (or, with `‰` and `‱`, fewer) decimal places before `%` (systemd: `parse_permyriad`).
fn percentage(text: &str, most: Option<u64>) -> Result<(), Fault> {
    let (digits, scale, places) = if let Some(digits) = text.strip_suffix('%') {
        (digits, 1, 2)
    } else if let Some(digits) = text.strip_suffix('‰') {
        (digits, 10, 1)
    } else if let Some(digits) = text.strip_suffix('‱') {
        (digits, 100, 0)
    } else {
        return Err(Fault::Syntax);
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let whole = u64::from(number::unsigned32(whole)?);
    let fraction = match fraction {
        None => 0,
        Some(f) if (1..=places).contains(&f.len()) && f.bytes().all(|b| b.is_ascii_digit()) => {
            f.parse().map_err(|_| Fault::Syntax)?
        }
        Some(_) => return Err(Fault::Syntax),
    };
    match most {
        Some(most) if whole > most * scale || (whole == most * scale && fraction > 0u64) => {
            Err(Fault::OutOfRange)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_resource_control() {
        let good = |check: Result<String, Wrong>| check.is_ok();
        for (text, memory, tasks, quota) in [
            ("512M", true, false, false),
            ("20%", true, true, true),
            ("200%", false, false, true),
            ("12.34%", true, true, true),
            ("12.345%", false, false, false),
            ("infinity", true, true, false),
            ("100", true, true, false),
            ("100.5%", false, false, true),
            ("x", false, false, false),
        ] {
            assert_eq!(good(Memory::parse(text)), memory, "memory {text}");
            assert_eq!(good(Tasks::parse(text)), tasks, "tasks {text}");
            assert_eq!(good(Quota::parse(text)), quota, "quota {text}");
        }
        assert!(good(Weight::parse("100")) && !good(Weight::parse("0")) && good(CpuWeight::parse("idle")));
    }
}
