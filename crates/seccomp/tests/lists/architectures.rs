//! `SystemCallArchitectures=`.

use ringfence_seccomp::{Abi, Architecture, Machine, SyscallArchitectures, Verdict};

fn architectures(values: &[&str]) -> (SyscallArchitectures, Vec<String>) {
    super::lines("SystemCallArchitectures", values, SyscallArchitectures::apply)
}

#[test]
fn words_add_up_and_unknown_ones_are_skipped() {
    for (values, listed, complaints) in [
        (&["native"][..], &["native"][..], &[][..]),
        (&["native native", "native"], &["native"], &[]),
        (&["x86", "native x86"], &["x86", "native"], &[]),
        (&["native", ""], &[], &[]),
        (&["typo native"], &["native"], &["typo"]),
        (&["~native"], &[], &["~native"]),
        (&["i386"], &[], &["i386"]),
    ] {
        let (architectures, subjects) = architectures(values);
        assert!(architectures.listed().map(|(word, _)| word.word()).eq(listed.iter().copied()), "{values:?}");
        assert_eq!(subjects, complaints, "{values:?}");
    }
}

#[test]
fn the_native_abi_is_always_allowed() {
    let allowed = |values: &[&str], abi| architectures(values).0.allows(abi, Machine::X86_64);
    assert!(allowed(&[], Abi::I386));
    assert!(allowed(&["x86"], Abi::X86_64));
    assert!(allowed(&["x86"], Abi::I386));
    assert!(!allowed(&["x86"], Abi::X32));
    assert!(!allowed(&["native"], Abi::I386));
    assert!(!allowed(&["arm"], Abi::I386));
}

#[test]
fn a_foreign_call_is_killed_by_the_first_line() {
    let (architectures, _) = architectures(&["native", "x32"]);
    let ruling = architectures.verdict(Abi::I386, Machine::X86_64);
    assert_eq!(ruling.verdict, Verdict::Killed);
    assert_eq!(ruling.origin.map(|origin| origin.line), Some(1));
}

#[test]
fn every_abi_has_a_word() {
    for abi in Abi::ALL {
        assert!(Architecture::named(abi.word()).is_some(), "{abi}");
    }
}
