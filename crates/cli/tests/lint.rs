//! `ringfence lint` as its users meet it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

fn lint(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringfence"));
    command.current_dir(dir).arg("lint").args(arguments).args(["--color", "never"]).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A tree with one unit of a package, and one of the administrator's.
fn tree() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let write = |path: &str, content: &str| {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    };
    write("usr/bin/app", "");
    write(
        "usr/lib/systemd/system/packaged.service",
        "[Service]\nExecStart=/usr/bin/app\nInaccessibleDirectories=-/srv\n",
    );
    write(
        "etc/systemd/system/own.service",
        "[Service]\n# why it must be so\nProtectSytem=strict\nExecStart=/usr/bin/app\nInaccessibleDirectories=-/srv\n",
    );
    write("etc/systemd/system/good.service", "[Service]\nExecStart=/usr/bin/app\nProtectSystem=full\n");
    fs::set_permissions(dir.path().join("usr/bin/app"), PermissionsExt::from_mode(0o755)).unwrap();
    dir
}

#[test]
fn the_line_is_underlined_in_its_file() {
    let dir = tree();
    let output = lint(dir.path(), &["--root", ".", "own", "--systemd-version", "257"]);
    assert_eq!(output.status.code(), Some(1));
    let root = dir.path().canonicalize().unwrap();
    insta::assert_snapshot!(text(&output.stdout).replace(root.to_str().unwrap(), ""), @r"
    warning[RF001]: systemd knows no directive ProtectSytem=, and ignores the line
     --> /etc/systemd/system/own.service:3:1
      |
    3 | ProtectSytem=strict
      | ^^^^^^^^^^^^ not a directive
      |
      = help: did you mean `ProtectSystem=`?

    note[RF006]: InaccessibleDirectories= is the old name of InaccessiblePaths=
     --> /etc/systemd/system/own.service:5:1
      |
    5 | InaccessibleDirectories=-/srv
      | ^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: write `InaccessiblePaths=`
    ");
    insta::assert_snapshot!(text(&output.stderr), @"1 warning, 1 note in 1 unit; --fix takes care of 1; --fix --suggested of 1 more; `ringfence lint --explain CODE` tells more");
}

#[test]
fn a_good_unit_is_clean() {
    let dir = tree();
    let output = lint(dir.path(), &["--root", ".", "good.service"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), String::new()));
}

#[test]
fn mistakes_in_usage_are_told() {
    let dir = tree();
    for (arguments, message) in [
        (&["--root", ".", "nosuch.service"][..], "there is no unit nosuch.service"),
        (&["--select", "RF999"], "there is no such lint"),
        (&["--explain", "tmpfs-replacd"], "did you mean tmpfs-replaced?"),
        (&["--suggested"], "--fix"),
        (&["--root", ".", "--format", "prometheus", "own"], "no such format"),
    ] {
        let output = lint(dir.path(), arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(message), "{arguments:?}: {said}");
    }
}

#[test]
fn json_and_sarif_tell_the_same() {
    let dir = tree();
    let arguments = ["--root", ".", "own", "packaged", "--format"];
    let output = lint(dir.path(), &[&arguments[..], &["json"]].concat());
    assert_eq!(output.status.code(), Some(1));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["version"], 1);
    let findings = json["units"][0]["findings"].as_array().unwrap();
    assert_eq!(findings[0]["code"], "RF001");
    assert_eq!(findings[0]["origin"]["directive"], "ProtectSytem");
    assert_eq!(findings[0]["place"]["line"], 3);
    assert_eq!(findings[0]["fix"]["edits"][0]["directive"], "ProtectSystem");

    let output = lint(dir.path(), &[&arguments[..], &["sarif"]].concat());
    let sarif: Value = serde_json::from_slice(&output.stdout).unwrap();
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().unwrap();
    let all: usize =
        json["units"].as_array().unwrap().iter().map(|u| u["findings"].as_array().unwrap().len()).sum();
    assert_eq!(results.len(), all);
    let first = &results[0];
    let index = usize::try_from(first["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(run["tool"]["driver"]["rules"][index]["id"], first["ruleId"]);
    let location = &first["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "etc/systemd/system/own.service");
    assert_eq!(location["region"]["startLine"], 3);
    assert_eq!(
        (&location["region"]["startColumn"], &location["region"]["endColumn"]),
        (&1.into(), &13.into())
    );
}

#[test]
fn fixes_keep_the_rest_of_the_file() {
    let dir = tree();
    let own = dir.path().join("etc/systemd/system/own.service");
    fs::set_permissions(&own, PermissionsExt::from_mode(0o640)).unwrap();
    let output = lint(dir.path(), &["--root", ".", "own", "--fix"]);
    assert_eq!(output.status.code(), Some(1), "the misspelt line is left: {}", text(&output.stderr));
    let safe = "[Service]\n# why it must be so\nProtectSytem=strict\nExecStart=/usr/bin/app\nInaccessiblePaths=-/srv\n";
    assert_eq!(fs::read_to_string(&own).unwrap(), safe);
    assert_eq!(fs::metadata(&own).unwrap().permissions().mode() & 0o7777, 0o640);
    lint(dir.path(), &["--root", ".", "own", "--fix", "--suggested"]);
    let all = fs::read_to_string(&own).unwrap();
    assert!(all.starts_with("[Service]\n# why it must be so\nProtectSystem=strict\n"), "{all}");
    let again = lint(dir.path(), &["--root", ".", "own", "--fix", "--suggested"]);
    assert_eq!(fs::read_to_string(&own).unwrap(), all, "{}", text(&again.stderr));
}

#[test]
fn a_packaged_unit_gets_a_drop_in() {
    let dir = tree();
    let output = lint(dir.path(), &["--root", ".", "packaged", "--fix"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let drop_in = dir.path().join("etc/systemd/system/packaged.service.d/60-ringfence-lint.conf");
    assert_eq!(
        fs::read_to_string(drop_in).unwrap(),
        "# Written by ringfence lint --fix\n\n[Service]\nInaccessiblePaths=\nInaccessiblePaths=-/srv\n"
    );
    let again = lint(dir.path(), &["--root", ".", "packaged"]);
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stdout));
    let packaged = fs::read_to_string(dir.path().join("usr/lib/systemd/system/packaged.service")).unwrap();
    assert!(packaged.contains("InaccessibleDirectories"));
}

#[test]
fn every_lint_explains_itself() {
    let dir = tree();
    let list = text(&lint(dir.path(), &["--list"]).stdout);
    for line in list.lines() {
        let code = line.split(' ').next().unwrap();
        let output = lint(dir.path(), &["--explain", code]);
        assert!(output.status.success() && text(&output.stdout).starts_with(&format!("# {code} ")), "{code}");
    }
}
