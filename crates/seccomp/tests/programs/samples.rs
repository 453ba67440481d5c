//! Calls to try programs on.

use ringfence_seccomp::{Abi, AddressFamily, Call, Machine, NamespaceType};
use std::collections::BTreeSet;

/// Every number that some ABI of a machine uses, the numbers around them, and those with a meaning of their own.
pub fn numbers() -> impl Iterator<Item = u32> {
    let small = || (0..480).chain(510..550);
    small().chain(small().map(|number| 0x4000_0000 + number)).chain([
        983_040,
        983_041,
        983_045,
        0x3FFF_FFFF,
        0x7FFF_FFFF,
        0x8000_0000,
        u32::MAX - 1,
        u32::MAX,
    ])
}

/// Argument registers that some restriction treats unlike others: every value in every register, and some mixtures.
pub fn arguments() -> Vec<[u64; 6]> {
    let mut values: Vec<u64> = vec![0o100, 0o1000, 0o2000, 0o4000, 0o6000, 0o7777, 0o100_000, u64::MAX];
    values.extend(0..=8);
    values.extend(AddressFamily::all().map(|family| u64::from(family.number())).skip(8));
    values.extend([46, 0xFFFF_FFFF, 0x1_0000_0000, 0x1_0000_0001, 0x1_0000_0002, 0x1_0000_0006]);
    values.extend(NamespaceType::ALL.map(|kind| 0x11 | u64::from(kind.clone_flag())));
    let mut all: Vec<[u64; 6]> = values.iter().map(|&value| [value; 6]).collect();
    // open() and openat() look at the flags and the mode together.
    for flags in [0, 0o101, 0o1_000_000] {
        for mode in [0o644, 0o2644, 0o4755] {
            all.push([0, flags, mode, 0, 0, 0]);
            all.push([0, 0, flags, mode, 0, 0]);
        }
    }
    all
}

/// Every number through every ABI of the machine, and through one that it lacks, with each set of arguments.
pub fn calls(machine: Machine, arguments: &[[u64; 6]]) -> impl Iterator<Item = Call> {
    let foreign = Abi::ALL.into_iter().find(|abi| !machine.abis().contains(abi));
    let architectures: BTreeSet<u32> =
        machine.abis().iter().copied().chain(foreign).map(Abi::audit_arch).collect();
    architectures.into_iter().flat_map(move |audit_arch| {
        numbers().flat_map(move |number| {
            arguments.iter().map(move |&arguments| Call { audit_arch, number, arguments })
        })
    })
}
