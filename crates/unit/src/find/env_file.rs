//! Files of `NAME=value` lines such as os-release(5) and machine-info(5).

/// One variable's value in such a file, its quotes and backslashes resolved. The last assignment counts (systemd:
/// `src/basic/env-file.c: parse_env_file`).
pub(super) fn value(text: &str, name: &str) -> Option<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';']));
    let mut assigned =
        lines.filter_map(|line| line.split_once('=')).filter(|(key, _)| key.trim_end() == name);
    assigned.next_back().map(|(_, value)| unquote(value.trim_start()))
}

fn unquote(value: &str) -> String {
    let mut plain = String::new();
    let mut quote = None;
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (Some('\''), c) => plain.push(c),
            (Some(_), '\\') => match chars.next() {
                // In double quotes a backslash guards only what is special there.
                Some(c @ ('"' | '\\' | '`' | '$')) => plain.push(c),
                Some(c) => plain.extend(['\\', c]),
                None => {}
            },
            (None, '\\') => plain.extend(chars.next()),
            (_, c) => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_resolved() {
        let text = "# ID=no\nID=debian\n NAME = \"a \\\"b\\\" \\c\"\nX='a\\b'\\ c\nX2=\nID=last\n";
        for (name, expected) in [
            ("ID", Some("last")),
            ("NAME", Some(r#"a "b" \c"#)),
            ("X", Some(r"a\b c")),
            ("X2", Some("")),
            ("Y", None),
        ] {
            assert_eq!(value(text, name).as_deref(), expected, "{name}");
        }
    }
}
