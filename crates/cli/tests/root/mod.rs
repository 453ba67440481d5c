//! Tests that only root can run.

/// Whether this is root. Else the test is skipped, which is said with why it needs root, unless every test must run.
pub fn or_skip(why: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        println!("SKIP: {why}");
        assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "this test must run");
    }
    root
}
