//! Command lines.

use crate::from_text::unit;
use ringfence_settings::{Command, Privileges, Settings};

fn read(line: &str) -> (Settings, usize) {
    let (settings, complaints) =
        Settings::from_unit(&unit("x@i.service", &[&format!("[Service]\n{line}\n")]));
    (settings, complaints.len())
}

#[track_caller]
fn one(line: &str) -> Command {
    let (settings, complaints) = read(&format!("ExecStart={line}"));
    assert_eq!((settings.service.exec_start.len(), complaints), (1, 0), "{line}");
    settings.service.exec_start[0].clone()
}

#[test]
fn words_are_split_as_systemd_does() {
    for (line, argv) in [
        ("/bin/a b  c", vec!["/bin/a", "b", "c"]),
        (r#"/bin/a "b c" 'd'e"#, vec!["/bin/a", "b c", "de"]),
        (r"/bin/a \x41\n\s", vec!["/bin/a", "A\n "]),
        ("/bin/a %i %%", vec!["/bin/a", "i", "%"]),
        ("/bin//./a $B ${C}", vec!["/bin//./a", "$B", "${C}"]),
        (r#"/bin/a \; ";" b;"#, vec!["/bin/a", ";", ";", "b;"]),
        ("@/bin/a b c", vec!["b", "c"]),
        ("a b", vec!["a", "b"]),
        ("/bin/../a", vec!["/bin/../a"]),
    ] {
        assert_eq!(one(line).argv, argv, "{line}");
    }
    // The path is simplified, the name that the command sees is not.
    for (line, path) in [("/bin//./a", "/bin/a"), ("/../a", "/a"), ("/../b/../a", "/b/../a")] {
        assert_eq!(one(line).path, path, "{line}");
    }
}

#[test]
fn prefixes_come_in_any_order_each_once() {
    let command = one("-@:+/bin/a b");
    assert!(command.ignore_failure && command.no_variables);
    assert_eq!((command.privileges, &*command.path), (Privileges::Full, "/bin/a"));
    assert_eq!(one("!/bin/a").privileges, Privileges::KeepUser);
    assert_eq!(one("!!-/bin/a").privileges, Privileges::AmbientFallback);
    for refused in ["--/bin/a", "+!/bin/a", "!!!/bin/a", "|/bin/a"] {
        assert!(!read(&format!("ExecStart={refused}")).0.refused.is_empty(), "{refused}");
    }
}

#[test]
fn a_semicolon_separates_commands() {
    let (settings, _) = read("Type=oneshot\nExecStart=/bin/a b ; /bin/c ; ; -/bin/d");
    let paths: Vec<_> = settings.service.exec_start.iter().map(|c| c.path.as_str()).collect();
    assert_eq!(paths, ["/bin/a", "/bin/c", "/bin/d"]);
    assert!(settings.refused.is_empty());
}

#[test]
fn an_empty_assignment_resets() {
    let (settings, complaints) = read("ExecStart=/bin/a\nExecStart=\nExecStart=/bin/b");
    assert_eq!((settings.service.exec_start.len(), complaints), (1, 0));
}

#[test]
fn what_is_wrong_refuses_the_unit_unless_it_may_fail() {
    for wrong in ["/bin/a %z", "/bin/", "bin/a", "%z", "/bin/a \"b", "@/bin/a", "/bin/\\\"a"] {
        assert_eq!(read(&format!("ExecStart=/bin/ok\nExecStopPost={wrong}")).0.refused.len(), 1, "{wrong}");
        let (settings, complaints) = read(&format!("ExecStart=/bin/ok\nExecStopPost=-{wrong}"));
        assert_eq!((settings.refused.len(), complaints), (0, 1), "-{wrong}");
        assert!(settings.service.exec_stop_post.is_empty());
    }
}

#[test]
fn an_unknown_escape_stays_with_a_warning() {
    let (settings, complaints) = read(r"ExecStart=/bin/a \q");
    assert_eq!(settings.service.exec_start[0].argv, ["/bin/a", r"\q"]);
    assert_eq!(complaints, 1);
}

#[test]
fn a_shown_command_reads_back() {
    for line in [r#"-@!!/bin/a "x y" \; %%i "a\nb""#, "/bin/a '' \"\\\"\"", "a"] {
        let command = one(line);
        let (settings, _) = read(&format!("ExecStart={line}"));
        let shown = settings.explicit().into_iter().find(|s| s.directive.name == "ExecStart");
        let again = one(&shown.map(|s| s.value).unwrap_or_default());
        assert_eq!(
            (again.path, again.argv, again.privileges),
            (command.path, command.argv, command.privileges)
        );
    }
}
