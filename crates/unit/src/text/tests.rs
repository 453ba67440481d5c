use super::*;
use proptest::prelude::*;

fn parse(text: impl AsRef<[u8]>) -> UnitText {
    UnitText::parse(Path::new("a.service"), text.as_ref())
}

/// `section: Directive=value` for each assignment in effect.
fn settings(text: &UnitText) -> Vec<String> {
    text.assignments().map(|s| format!("{}: {}={}", s.section, s.origin.directive, s.origin.value)).collect()
}

/// The severity's first letter and the line of each complaint.
fn complaints(text: &UnitText) -> Vec<String> {
    text.complaints().iter().map(|c| format!("{:.1}{}", format!("{:?}", c.severity), c.line)).collect()
}

#[track_caller]
fn check(text: impl AsRef<[u8]>, expected: &[&str], complaints_expected: &[&str]) {
    let read = parse(&text);
    let shown: String = String::from_utf8_lossy(text.as_ref()).chars().take(200).collect();
    assert_eq!(settings(&read), expected, "{shown:?}");
    assert_eq!(complaints(&read), complaints_expected, "{shown:?}");
    assert_eq!(read.as_bytes(), text.as_ref());
}

#[test]
fn blanks_around_everything_are_dropped() {
    check("[S]\n \tA \t=  b c \n", &["S: A=b c"], &[]);
    check("  [S]  \nA=\nB==\n", &["S: A=", "S: B=="], &[]);
    check("[S]\nA=b # no comment\n", &["S: A=b # no comment"], &[]);
}

#[test]
fn every_line_end_counts() {
    check("[S]\r\nA=b\rC=d\0E=f\n\r\0G=h", &["S: A=b", "S: C=d", "S: E=f", "S: G=h"], &[]);
}

#[test]
fn sections_may_come_again_and_old_ones_go_on() {
    check("[S]\nA=1\n[T]\nA=2\n[S]\nA=3\n", &["S: A=1", "T: A=2", "S: A=3"], &[]);
    check("[S]\nA=1\n[]\nB=2\n[a]b]\nC=3", &["S: A=1", ": B=2", "a]b: C=3"], &[]);
}

#[test]
fn a_backslash_joins_lines_with_a_blank() {
    check("[S]\nA=b\\\n  c\\\nd\nE=f", &["S: A=b   c d", "S: E=f"], &[]);
    check("[S]\nA=b\\\\\nC=d", &["S: A=b\\\\", "S: C=d"], &[]);
    check("[S]\nA=b\\\\\\\nC=d", &["S: A=b\\\\ C=d"], &[]);
    // White space behind a backslash keeps it from joining.
    check("[S]\nA=b\\ \nC=d", &["S: A=b\\", "S: C=d"], &[]);
    // An empty line ends it, and so does the end of the file.
    check("[S]\nA=b\\\n\nC=d", &["S: A=b", "S: C=d"], &[]);
    check("[S]\nA=b\\", &["S: A=b"], &[]);
    check("[S]\nA=b\\\n", &["S: A=b"], &[]);
    // Joining comes before everything else: a header can be joined, and a directive.
    check("[S\\\nT]\nAb\\\n=c\n", &["S T: Ab=c"], &[]);
}

#[test]
fn comments_are_whole_lines_even_between_joined_ones() {
    check("# c\n; c\n[S]\n  # c \\\nA=b \\\n  # c\n ; d \\\n c\n", &["S: A=b   c"], &[]);
    check("[S]\nA=b\\\n# c", &["S: A=b"], &[]);
}

#[test]
fn a_byte_order_mark_is_passed_over_once() {
    check("\u{feff}[S]\nA=b", &["S: A=b"], &[]);
    check("[S]\n\u{feff}A=b", &["S: A=b"], &[]);
    check("\u{feff}[S]\n\u{feff}A=b", &["S: \u{feff}A=b"], &[]);
    // It is taken off after the look for comments.
    check("\u{feff}# c\n[S]\n", &[], &["W1"]);
}

#[test]
fn what_is_no_assignment_is_ignored_with_a_warning() {
    check("A=b\n[S]\nC=d", &["S: C=d"], &["W1"]);
    check("junk\n[S]\nfoo\n=bar\n = \nC=d", &["S: C=d"], &["W1", "W3", "W4", "W5"]);
    check("[X-S]\nfoo\n=bar\nC=d", &["X-S: C=d"], &[]);
}

#[test]
fn a_bad_header_stops_reading() {
    for header in ["[T", "[T] x", "[", "[\"T\"]", "[a\\b]", "[a\tb]"] {
        check(format!("[S]\nA=1\n{header}\nB=2\n[U]\nC=3\nfoo\n"), &["S: A=1"], &["E3", "W7"]);
    }
    assert!(parse("[T").is_fatal());
    assert!(!parse("junk").is_fatal());
}

