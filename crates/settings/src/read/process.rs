//! Directives of systemd.exec(5), "Process Properties", with rules of their own.

use super::{Line, Refusal};
use crate::catalogue::Shown;
use crate::value::{Fault, limit};
use crate::{Limit, Resource, Settings};
use ringfence_terms::Sourced;
use ringfence_unit::words::{Quoting, WHITESPACE, split};

/// `[SOFT:]HARD` (systemd: `config_parse_rlimit`).
pub(crate) fn limit(line: &mut Line<'_>, settings: &mut Settings, resource: Resource) -> Result<(), Refusal> {
    let message = match limit::parse(resource, line.value) {
        Ok(limit) => {
            settings.process.limits.insert(resource, line.sourced(limit));
            return Ok(());
        }
        Err(limit::Wrong::SoftAboveHard) => {
            format!("{} ignores `{}`: the soft limit is above the hard one", line.name(), line.value)
        }
        Err(limit::Wrong::Fault(_)) if line.value.is_empty() => {
            format!("an empty value does not reset {} and changes nothing", line.name())
        }
        Err(limit::Wrong::Fault(Fault::OutOfRange)) => {
            format!("`{}` is no value of {}: the number is out of range", line.value, line.name())
        }
        Err(limit::Wrong::Fault(Fault::Syntax)) => format!("`{}` is no value of {}", line.value, line.name()),
    };
    let help = format!("write {}", line.directive.kind.expected());
    line.warn(line.value, message, Some(help));
    Ok(())
}

pub(crate) fn show_limit(settings: &Settings, resource: Resource) -> Vec<Shown> {
    let limit = settings.process.limits.get(&resource);
    limit.map(|l| Shown { value: write(&l.value), origin: l.origin.clone() }).into_iter().collect()
}

fn write(limit: &Limit) -> String {
    let one = |n: u64| if n == u64::MAX { "infinity".to_owned() } else { n.to_string() };
    if limit.soft == limit.hard {
        one(limit.hard)
    } else {
        format!("{}:{}", one(limit.soft), one(limit.hard))
    }
}

/// The kinds of memory, at the index of their bit in `/proc/PID/coredump_filter` (core(5)).
const MEMORY: [&str; 9] = [
    "private-anonymous",
    "shared-anonymous",
    "private-file-backed",
    "shared-file-backed",
    "elf-headers",
    "private-huge",
    "shared-huge",
    "private-dax",
    "shared-dax",
];

/// Words and hexadecimal masks, which add up over lines (systemd: `config_parse_exec_coredump_filter`).
pub(crate) fn coredump_filter(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    let field = &mut settings.process.coredump_filter;
    if line.value.is_empty() {
        *field = Sourced::default();
        return Ok(());
    }
    let mut mask: u64 = 0;
    for word in split(line.value, WHITESPACE, Quoting::default()).unwrap_or_default() {
        match &*word {
            // private and shared anonymous memory, ELF headers, private huge pages
            "default" => mask |= 0b11_0011,
            // The kernel refuses more than 32 bits.
            "all" => mask = u64::from(u32::MAX),
            word => match (MEMORY.iter().position(|known| *known == word), hexadecimal(word)) {
                (Some(bit), _) => mask |= 1 << bit,
                (None, Some(bits)) => mask |= bits,
                (None, None) => {
                    let message = format!("CoredumpFilter= ignores the line: `{word}` is no kind of memory");
                    line.warn(word, message, Some(format!("write {}", line.directive.kind.expected())));
                    return Ok(());
                }
            },
        }
    }
    *field = line.sourced(Some(field.value.unwrap_or(0) | mask));
    Ok(())
}

fn hexadecimal(word: &str) -> Option<u64> {
    let digits = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")).unwrap_or(word);
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    plain.then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}

pub(crate) fn show_coredump_filter(settings: &Settings) -> Vec<Shown> {
    let field = &settings.process.coredump_filter;
    let Some(mask) = field.value else { return Vec::new() };
    let words: Vec<_> =
        MEMORY.iter().enumerate().filter(|(bit, _)| mask & 1 << bit != 0).map(|(_, w)| *w).collect();
    let value = if mask == u64::from(u32::MAX) {
        "all".into()
    } else if mask == 0 || mask >> MEMORY.len() != 0 {
        // No word means nothing; an empty value would be no filter at all.
        format!("{mask:#x}")
    } else {
        words.join(" ")
    };
    vec![Shown { value, origin: field.origin.clone() }]
}
