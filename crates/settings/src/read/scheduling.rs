//! CPU and I/O scheduling.

use super::{Line, Notation, Refusal, line::UNQUOTED, notation::Wrong, scalar::one};
use crate::catalogue::{Kind, Shown};
use crate::value::number;
use crate::{CpuPolicy, IoClass, Settings};
use ringfence_terms::Sourced;
use ringfence_unit::words::Words;

/// A policy by word, or by its number in the kernel (systemd: `sched_policy_from_string`, which knows no word for `ext`).
pub(crate) struct Policy;

impl Notation for Policy {
    type Value = CpuPolicy;
    const KIND: Kind = Kind::Word(&["other", "batch", "idle", "fifo", "rr"]);
    fn parse(text: &str) -> Result<CpuPolicy, Wrong> {
        let by_word = CpuPolicy::from_word(text).filter(|policy| *policy != CpuPolicy::Ext);
        let by_number = || match number::integer(text).ok()? {
            0 => Some(CpuPolicy::Other),
            1 => Some(CpuPolicy::Fifo),
            2 => Some(CpuPolicy::RoundRobin),
            3 => Some(CpuPolicy::Batch),
            5 => Some(CpuPolicy::Idle),
            7 => Some(CpuPolicy::Ext),
            _ => None,
        };
        by_word.or_else(by_number).ok_or(Wrong::OTHERWISE)
    }
    fn write(value: &CpuPolicy) -> String {
        if *value == CpuPolicy::Ext { "7".into() } else { value.word().into() }
    }
}

/// A class by word, or by its number in the kernel (systemd: `ioprio_class_from_string`).
pub(crate) struct Class;

impl Notation for Class {
    type Value = IoClass;
    const KIND: Kind = Kind::Word(&["none", "realtime", "best-effort", "idle"]);
    fn parse(text: &str) -> Result<IoClass, Wrong> {
        let by_number = || match number::integer(text).ok()? {
            0 => Some(IoClass::None),
            1 => Some(IoClass::Realtime),
            2 => Some(IoClass::BestEffort),
            3 => Some(IoClass::Idle),
            _ => None,
        };
        IoClass::from_word(text).or_else(by_number).ok_or(Wrong::OTHERWISE)
    }
    fn write(value: &IoClass) -> String {
        value.word().into()
    }
}

/// 0 to 7.
pub(crate) struct IoPriority;

impl Notation for IoPriority {
    type Value = u8;
    const KIND: Kind = Kind::Form("a number from 0 (first) to 7 (last)");
    fn parse(text: &str) -> Result<u8, Wrong> {
        Ok(number::integer_within(text, 0, 7)? as u8)
    }
    fn write(value: &u8) -> String {
        value.to_string()
    }
}

/// The priorities that a policy allows (sched(7)).
fn priorities(policy: CpuPolicy) -> std::ops::RangeInclusive<i32> {
    match policy {
        CpuPolicy::Fifo | CpuPolicy::RoundRobin => 1..=99,
        CpuPolicy::Other | CpuPolicy::Batch | CpuPolicy::Idle | CpuPolicy::Ext => 0..=0,
    }
}

/// The policy, which also moves the priority into its bounds; nothing resets both (systemd:
/// `config_parse_exec_cpu_sched_policy`).
pub(crate) fn cpu_policy(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    let scheduling = &mut settings.scheduling;
    if line.value.is_empty() {
        scheduling.cpu_policy = Sourced::default();
        scheduling.cpu_priority = Sourced::default();
    } else if let Some(policy) = one::<Policy>(line, line.value)? {
        let bounds = priorities(policy);
        let before = scheduling.cpu_priority.value.unwrap_or(0);
        let priority = before.clamp(*bounds.start(), *bounds.end());
        if priority != before {
            scheduling.cpu_priority = line.sourced(Some(priority));
        }
        scheduling.cpu_policy = line.sourced(Some(policy));
    }
    Ok(())
}

/// The class or the priority; an empty one resets both (systemd: `config_parse_exec_io_class`,
/// `config_parse_exec_io_priority`).
pub(crate) fn io<N: Notation>(
    line: &mut Line<'_>,
    settings: &mut Settings,
    field: fn(&mut crate::Scheduling) -> &mut Sourced<Option<N::Value>>,
) -> Result<(), Refusal> {
    if line.value.is_empty() {
        settings.scheduling.io_class = Sourced::default();
        settings.scheduling.io_priority = Sourced::default();
    } else if let Some(value) = one::<N>(line, line.value)? {
        *field(&mut settings.scheduling) = line.sourced(Some(value));
    }
    Ok(())
}

