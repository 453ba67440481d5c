use super::*;
use crate::words::{Backslash, Quoting};

const FILE: &str = "\
# top
[Unit]
Description=x

[Service]
  A = one \\
  # why
  two
# about B
B=1

# end
[Install]
WantedBy=y
";

fn item(text: &UnitText, directive: &str) -> usize {
    let is_it =
        |item: &Item| matches!(&item.kind, ItemKind::Assignment(s) if &*s.origin.directive == directive);
    text.items().iter().position(is_it).unwrap()
}

#[track_caller]
fn edited(file: &str, edit: impl FnOnce(&mut UnitText), from: &str, to: &str) {
    let mut text = parse(file);
    edit(&mut text);
    assert!(file.contains(from));
    assert_eq!(String::from_utf8_lossy(text.as_bytes()), file.replacen(from, to, 1));
}

#[test]
fn a_value_is_replaced_in_its_place() {
    edited(FILE, |t| t.replace_value(item(t, "B"), "2 3").unwrap(), "B=1", "B=2 3");
    edited(
        FILE,
        |t| t.replace_value(item(t, "A"), "").unwrap(),
        "  A = one \\\n  # why\n  two\n",
        "  # why\nA = \n",
    );
    edited("[S]\nA=", |t| t.replace_value(1, "b").unwrap(), "A=", "A=b");
    edited("[S]\nA\\\n=b", |t| t.replace_value(1, "c").unwrap(), "A\\\n=b", "A=c");
    assert!(parse(FILE).replace_value(0, "x").is_err(), "a comment has no value");
}

#[test]
fn what_is_removed_leaves_its_comments() {
    edited(FILE, |t| t.remove(item(t, "B")), "B=1\n", "");
    edited(FILE, |t| t.remove(item(t, "A")), "  A = one \\\n  # why\n  two\n", "  # why\n");
    edited(FILE, |t| t.remove(0), "# top\n", "");
}

#[test]
fn insertions_go_where_they_are_told() {
    edited(FILE, |t| t.insert_after(item(t, "A"), "C", "3").unwrap(), "  two\n", "  two\nC=3\n");
    edited(FILE, |t| t.append("Service", "C", "3").unwrap(), "B=1\n", "B=1\nC=3\n");
    edited(FILE, |t| t.append("Install", "C", "3").unwrap(), "WantedBy=y\n", "WantedBy=y\nC=3\n");
    edited(FILE, |t| t.append("New", "C", "3").unwrap(), "WantedBy=y\n", "WantedBy=y\n\n[New]\nC=3\n");
    edited("", |t| t.append("S", "A", "1").unwrap(), "", "[S]\nA=1\n");
    edited("[S]\r\nA=1", |t| t.append("S", "B", "2").unwrap(), "A=1", "A=1\r\nB=2\r\n");
    // Behind a line that is still open at the end of the file an empty line must close it.
    edited("[S]\nA=1\\", |t| t.append("S", "B", "2").unwrap(), "1\\", "1\\\n\nB=2\n");
    edited("[S]\nA=1\\\n# c\n", |t| t.append("S", "B", "2").unwrap(), "# c\n", "# c\n\nB=2\n");
    // Behind a broken header nothing would be read.
    edited("[S]\nA=1\n[T\n[S]\n", |t| t.append("U", "B", "2").unwrap(), "[T", "\n[U]\nB=2\n[T");
}

#[test]
fn what_would_read_back_differently_is_refused() {
    for value in ["a\nb", "a\rb", "a\0", " a", "a\t", "a\\", "a\\\\\\", "\u{fffe}"] {
        assert!(parse("[S]\n").append("S", "A", value).is_err(), "{value:?}");
        assert!(DropIn::new("").set("S", "A", value).is_err(), "{value:?}");
    }
    for name in ["", "a b", "a=b", "#a", "[a", "ä"] {
        assert!(DropIn::new("").set("S", name, "1").is_err(), "{name:?}");
        assert!(DropIn::new("").set(name, "A", "1").is_err(), "{name:?}");
    }
    assert!(DropIn::new("").set("S", "A", "a\\\\").is_ok());
}

