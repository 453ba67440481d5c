//! The compiled BPF programs that are kept in the repository are what their source compiles to, byte for byte.

use std::process::Command;

#[test]
fn the_object_is_built_from_the_source() {
    let found =
        |tool: &str| Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success());
    if let Some(missing) = ["clang-14", "llvm-strip-14"].into_iter().find(|tool| !found(tool)) {
        println!("SKIP: {missing} is not installed");
        assert_ne!(
            std::env::var("RINGFENCE_TESTS_MUST_RUN").as_deref(),
            Ok("1"),
            "{missing} is not installed"
        );
        return;
    }
    let build = concat!(env!("CARGO_MANIFEST_DIR"), "/bpf/build");
    let output = Command::new(build).arg("--check").output().expect("the build script");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
