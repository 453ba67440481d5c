//! `RestrictAddressFamilies=`.

use ringfence_seccomp::{AddressFamilies, AddressFamily, Sense, Verdict};

fn families(values: &[&str]) -> (AddressFamilies, Vec<String>) {
    super::lines("RestrictAddressFamilies", values, AddressFamilies::apply)
}

#[test]
fn lines_are_merged_as_systemd_does() {
    for (values, sense, listed) in [
        (&[][..], None, &[][..]),
        (&["AF_INET AF_UNIX"], Some(Sense::Allow), &["AF_UNIX", "AF_INET"]),
        (&["af_local", "AF_ROUTE"], Some(Sense::Allow), &["AF_UNIX", "AF_NETLINK"]),
        (&["AF_UNIX AF_INET", "~AF_INET"], Some(Sense::Allow), &["AF_UNIX"]),
        (&["~AF_PACKET", "~AF_INET", "AF_PACKET"], Some(Sense::Deny), &["AF_INET"]),
        (&["~AF_PACKET", "AF_PACKET"], Some(Sense::Deny), &[]),
        (&["AF_UNIX", "none"], Some(Sense::Allow), &[]),
        (&["none", "~AF_INET"], Some(Sense::Deny), &["AF_INET"]),
        (&["none", "AF_INET"], Some(Sense::Allow), &["AF_INET"]),
        (&["AF_UNIX", ""], None, &[]),
        (&["\"AF_UNIX\""], Some(Sense::Allow), &["AF_UNIX"]),
    ] {
        let (families, complaints) = families(values);
        assert_eq!(complaints, [""; 0], "{values:?}");
        assert_eq!(families.sense(), sense, "{values:?}");
        assert!(families.listed().map(AddressFamily::name).eq(listed.iter().copied()), "{values:?}");
    }
}

#[test]
fn unknown_words_are_named_and_skipped() {
    for (values, subjects) in [
        (&["AF_UNSPEC"][..], &["AF_UNSPEC"][..]),
        (&["AF_TYPO AF_INET"], &["AF_TYPO"]),
        (&["AF_INET none"], &["none"]),
        (&["~none"], &["none"]),
    ] {
        assert_eq!(families(values).1, subjects, "{values:?}");
    }
    assert!(families(&["AF_TYPO"]).0.is_active());
    assert!(!families(&["~AF_TYPO"]).0.is_active());
}

#[test]
fn the_deciding_line_is_known() {
    let decided = |values: &[&str], family: Option<&str>| {
        let (families, _) = families(values);
        let ruling = families.verdict(family.and_then(AddressFamily::named));
        (ruling.verdict == Verdict::Allowed, ruling.origin.map_or(0, |origin| origin.line))
    };
    assert_eq!(decided(&[], Some("AF_INET")), (true, 0));
    assert_eq!(decided(&["AF_UNIX", "AF_INET"], Some("AF_INET")), (true, 2));
    assert_eq!(decided(&["AF_UNIX", "AF_INET"], Some("AF_VSOCK")), (false, 1));
    assert_eq!(decided(&["AF_UNIX", "~AF_UNIX"], Some("AF_UNIX")), (false, 2));
    assert_eq!(decided(&["AF_UNIX"], None), (false, 1));
    assert_eq!(decided(&["AF_UNIX", "none"], Some("AF_UNIX")), (false, 2));
    assert_eq!(decided(&["~AF_UNIX", "~AF_INET"], Some("AF_INET")), (false, 2));
    assert_eq!(decided(&["~AF_UNIX"], None), (true, 0));
}

#[test]
fn names_and_numbers_agree() {
    for family in AddressFamily::all() {
        assert_eq!(AddressFamily::named(family.name()), Some(family));
        assert_eq!(AddressFamily::numbered(family.number().into()), Some(family));
    }
    assert_eq!(AddressFamily::named("AF_MCTP").map(AddressFamily::number), Some(45));
    assert_eq!(AddressFamily::numbered(0), None);
    assert_eq!(AddressFamily::numbered(0x1_0000_0002), None);
}
