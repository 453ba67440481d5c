//! Whatever stands in a unit: linting does not fail, places lie within their files, and fixes can be carried out.

use crate::{Fix, Subject, check, fix_files, fix_in_drop_in, testing};
use proptest::prelude::*;
use ringfence_sandbox::facts::fake::FakeFacts;
use ringfence_settings::catalogue;
use ringfence_unit::Manager;

/// A directive of the catalogue, perhaps misspelt.
fn directive() -> impl Strategy<Value = String> {
    let names: Vec<&str> = catalogue::all()
        .flat_map(|directive| directive.spellings.iter().copied().chain([directive.name]))
        .collect();
    (proptest::sample::select(names), 0..12_usize).prop_map(|(name, fate)| match fate {
        0 => name.to_lowercase(),
        1 => name.chars().skip(1).collect(),
        2 => format!("{name}é"),
        _ => name.to_owned(),
    })
}

fn value() -> impl Strategy<Value = String> {
    let words = [
        "/",
        "/srv",
        "-/srv/app",
        "+/etc",
        "/home",
        "/usr:/mnt",
        "/data:/srv/new",
        "/tmp",
        "/run",
        "yes",
        "no",
        "strict",
        "full",
        "tmpfs",
        "%Z",
        "%i",
        "# c",
        "é/ü",
        "\"",
        "'a b'",
        "\\",
        "~@clok",
        "write:EIO",
        "$A/b",
        "${A:-b}",
        ">",
        "*",
        "app",
        "0",
        "\\\n",
        "\\\n# c\\\n",
        "/bin/sh",
        "-c",
        "root",
        "nobody",
        "syslog",
        "\t",
        "native",
    ];
    proptest::collection::vec(proptest::sample::select(words.to_vec()), 0..5)
        .prop_map(|words| words.join(" "))
}

fn text() -> impl Strategy<Value = String> {
    let section =
        prop_oneof![8 => Just(""), 1 => Just("[Unit]\n"), 1 => Just("[Service]\n"), 1 => Just("[Bad é]\n")];
    let line = (section, directive(), value())
        .prop_map(|(section, name, value)| format!("{section}{name}={value}\n"));
    proptest::collection::vec(line, 0..12).prop_map(|lines| format!("[Service]\n{}", lines.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]
    #[test]
    fn places_lie_in_their_files_and_fixes_apply(fragment in text(), drop_in in text()) {
        let files = [("/u/app.service", fragment.as_str()), ("/u/app.service.d/a.conf", drop_in.as_str())];
        let (unit, mut texts) = testing::unit(&files, Manager::System);
        let facts = FakeFacts::debian().dir("/srv/app").dir("/data");
        let findings = check(&Subject::new(&unit, &texts, &facts, true, 257));
        for place in findings.iter().flat_map(|finding| finding.also.iter().chain([&finding.place])) {
            let text = texts.iter().find(|text| *text.file() == place.file).expect("one of the files");
            let source = std::str::from_utf8(text.as_bytes()).expect("text");
            prop_assert!(source.get(place.bytes.clone()).is_some(), "{place:?}");
            prop_assert!(place.line == 0 || !place.bytes.is_empty(), "{place:?}");
        }
        let fixes: Vec<&Fix> = findings.iter().filter_map(|finding| finding.fix.as_ref()).collect();
        let before: usize = texts.iter().map(|text| text.items().len()).sum();
        let applied = fix_files(&mut texts, &fixes);
        prop_assert!(applied.is_ok(), "{applied:?} {fixes:#?}");
        prop_assert!(fixes.is_empty() || before > 0);
        for fix in fixes {
            let _ = fix_in_drop_in(&unit, &[fix]);
        }
    }
}
