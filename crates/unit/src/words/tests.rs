use super::*;
use proptest::prelude::*;

const PLAIN: Quoting =
    Quoting { unquote: false, backslash: Backslash::Removed, relax: false, keep_empty: false };
const UNQUOTE: Quoting = Quoting { unquote: true, ..PLAIN };
const C: Quoting = Quoting { backslash: Backslash::C, ..UNQUOTE };

fn words(text: &str, quoting: Quoting) -> Result<Vec<String>, SplitError> {
    split(text, WHITESPACE, quoting)
}

/// The tables follow systemd's `src/test/test-extract-word.c`, which states what each flag must do.
#[test]
fn quotes_open_anywhere_and_are_removed() {
    for (text, expected) in [
        ("", &[][..]),
        (" \t ", &[]),
        ("foobar waldo", &["foobar", "waldo"]),
        ("\"foobar\" 'waldo'", &["foobar", "waldo"]),
        ("  foo\"bar  \"'  waldo'  ", &["foobar    waldo"]),
        ("\"\" ''", &["", ""]),
        ("a\\ b", &["a b"]),
        ("\\\"a", &["\"a"]),
        ("'a\\'b'", &["a'b"]),
    ] {
        assert_eq!(words(text, UNQUOTE).unwrap(), expected, "{text}");
    }
    assert_eq!(words("\"a b\"", PLAIN).unwrap(), ["\"a", "b\""]);
    assert_eq!(words("a \"foobar", UNQUOTE), Err(SplitError::UnclosedQuote));
    assert_eq!(words("a 'foobar\"", UNQUOTE), Err(SplitError::UnclosedQuote));
    assert_eq!(words("'foobar", Quoting { relax: true, ..UNQUOTE }).unwrap(), ["foobar"]);
    assert_eq!(words("a\\", UNQUOTE), Err(SplitError::BadEscape));
    assert_eq!(words("a\\", Quoting { relax: true, ..UNQUOTE }).unwrap(), ["a"]);
}

