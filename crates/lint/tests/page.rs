//! `docs/lints.md` is made from the lints, and up to date.

use std::path::Path;

#[test]
fn the_page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/lints.md");
    if std::env::var_os("RINGFENCE_WRITE_DOCS").is_some() {
        std::fs::write(&path, ringfence_lint::page()).expect("docs/lints.md can be written");
    }
    let written = std::fs::read_to_string(&path).expect("docs/lints.md can be read");
    assert!(
        written == ringfence_lint::page(),
        "docs/lints.md is not what the lints say; make it anew with RINGFENCE_WRITE_DOCS=1 cargo test -p ringfence-lint"
    );
}
