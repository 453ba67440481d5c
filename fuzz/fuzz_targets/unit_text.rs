//! Any bytes are read as a unit file, kept byte for byte, and survive every edit.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_unit::text::UnitText;
use std::path::Path;

fuzz_target!(|bytes: &[u8]| {
    let text = UnitText::parse(Path::new("fuzz.service"), bytes);
    assert_eq!(text.as_bytes(), bytes);
    let ends: Vec<usize> = text.items().iter().map(|item| item.span.end).collect();
    let starts: Vec<usize> = text.items().iter().map(|item| item.span.start).collect();
    assert_eq!(starts.first().copied().unwrap_or(0), 0);
    assert_eq!(ends.last().copied().unwrap_or(0), bytes.len());
    assert!(starts.iter().skip(1).eq(ends.iter().take(ends.len().saturating_sub(1))), "items leave no gap");

    let all = |text: &UnitText| -> Vec<(String, String, String)> {
        let owned = |part: &str| part.to_owned();
        let settings = text.assignments();
        settings.map(|s| (owned(&s.section), owned(&s.origin.directive), owned(&s.origin.value))).collect()
    };
    let before = all(&text);
    for item in 0..text.items().len().min(8) {
        let mut edited = text.clone();
        edited.remove(item);
        let mut edited = text.clone();
        if edited.replace_value(item, "x").is_ok() && !text.is_fatal() {
            assert_eq!(all(&edited).len(), before.len(), "a replaced value is still one assignment");
        }
    }
    let mut edited = text.clone();
    if edited.append("Service", "A", "x").is_ok() {
        let after = all(&edited);
        assert_eq!(after.len(), before.len() + 1);
        assert!(after.contains(&("Service".to_owned(), "A".to_owned(), "x".to_owned())));
    }
});
