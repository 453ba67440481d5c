//! The catalogue as a whole.

use ringfence_settings::catalogue::{
    self, Directive, Engine, Implication, Kind, Propose, Section, Since, VERSION,
};
use std::collections::BTreeSet;

/// The lines of a data file, without its comments.
fn listed(text: &str) -> BTreeSet<String> {
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

fn known() -> BTreeSet<String> {
    let spellings = |d: &'static Directive| {
        d.sections
            .iter()
            .flat_map(move |section| d.names().map(move |name| format!("{}.{name}", section.name())))
    };
    catalogue::all().flat_map(spellings).collect()
}

#[test]
fn it_knows_what_systemd_knows_and_nothing_else() {
    let listed = listed(include_str!("directives-257.txt"));
    let known = known();
    assert_eq!(
        listed.difference(&known).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "missing in the catalogue"
    );
    assert_eq!(
        known.difference(&listed).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "invented by the catalogue"
    );
}

#[test]
fn a_name_means_one_thing_in_a_section() {
    let mut seen = BTreeSet::new();
    for directive in catalogue::all() {
        for section in directive.sections {
            for name in directive.names() {
                assert!(seen.insert((section, name)), "[{}] {name}= is there twice", section.name());
                assert_eq!(catalogue::find(*section, name).map(|d| d.name), Some(directive.name));
            }
        }
    }
}

#[test]
fn every_entry_is_complete() {
    for directive in catalogue::all() {
        let name = directive.name;
        assert!(!directive.sections.is_empty(), "{name}");
        assert!(directive.doc.len() > 15 && directive.doc.ends_with('.'), "{name}: {}", directive.doc);
        assert!(!directive.kind.expected().is_empty(), "{name}");
        assert!(directive.manual.page.ends_with("(5)") && !directive.manual.chapter.is_empty(), "{name}");
        let since = match directive.since {
            Since::Old => 208,
            Since::Version(version) => version,
        };
        assert!(since <= VERSION, "{name}");
        for (value, version) in directive.value_since {
            assert!((since..=VERSION).contains(version), "{name}={value}");
            let prefix = value.ends_with(':') || value.starts_with(['@', ':']);
            let words = directive.kind.words();
            assert!(words.is_empty() || prefix || words.contains(value), "{name}={value} is no value");
        }
        if let Engine::Cannot(why) = directive.engine {
            assert!(!why.is_empty() && !why.ends_with('.'), "{name}: {why}");
        }
        if let Kind::Word(words) | Kind::BooleanOrWord(words) = directive.kind {
            assert!(!words.is_empty(), "{name}");
        }
    }
}

#[test]
fn implications_name_real_directives_and_values() {
    for directive in catalogue::all() {
        for implication in directive.implies {
            if let Implication::Forces(other, value) | Implication::Defaults(other, value) = implication {
                let other = catalogue::find(Section::Service, other).expect("a directive of [Service]");
                let words = other.kind.words();
                assert!(
                    words.is_empty() || words.contains(value),
                    "{}: {}={value}",
                    directive.name,
                    other.name
                );
            }
        }
    }
}

#[test]
fn every_check_of_the_exposure_is_fed_by_some_directive() {
    let listed = listed(include_str!("exposure-checks-257.txt"));
    let fed: BTreeSet<String> =
        catalogue::all().flat_map(|d| d.exposure).map(|check| (*check).to_owned()).collect();
    assert_eq!(listed, fed);
}

#[test]
fn what_may_be_proposed_can_be_enforced_or_scored() {
    for directive in catalogue::all().filter(|d| d.propose != Propose::Never) {
        let enforced = directive.engine == Engine::Enforces;
        assert!(enforced || !directive.exposure.is_empty(), "{} gains nothing", directive.name);
    }
}
