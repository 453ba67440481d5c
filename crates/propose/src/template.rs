//! What was proposed for one instance, said for all instances of its template.

use crate::proposal::Proposal;
use ringfence_unit::{UnitName, unescape};

/// What the system's own packages put there is the same for all instances, whatever it is called.
const COMMON: [&str; 7] = ["/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/sys/", "/proc/"];

impl Proposal {
    /// Where a line names a path after the instance, it names it by `%i`, or by `%I` where the path has the instance unescaped
    /// (systemd.unit(5), "Specifiers"). What systemd makes of it for this instance is the same.
    pub fn for_template_of(&mut self, instance: &UnitName) {
        let Some(name) = instance.instance() else { return };
        let plain = unescape(name).unwrap_or_default();
        for line in &mut self.lines {
            let names_paths = line.directive.ends_with("Paths")
                || line.directive.ends_with("Directory")
                || line.directive == "TemporaryFileSystem";
            if names_paths {
                let words: Vec<String> =
                    line.value.split(' ').map(|word| generalised(word, name, &plain)).collect();
                line.value = words.join(" ");
            }
        }
    }
}

/// One word: a path, or source and destination with colons between.
fn generalised(word: &str, name: &str, plain: &str) -> String {
    let path = |part: &str| {
        let common = |top: &&str| part.trim_start_matches(['-', '+']).starts_with(*top);
        if COMMON.iter().any(common) { part.to_owned() } else { in_path(part, name, plain) }
    };
    word.split(':').map(path).collect::<Vec<_>>().join(":")
}

fn in_path(path: &str, name: &str, plain: &str) -> String {
    let mut components: Vec<String> =
        path.split('/').map(|component| in_component(component, name)).collect();
    let unescaped: Vec<&str> = plain.split('/').collect();
    if unescaped.len() > 1
        && let Some(at) = components.windows(unescaped.len()).position(|window| window == unescaped)
    {
        components.splice(at..at + unescaped.len(), ["%I".to_owned()]);
    }
    components.join("/")
}

/// The whole component, or a part of it between `-`, `@`, `_` and dots, where the instance is more than a number.
fn in_component(component: &str, name: &str) -> String {
    if component == name {
        return "%i".to_owned();
    }
    let is_edge = |c: Option<char>| c.is_none_or(|c| matches!(c, '-' | '@' | '_' | '.'));
    if name.chars().any(char::is_alphabetic)
        && let Some((before, after)) = component.split_once(name)
        && is_edge(before.chars().next_back())
        && is_edge(after.chars().next())
    {
        return format!("{before}%i{after}");
    }
    component.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_after_the_instance_are_named_by_specifiers() {
        let cases = [
            ("x@one.service", "StateDirectory", "x/one", "x/%i"),
            ("x@one.service", "RuntimeDirectory", "x-one", "x-%i"),
            ("x@one.service", "ReadWritePaths", "-/srv/one /srv/other", "-/srv/%i /srv/other"),
            ("x@one.service", "BindReadOnlyPaths", "/etc/one:/etc/x", "/etc/%i:/etc/x"),
            ("x@one.service", "BindReadOnlyPaths", "/usr/lib/one", "/usr/lib/one"),
            ("x@one.service", "ReadWritePaths", "/srv/phone", "/srv/phone"),
            ("x@one.service", "SystemCallFilter", "one", "one"),
            ("x@3.service", "ReadWritePaths", "/srv/3 /srv/x-3", "/srv/%i /srv/x-3"),
            ("postgresql@17-main.service", "StateDirectory", "postgresql/17/main", "postgresql/%I"),
            ("postgresql@17-main.service", "ReadWritePaths", "/var/lib/17/main/x", "/var/lib/%I/x"),
            ("postgresql@17-main.service", "RuntimeDirectory", "postgresql/17-main", "postgresql/%i"),
            ("x.service", "StateDirectory", "x", "x"),
        ];
        for (unit, directive, value, expected) in cases {
            let mut proposal = Proposal::default();
            proposal.restrict(directive, value, "");
            proposal.for_template_of(&UnitName::parse(unit).unwrap());
            assert_eq!(proposal.lines[0].value, expected, "{unit}: {directive}={value}");
        }
    }
}
