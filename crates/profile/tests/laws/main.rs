//! The laws of profiles, on arbitrary ones: merging is a union, the JSON loses nothing, equal profiles have equal bytes.

mod arbitrary;
mod forget;

use arbitrary::{events, profile};
use proptest::prelude::*;
use ringfence_profile::Profile;

fn merged(a: &Profile, b: &Profile) -> Profile {
    let mut sum = a.clone();
    sum.merge(b);
    sum
}

fn bytes(profile: &Profile) -> Vec<u8> {
    let mut bytes = Vec::new();
    profile.write(&mut bytes).expect("a vector takes any bytes");
    bytes
}

proptest! {
    #[test]
    fn merging_is_associative_commutative_and_idempotent(a in profile(), b in profile(), c in profile()) {
        prop_assert_eq!(merged(&a, &b), merged(&b, &a));
        prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
        prop_assert_eq!(merged(&a, &a), a.clone());
        prop_assert_eq!(bytes(&merged(&a, &b)), bytes(&merged(&b, &a)));
        prop_assert_eq!(merged(&a, &Profile::new()), a);
    }

    #[test]
    fn folding_in_any_order_and_split_gives_the_same(events in events(), at in any::<prop::sample::Index>()) {
        let fold = |events: &mut dyn Iterator<Item = &ringfence_profile::Event>| {
            let mut profile = Profile::new();
            events.for_each(|e| { profile.add(e); });
            profile
        };
        let whole = fold(&mut events.iter());
        prop_assert_eq!(&fold(&mut events.iter().rev()), &whole);
        let at = at.index(events.len() + 1);
        prop_assert_eq!(&merged(&fold(&mut events[..at].iter()), &fold(&mut events[at..].iter())), &whole);
    }

    #[test]
    fn what_is_written_is_read_back(profile in profile()) {
        let written = bytes(&profile);
        let read = Profile::read(&written[..]).unwrap();
        prop_assert_eq!(&read, &profile);
        prop_assert_eq!(bytes(&read), written);
    }

    #[test]
    fn an_event_is_new_once(events in events()) {
        let mut profile = Profile::new();
        for event in &events {
            profile.add(event);
            prop_assert!(!profile.add(event));
        }
    }

    #[test]
    fn broken_text_is_an_error_and_no_panic(profile in profile(), cut in any::<prop::sample::Index>(), byte: u8) {
        let mut text = bytes(&profile);
        // Without its last brace (and the newline after it), it is no longer whole.
        let at = cut.index(text.len() - 1);
        let _ = Profile::read(&text[..at]).unwrap_err();
        text[at] = byte;
        let _ = Profile::read(&text[..]);
    }
}

#[test]
fn another_version_is_refused_by_name() {
    let error = Profile::read(&br#"{"version":2,"files":[]}"#[..]).unwrap_err();
    assert_eq!(error.to_string(), "the profile's format has version 2, and this ringfence reads version 1");
    for text in ["", "[]", "{}", r#"{"files":[]}"#, r#"{"version":1} x"#] {
        assert!(Profile::read(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn added_keys_are_no_error() {
    let text = br#"{"version":1,"future":[1,{"a":2}],"recordings":[],"files":
        [{"path":"/a","accesses":[{"operations":["read"],"kind":"file","by":["/b@0"],"later":true}],"new":[]}]}"#;
    let profile = Profile::read(&text[..]).unwrap();
    assert_eq!(profile.files().len(), 1);
}
