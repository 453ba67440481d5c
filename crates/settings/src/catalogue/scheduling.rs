//! systemd.exec(5), "Scheduling".

use super::field::{Field, optional, scalar};
use super::{Directive, Kind, Manual, Merge, Section};
use crate::NumaPolicy;
use crate::read::{
    Boolean, Bounded, Class, IoPriority, Notation, Policy, Word, cpu_affinity, cpu_policy, io, io_class,
    numa_mask, show_cpu_affinity, show_numa_mask, show_optional, some,
};

const MANUAL: Manual = Manual { page: "systemd.exec(5)", chapter: "Scheduling" };
const CPUS: Kind = Kind::Form("numbers and ranges such as `0-3 5`, or `numa`");
const NODES: Kind = Kind::Form("numbers and ranges such as `0-3 5`, or `all`");

const fn here(name: &'static str, field: Field, doc: &'static str) -> Directive {
    Directive::new(name, Section::EXEC, MANUAL, field, doc)
}

pub(super) static ALL: &[Directive] = &[
    here("Nice", optional!(Bounded<-20, 19>: scheduling.nice), "The nice level: -20 comes first, 19 last."),
    here(
        "CPUSchedulingPolicy",
        Field {
            kind: Policy::KIND,
            merge: Merge::LastOrUnset,
            kept: false,
            read: cpu_policy,
            show: |settings| show_optional::<Policy>(&settings.scheduling.cpu_policy),
        },
        "How the kernel shares out CPU time to the service (sched(7)).",
    ),
    here(
        "CPUSchedulingPriority",
        Field {
            merge: Merge::Last,
            kept: false,
            read: |line, settings| some::<Bounded<0, 99>>(line, &mut settings.scheduling.cpu_priority),
            ..optional!(Bounded<0, 99>: scheduling.cpu_priority)
        },
        "The priority within a real-time policy, from 1 to 99.",
    ),
    here(
        "CPUSchedulingResetOnFork",
        scalar!(Boolean: scheduling.cpu_reset_on_fork),
        "Whether children fall back to ordinary scheduling.",
    ),
    here(
        "CPUAffinity",
        Field { kind: CPUS, merge: Merge::List, kept: false, read: cpu_affinity, show: show_cpu_affinity },
        "On which CPUs the service may run.",
    ),
    here(
        "NUMAPolicy",
        optional!(Word<NumaPolicy>: scheduling.numa_policy),
        "From which nodes memory is taken (set_mempolicy(2)).",
    )
    .since(243),
    here(
        "NUMAMask",
        Field { kind: NODES, merge: Merge::List, kept: false, read: numa_mask, show: show_numa_mask },
        "The nodes that NUMAPolicy= is about.",
    )
    .since(243),
    here(
        "IOSchedulingClass",
        Field {
            kind: Class::KIND,
            merge: Merge::LastOrUnset,
            kept: false,
            read: io_class,
            show: |settings| show_optional::<Class>(&settings.scheduling.io_class),
        },
        "How the kernel shares out disks to the service (ioprio_set(2)).",
    ),
    here(
        "IOSchedulingPriority",
        Field {
            kind: IoPriority::KIND,
            merge: Merge::LastOrUnset,
            kept: false,
            read: |line, settings| io::<IoPriority>(line, settings, |scheduling| &mut scheduling.io_priority),
            show: |settings| show_optional::<IoPriority>(&settings.scheduling.io_priority),
        },
        "The priority within the class, from 0 (first) to 7.",
    ),
];