#[test]
fn lines_lead_to_items() {
    let text = parse(FILE);
    for (line, start) in [(1, 1), (6, 6), (7, 6), (8, 6), (9, 9), (14, 14)] {
        let item = text.item_at_line(line).unwrap();
        assert_eq!(text.items()[item].line, start, "line {line}");
    }
    assert_eq!(text.item_at_line(0), None);
    assert_eq!(text.item_at_line(15), None);
    assert_eq!(text.setting(text.item_at_line(8).unwrap()).unwrap().origin.line, 6);
}

#[test]
fn a_drop_in_prints_each_run_of_a_section_once() {
    let mut drop_in = DropIn::new("made by\nringfence");
    drop_in.set("Unit", "After", "x").unwrap();
    drop_in.comment("why");
    drop_in.comment("and\nhow");
    drop_in.set("Service", "A", "").unwrap();
    let words = Quoting { unquote: true, backslash: Backslash::C, ..Quoting::default() };
    drop_in.set_words("Service", "B", &["a b", "c"], words).unwrap();
    drop_in.comment("done");
    assert_eq!(
        drop_in.to_string(),
        "# made by\n# ringfence\n\n[Unit]\nAfter=x\n\n[Service]\n# why\n# and\n# how\nA=\nB=\"a b\" c\n# done\n"
    );
    assert_eq!(DropIn::new("").to_string(), "");
}

proptest! {
    #[test]
    fn a_drop_in_reads_back_as_it_was_built(
        lines in proptest::collection::vec(("[ST]", "[A-C]{1,2}", any::<String>(), any::<String>()), 0..8),
        heading in any::<String>(),
    ) {
        let mut drop_in = DropIn::new(heading);
        let mut expected = Vec::new();
        for (section, directive, value, comment) in lines {
            drop_in.comment(comment);
            if drop_in.set(&section, &directive, &value).is_ok() {
                expected.push(format!("{section}: {directive}={value}"));
            }
        }
        let text = parse(drop_in.to_string());
        prop_assert_eq!(settings(&text), expected);
        prop_assert_eq!(text.complaints(), &[]);
    }

    #[test]
    fn an_edit_changes_what_it_is_meant_to_and_nothing_else(
        lines in proptest::collection::vec(r"(\[[ST]\]|[AB]=[x \\]{0,3}|#|;x|)(\n|\r\n|\\\n|\r)", 0..10),
        at in any::<prop::sample::Index>(),
        value in r"[a\\ ]{0,3}",
        operation in 0..4,
    ) {
        let mut text = parse(lines.concat());
        let mut expected = settings(&text);
        let places: Vec<usize> =
            (0..text.items().len()).filter(|&item| text.setting(item).is_some()).collect();
        if places.is_empty() || text.is_fatal() {
            return Ok(());
        }
        let nth = at.index(places.len());
        let setting = text.setting(places[nth]).unwrap();
        let (section, directive) = (setting.section.clone(), setting.origin.directive.clone());
        let line = format!("{section}: A={value}");
        let changed = match operation {
            0 => text.replace_value(places[nth], &value).map(|()| {
                expected[nth] = format!("{section}: {directive}={value}");
            }),
            1 => {
                text.remove(places[nth]);
                expected.remove(nth);
                Ok(())
            }
            2 => text.insert_after(places[nth], "A", &value).map(|()| expected.insert(nth + 1, line)),
            _ => text.append(&section, "A", &value).map(|()| {
                let last = expected.iter().rposition(|s| s.starts_with(&format!("{section}: "))).unwrap();
                expected.insert(last + 1, line);
            }),
        };
        if changed.is_ok() {
            prop_assert_eq!(settings(&text), expected, "{:?}", String::from_utf8_lossy(text.as_bytes()));
        }
    }
}