/// The class: `none` stands for the default of both, so that only a priority that comes after it holds (systemd:
/// `ioprio_normalize`).
pub(crate) fn io_class(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    let before = settings.scheduling.io_class.origin.clone();
    io::<Class>(line, settings, |scheduling| &mut scheduling.io_class)?;
    let class = &settings.scheduling.io_class;
    if class.value == Some(IoClass::None) && class.origin != before {
        settings.scheduling.io_priority = Sourced::default();
    }
    Ok(())
}

/// `numa`, or CPUs (systemd: `config_parse_exec_cpu_affinity`).
pub(crate) fn cpu_affinity(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    let scheduling = &mut settings.scheduling;
    if line.value == "numa" {
        scheduling.cpu_affinity = Sourced::default();
        scheduling.cpu_affinity_from_numa = line.sourced(true);
        return Ok(());
    }
    let Some(text) = line.expand(line.value) else { return Ok(()) };
    if extend(line, &text, &mut scheduling.cpu_affinity) {
        scheduling.cpu_affinity_from_numa = Sourced::default();
    }
    Ok(())
}

/// `all`, or NUMA nodes (systemd: `config_parse_numa_mask`).
pub(crate) fn numa_mask(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    let scheduling = &mut settings.scheduling;
    if line.value == "all" {
        scheduling.numa_mask_all = line.sourced(true);
    } else if extend(line, line.value, &mut scheduling.numa_mask) && line.value.is_empty() {
        scheduling.numa_mask_all = Sourced::default();
    }
    Ok(())
}

/// The highest CPU that a set can hold; the kernel can be built for no more than this (`NR_CPUS`).
const HIGHEST: u32 = 8191;

/// Adds numbers and ranges to a set, or resets it when there are none; whether the value was good.
fn extend(line: &mut Line<'_>, text: &str, field: &mut Sourced<Vec<u32>>) -> bool {
    match set(text) {
        Ok(new) if new.is_empty() && text.trim().is_empty() => *field = Sourced::default(),
        Ok(new) => {
            let mut all = std::mem::take(&mut field.value);
            all.extend(new);
            all.sort_unstable();
            all.dedup();
            *field = line.sourced(all);
        }
        Err(word) => {
            let help = format!("write {}", line.directive.kind.expected());
            line.warn(
                &word,
                format!("{} ignores the line: `{word}` is no number or range", line.name()),
                Some(help),
            );
            return false;
        }
    }
    true
}

/// Numbers and ranges, separated by commas or white space (systemd: `parse_cpu_set_full`). The error is the word at
/// fault. A range that ends before it begins holds nothing.
fn set(text: &str) -> Result<Vec<u32>, String> {
    let separators = [' ', '\t', '\n', '\r', ','];
    let mut words = Words::new(text);
    let mut all = Vec::new();
    while let Some(word) = words.next(&separators, UNQUOTED).map_err(|_| text.to_owned())? {
        let (low, high) = match word.split_once('-') {
            None => (number::unsigned32(&word), number::unsigned32(&word)),
            Some((low, high)) => (number::unsigned32(low), number::unsigned32(high)),
        };
        match (low, high) {
            (Ok(low), Ok(high)) if high <= HIGHEST || low > high => all.extend(low..=high),
            _ => return Err(word),
        }
    }
    Ok(all)
}

/// Numbers, with runs written as ranges.
fn write(numbers: &[u32]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for &number in numbers {
        match ranges.last_mut() {
            Some((_, high)) if *high + 1 == number => *high = number,
            _ => ranges.push((number, number)),
        }
    }
    let words =
        ranges.iter().map(|&(low, high)| if low == high { low.to_string() } else { format!("{low}-{high}") });
    words.collect::<Vec<_>>().join(" ")
}

pub(crate) fn show_cpu_affinity(settings: &Settings) -> Vec<Shown> {
    let scheduling = &settings.scheduling;
    show_set(&scheduling.cpu_affinity, &scheduling.cpu_affinity_from_numa, "numa")
}

pub(crate) fn show_numa_mask(settings: &Settings) -> Vec<Shown> {
    show_set(&settings.scheduling.numa_mask, &settings.scheduling.numa_mask_all, "all")
}

fn show_set(set: &Sourced<Vec<u32>>, word_set: &Sourced<bool>, word: &str) -> Vec<Shown> {
    if word_set.value {
        vec![Shown { value: word.into(), origin: word_set.origin.clone() }]
    } else if set.origin.is_some() {
        vec![Shown { value: write(&set.value), origin: set.origin.clone() }]
    } else {
        Vec::new()
    }
}