#[test]
fn c_escapes() {
    for (text, expected) in [
        (r"\n\t\s\\", "\n\t \\"),
        (r"\x41\101\u00e4\U0001F600", "AAä😀"),
        (r"\xc3\xa4", "ä"),
        (r"'\x27'", "'"),
        (r#"fooo\ "#, ""),
        (r"\q", ""),
        (r"\x0", ""),
        (r"\x00", ""),
        (r"\000", ""),
        (r"\400", ""),
        (r"\18", ""),
        (r"\u00e", ""),
        (r"\U00110000", ""),
        (r"\U0000ffff", ""),
        ("\\", ""),
    ] {
        let word = words(text, C);
        match expected {
            "" => assert_eq!(word, Err(SplitError::BadEscape), "{text}"),
            _ => assert_eq!(word.unwrap(), [expected], "{text}"),
        }
    }
    assert_eq!(words(r"\xff", C), Err(SplitError::NotUtf8));
    assert_eq!(words(r"\ud800", C), Err(SplitError::NotUtf8));
}

#[test]
fn unknown_escapes_are_kept_where_that_is_asked_for() {
    let relaxed = Quoting { backslash: Backslash::CRelaxed, ..UNQUOTE };
    for (text, expected) in
        [(r"a\qb", r"a\qb"), (r"a\ b", r"a\ b"), ("a\\", "a\\"), (r"\ä", r"\ä"), (r"\'a", "'a")]
    {
        assert_eq!(words(text, relaxed).unwrap(), [expected], "{text}");
    }
    assert_eq!(words("'a\\", relaxed), Err(SplitError::UnclosedQuote));
}

#[test]
fn a_forgiving_read_says_that_it_forgave() {
    let mut forgiving = Words::new(r"a\qb c\n");
    let word = |word: &str, unknown_escape| Some(ForgivenWord { word: word.to_owned(), unknown_escape });
    assert_eq!(forgiving.next_forgiving(WHITESPACE, C).unwrap(), word(r"a\qb", true));
    assert_eq!(forgiving.next_forgiving(WHITESPACE, C).unwrap(), word("c\n", false));
    assert_eq!(forgiving.next_forgiving(WHITESPACE, C).unwrap(), None);
    // A backslash at the end is kept even where others are removed.
    assert_eq!(Words::new("a\\").next_forgiving(WHITESPACE, PLAIN).unwrap(), word("a\\", true));
    assert_eq!(Words::new("'a\\").next_forgiving(WHITESPACE, C), Err(SplitError::UnclosedQuote));
}

#[test]
fn kept_backslashes_and_escaped_separators() {
    let kept = Quoting { backslash: Backslash::Kept, ..UNQUOTE };
    assert_eq!(words(r#"a\ "b\" c"#, kept).unwrap(), [r"a\", r"b\", "c"]);
    let separators = Quoting { backslash: Backslash::Separators, keep_empty: true, ..PLAIN };
    assert_eq!(split(r"a\:b:\\", &[':'], separators).unwrap(), ["a:b", "\\"]);
    assert_eq!(split(r"a\n", &[':'], separators), Err(SplitError::BadEscape));
    let both = Quoting { backslash: Backslash::CAndSeparators, ..PLAIN };
    assert_eq!(split(r"a\:b\x20c:d", &[':'], both).unwrap(), ["a:b c", "d"]);
    assert_eq!(split(r"a\q", &[':'], both), Err(SplitError::BadEscape));
}

#[test]
fn empty_words_count_where_separators_do_not_coalesce() {
    let keep_empty = Quoting { keep_empty: true, ..UNQUOTE };
    for (text, expected) in
        [("a:b", &["a", "b"][..]), (":a::b:", &["", "a", "", "b", ""]), ("", &[""]), (":", &["", ""])]
    {
        assert_eq!(split(text, &[':'], keep_empty).unwrap(), expected, "{text}");
    }
    let mut rest = "a:";
    assert_eq!(first_word(&mut rest, &[':'], keep_empty).unwrap().as_deref(), Some("a"));
    assert_eq!(first_word(&mut rest, &[':'], keep_empty).unwrap(), None);
}

#[test]
fn the_place_is_kept_between_words_and_on_errors() {
    let mut rest = "a  'b";
    assert_eq!(first_word(&mut rest, WHITESPACE, UNQUOTE).unwrap().as_deref(), Some("a"));
    assert_eq!(rest, "'b");
    assert_eq!(first_word(&mut rest, WHITESPACE, UNQUOTE), Err(SplitError::UnclosedQuote));
    assert_eq!(rest, "'b");

    let mut words = Words::new("a:b c");
    let quoting = Quoting { keep_empty: true, ..PLAIN };
    words.next(&[':', ' '], quoting).unwrap();
    assert_eq!((words.last_separator(), words.rest()), (Some(':'), Some("b c")));
    words.next(&[':', ' '], quoting).unwrap();
    assert_eq!((words.last_separator(), words.rest()), (Some(' '), Some("c")));
    words.next(&[':', ' '], quoting).unwrap();
    assert_eq!((words.last_separator(), words.rest()), (None, None));
}

#[test]
fn quoting_leaves_plain_words_alone() {
    for (word, quoting, expected) in [
        ("/a/b", UNQUOTE, Some("/a/b")),
        ("a b", UNQUOTE, Some("\"a b\"")),
        ("a\"b\\", UNQUOTE, Some(r#""a\"b\\""#)),
        ("a\nb", UNQUOTE, None),
        ("a\nb\x01", C, Some(r#""a\nb\x01""#)),
        ("", UNQUOTE, Some("\"\"")),
        ("", PLAIN, None),
        ("a b", PLAIN, Some(r"a\ b")),
        ("a \"b'\\", Quoting { backslash: Backslash::Kept, ..UNQUOTE }, Some(r#""a "'"'"b'\""#)),
    ] {
        assert_eq!(quote(word, WHITESPACE, quoting).as_deref(), expected, "{word:?}");
    }
}

fn any_quoting() -> impl Strategy<Value = Quoting> {
    use Backslash::*;
    let backslash = proptest::sample::select(vec![Removed, Kept, C, CRelaxed, Separators, CAndSeparators]);
    (any::<bool>(), backslash, any::<bool>(), any::<bool>())
        .prop_map(|(unquote, backslash, relax, keep_empty)| Quoting { unquote, backslash, relax, keep_empty })
}

proptest! {
    #[test]
    fn any_text_is_split_to_its_end(text in r#"[ a:"'\\xn0ä\t]{0,12}"#, quoting in any_quoting()) {
        let mut words = Words::new(&text);
        // Each word takes at least one character off, but for the one empty word at the end.
        for _ in 0..=text.len() + 1 {
            match words.next(&[' ', ':'], quoting) {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(()),
                Err(_) => return Ok(()),
            }
        }
        prop_assert!(false, "splitting does not end");
    }

    #[test]
    fn a_quoted_word_is_read_back(
        word in r#"[ a:"'\\%\n\t\x01ä]{0,8}"#,
        quoting in any_quoting(),
        colon in any::<bool>(),
    ) {
        let separators: &[char] = if colon { &[':'] } else { WHITESPACE };
        if let Some(quoted) = quote(&word, separators, quoting) {
            prop_assert_eq!(split(&quoted, separators, quoting), Ok(vec![word]));
            prop_assert_eq!(quoted.trim_matches(WHITESPACE), &*quoted);
            prop_assert!(!quoted.contains(['\n', '\r', '\0']));
        } else {
            prop_assert!(!quoting.unquote || word.contains(['\n', '\r', '\0']));
        }
    }
}

#[test]
fn a_whole_text_is_unescaped_to_bytes() {
    for (text, bytes) in [
        (r"a\n\x41\101", Ok(b"a\nAA".to_vec())),
        (r"\xff", Ok(vec![0xff])),
        (r"\u00e4", Ok("ä".as_bytes().to_vec())),
        (r"\q", Err(SplitError::BadEscape)),
        ("a\\", Err(SplitError::BadEscape)),
        (r"\x00", Err(SplitError::BadEscape)),
        (r"\000", Err(SplitError::BadEscape)),
    ] {
        assert_eq!(unescape_c(text, false), bytes, "{text}");
    }
    assert_eq!(unescape_c(r"a\x00\000\u0000b", true), Ok(b"a\0\0\0b".to_vec()));
}