#[test]
fn invalid_utf8_stops_reading_but_not_in_comments() {
    check(b"[S]\n# \xff\nA=1\nB=\xff\nC=3", &["S: A=1"], &["E4"]);
    check(b"[S]\nA=1\\\n2\\\n\xff\nC=3", &[], &["E4"]);
    check("[S]\nA=\u{fffe}\n", &[], &["E2"]);
    check("[S]\nA=\u{fdd0}\n", &[], &["E2"]);
    // A character cut in two by joining is whole again only if nothing comes between.
    check(b"[S]\nA=\xc3\\\n\xa4\n", &[], &["E2"]);
}

#[test]
fn lines_have_a_limit() {
    let longest = "x".repeat(LONG_LINE_MAX - 1 - 2);
    check(format!("[S]\nA={longest}\nB=1"), &[&format!("S: A={longest}"), "S: B=1"], &[]);
    check(format!("[S]\nA={longest}x\nB=1"), &[], &["E2"]);
    check(format!("[S]\n#{longest}xx\nB=1"), &[], &["E2"]);
    let half = "x".repeat(LONG_LINE_MAX / 2 - 1);
    check(format!("[S]\nA\\\n{half}\\\n{}\n", &half[1..]), &[], &["W2"]);
    check(format!("[S]\nA={half}\\\n{half}\\\n{half}\nB=1"), &[], &["E3", "W4"]);
}

#[test]
fn places_are_those_of_the_file() {
    let text = parse("\u{feff}[S]\n\n  Äb = x \\\n# c\n y\\\r\nz\n");
    let setting = text.assignments().next().unwrap();
    let origin = &setting.origin;
    assert_eq!((origin.line, origin.column), (3, 3));
    assert_eq!(&*origin.value, "x   y z");
    assert_eq!(&text.as_bytes()[setting.directive_span.clone()], "Äb".as_bytes());
    let parts: Vec<_> = setting
        .value_parts
        .iter()
        .map(|p| std::str::from_utf8(&text.as_bytes()[p.clone()]).unwrap())
        .collect();
    assert_eq!(parts, ["x \\", " y\\", "z"]);
    let y = setting.locate(origin.value.find('y').unwrap());
    assert_eq!(text.as_bytes()[y], b'y');
    assert_eq!(text.as_bytes()[setting.locate(origin.value.len()) - 1], b'z');
    let item = &text.items()[2];
    assert_eq!((item.line, item.span.end), (3, text.as_bytes().len()));

    // A directive that begins on a later line is there.
    let text = parse("[S]\n \\\n  A=b");
    assert_eq!(text.assignments().next().unwrap().origin.line, 3);
}

#[test]
fn only_a_types_own_sections_are_known() {
    let text = parse("[Unit]\n[Service]\n[Install]\n[Socket]\nA=b\n[X-Mine]\n[service]\n");
    let lines = |unit_type| text.unknown_sections(unit_type).iter().map(|c| c.line).collect::<Vec<_>>();
    assert_eq!(lines("service"), [4, 7]);
    assert_eq!(lines("socket"), [2, 7]);
}

mod edits;

proptest! {
    #[test]
    fn any_bytes_are_read_and_kept(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        whole_and_ordered(&bytes)?;
    }

    #[test]
    fn anything_like_a_unit_file_is_read_and_kept(
        lines in proptest::collection::vec(r"[\[\]A=b \\#;x\u{feff}\t]{0,6}(\n|\r\n|\r|\x00|\\\n)", 0..12),
    ) {
        whole_and_ordered(lines.concat().as_bytes())?;
    }
}

/// Items cover the file without gaps; what an assignment says is what stands at its place.
fn whole_and_ordered(bytes: &[u8]) -> Result<(), TestCaseError> {
    let text = parse(bytes);
    prop_assert_eq!(text.as_bytes(), bytes);
    let mut at = 0;
    for item in text.items() {
        prop_assert_eq!(item.span.start, at);
        prop_assert!(item.span.end > at);
        at = item.span.end;
        if let ItemKind::Assignment(setting) = &item.kind {
            let parts = setting.value_parts.iter().flat_map(|part| &bytes[part.clone()]);
            let shown = |byte: u8| if byte == b'\\' { b' ' } else { byte };
            prop_assert!(parts.map(|&b| shown(b)).eq(setting.origin.value.bytes().map(shown)));
        }
    }
    prop_assert_eq!(at, bytes.len());
    prop_assert!(text.complaints().is_sorted_by_key(|complaint| complaint.line));
    Ok(())
}
