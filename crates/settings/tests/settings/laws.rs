//! What holds for any unit at all.

use crate::from_text::unit;
use proptest::prelude::*;
use ringfence_settings::catalogue::{self, Directive, Merge, Section};
use ringfence_settings::{Settings, imply};

/// Values that make sense for some directive or other, and some that do for none.
const VALUES: &[&str] = &[
    "yes",
    "no",
    "full",
    "strict",
    "read-only",
    "tmpfs",
    "disconnected",
    "private",
    "none",
    "main",
    "oneshot",
    "mixed",
    "/a",
    "-/a/b",
    "+/c",
    "-+/d",
    "/a:/b",
    "-/a:/b:norbind",
    "/a:ro,size=1M",
    "a",
    "a/b",
    "a:b",
    "a::ro",
    "~",
    "-~",
    "0",
    "1",
    "5",
    "-5",
    "0755",
    "1:2",
    "infinity",
    "1min 30s",
    "500ms",
    "1G",
    "10%",
    "0-3 7",
    "SIGTERM",
    "TEMPFAIL",
    "CAP_KILL",
    "~CAP_KILL CAP_CHOWN",
    "AF_INET AF_UNIX",
    "~AF_PACKET",
    "net",
    "~user mnt",
    "@system-service",
    "~@mount",
    "native",
    "EPERM",
    "A=1",
    "A=1 \"B=two words\"",
    "A",
    "root",
    "www-data 5",
    "/dev/null rw",
    "char-pts r",
    "any",
    "10.0.0.0/8",
    "org.a.b",
    "a.service",
    "a.socket",
    "/bin/a b",
    "-@/bin/a b ; +/bin/c",
    "file:/a",
    "append:/a",
    "fd:x",
    "aGk=",
    "keep-caps",
    "%n",
    "%z",
    "nonsense",
    "\"open",
    "\\q",
    "",
];

fn value() -> impl Strategy<Value = &'static str> {
    prop::sample::select(VALUES)
}

/// A directive that may stand in a service's own section.
fn directive() -> impl Strategy<Value = &'static Directive> {
    let all: Vec<_> = catalogue::all().filter(|d| d.sections.contains(&Section::Service)).collect();
    prop::sample::select(all)
}

fn settings(lines: &[String]) -> Settings {
    let text = format!("[Service]\n{}\n", lines.join("\n"));
    Settings::from_unit(&unit("x@y.service", &[&text])).0
}

/// The values of one directive, without where they come from.
fn values(settings: &Settings, directive: &Directive) -> Vec<String> {
    let all = settings.list().into_iter().filter(|s| std::ptr::eq(s.directive, directive));
    all.map(|setting| setting.value).collect()
}

fn line(directive: &Directive, value: &str) -> String {
    format!("{}={value}", directive.name)
}

proptest! {
    #[test]
    fn any_text_is_read(text in "(\\[(Service|Unit|X)\\]\n|[A-Za-z]{1,12}=|[ -~\n\\\\\"'%é\t]){0,40}") {
        let (settings, _) = Settings::from_unit(&unit("x.service", &[&text]));
        settings.list();
    }

    #[test]
    fn any_value_is_read(directive in directive(), text in "[-+~@!:;%\\\\\"'/=.,a0x \tüCAP_]{0,24}", more in value()) {
        settings(&[line(directive, more), line(directive, &text), line(directive, more)]).list();
    }

    #[test]
    fn what_cannot_be_read_changes_nothing(directive in directive(), first in value(), second in value()) {
        let alone = settings(&[line(directive, first)]);
        let then = settings(&[line(directive, first), line(directive, "")]);
        let empty_is_a_value = ["SecureBits", "Delegate"].contains(&directive.name);
        if directive.merge == Merge::Last && !empty_is_a_value {
            prop_assert_eq!(values(&alone, directive), values(&then, directive));
        }
        // The last valid one wins, so a good second line leaves no trace of the first.
        if matches!(directive.merge, Merge::Last | Merge::LastOrUnset) && !second.is_empty() {
            let second_alone = settings(&[line(directive, second)]);
            let both = settings(&[line(directive, first), line(directive, second)]);
            let is_good = second_alone.list().iter().any(|s| {
                std::ptr::eq(s.directive, directive) && s.origin.as_ref().is_some_and(|o| *o.value == *second)
            });
            if is_good {
                prop_assert_eq!(values(&both, directive), values(&second_alone, directive));
            }
        }
    }

    #[test]
    fn an_empty_line_starts_over(directive in directive(), first in value(), second in value()) {
        let resets =
            matches!(directive.merge, Merge::LastOrUnset | Merge::List | Merge::Signed | Merge::ByName);
        if resets {
            let reset = settings(&[line(directive, first), line(directive, ""), line(directive, second)]);
            let alone = settings(&[line(directive, second)]);
            prop_assert_eq!(values(&reset, directive), values(&alone, directive));
        }
    }

    #[test]
    fn lists_are_the_lines_one_after_the_other(directive in directive(), first in value(), second in value()) {
        // The words of a list neither meet each other nor depend on where they stand; sets and names do.
        let appends = directive.merge == Merge::List
            && !["CPUAffinity", "NUMAMask", "CoredumpFilter", "SuccessExitStatus", "SystemCallArchitectures"].contains(&directive.name);
        if appends && !first.is_empty() && !second.is_empty() {
            let mut expected = values(&settings(&[line(directive, first)]), directive);
            expected.extend(values(&settings(&[line(directive, second)]), directive));
            let both = values(&settings(&[line(directive, first), line(directive, second)]), directive);
            let mut seen = std::collections::BTreeSet::new();
            // Some lists hold each value once.
            expected.retain(|value| seen.insert(value.clone()));
            let mut seen = std::collections::BTreeSet::new();
            let both: Vec<_> = both.into_iter().filter(|value| seen.insert(value.clone())).collect();
            if !directive.name.ends_with("Directory") {
                prop_assert_eq!(both, expected);
            }
        }
    }

    #[test]
    fn implying_twice_is_implying_once(lines in prop::collection::vec((directive(), value()), 0..12)) {
        let lines: Vec<_> = lines.into_iter().map(|(directive, value)| line(directive, value)).collect();
        let once = settings(&lines);
        let mut twice = once.clone();
        imply(&mut twice);
        prop_assert_eq!(format!("{once:?}"), format!("{twice:?}"));
    }

    #[test]
    fn what_is_shown_reads_back(lines in prop::collection::vec((directive(), value()), 0..12)) {
        let lines: Vec<_> = lines
            .into_iter()
            // An encrypted credential's content is not kept, and so cannot be shown.
            .filter(|(directive, _)| !directive.name.ends_with("Encrypted"))
            .map(|(directive, value)| line(directive, value))
            .collect();
        let written = |settings: &Settings| -> Vec<String> {
            let all = settings.explicit();
            // What is implied for a list would be added to it a second time.
            let again = all.iter().filter(|s| !(s.is_implied() && s.directive.merge == Merge::List));
            again.map(|s| line(s.directive, &s.value)).collect()
        };
        let first = written(&settings(&lines));
        let again = written(&settings(&first));
        prop_assert_eq!(first, again);
    }
}
