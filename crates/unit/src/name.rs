//! Unit names: `prefix@instance.type`.

use std::fmt;

/// A valid unit name (systemd: `unit_name_is_valid`), at most 255 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitName(String);

/// Why a text is not a unit name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitNameError {
    /// The text as given.
    pub text: String,
    /// What is wrong with it, in words.
    pub reason: &'static str,
}

impl fmt::Display for UnitNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a unit name: {}", self.text, self.reason)
    }
}

impl std::error::Error for UnitNameError {}

/// The unit types that systemd has, which are the suffixes that a unit name may end in
/// (`src/basic/unit-def.c: unit_type_table`).
const TYPES: [&str; 11] = [
    "service",
    "mount",
    "swap",
    "socket",
    "target",
    "device",
    "automount",
    "timer",
    "path",
    "slice",
    "scope",
];

/// The longest name, its suffix included (`UNIT_NAME_MAX` without the terminator).
const MAX_BYTES: usize = 255;

/// What is before and behind the last dot. For texts as short as names this is quicker than the library's search.
fn at_last_dot(text: &str) -> Option<(&str, &str)> {
    let dot = text.bytes().rposition(|byte| byte == b'.')?;
    Some((&text[..dot], &text[dot + 1..]))
}

/// Whether a byte may stand in a prefix (`src/basic/unit-name.c: VALID_CHARS`); an instance may contain `@` too.
pub(crate) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b":-_.\\".contains(&byte)
}

/// Whether `text` is one of systemd's unit types, for example `service`.
pub(crate) fn is_unit_type(text: &str) -> bool {
    TYPES.contains(&text)
}

impl UnitName {
    /// Checks a name. A name without a type suffix is not completed here; that is the command line's courtesy.
    pub fn parse(text: &str) -> Result<UnitName, UnitNameError> {
        match fault(text) {
            Some(reason) => Err(UnitNameError { text: text.to_owned(), reason }),
            None => Ok(UnitName(text.to_owned())),
        }
    }

    /// Whether a text is a unit name.
    pub(crate) fn is_valid(text: &str) -> bool {
        fault(text).is_none()
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the first `@`, or before the type suffix when there is none.
    pub fn prefix(&self) -> &str {
        let stem = self.stem();
        stem.split_once('@').map_or(stem, |(prefix, _)| prefix)
    }

    /// The part between the first `@` and the type suffix. `None` for a plain name and for a template.
    pub fn instance(&self) -> Option<&str> {
        self.stem().split_once('@').map(|(_, instance)| instance).filter(|instance| !instance.is_empty())
    }

    /// The name without its type suffix.
    pub fn stem(&self) -> &str {
        at_last_dot(&self.0).map_or(self.as_str(), |(stem, _)| stem)
    }

    /// The unit type, without a dot: `service`, `socket` and so on.
    pub fn suffix(&self) -> &str {
        at_last_dot(&self.0).map_or("", |(_, suffix)| suffix)
    }

    /// Whether this names a service.
    pub fn is_service(&self) -> bool {
        self.suffix() == "service"
    }

    /// Whether this is a template, such as `getty@.service`: a name with an empty instance.
    pub fn is_template(&self) -> bool {
        self.stem().split_once('@').is_some_and(|(_, instance)| instance.is_empty())
    }

    /// The template of an instance, `getty@.service` for `getty@tty1.service`, or the template itself; `None` for
    /// a plain name.
    pub fn template(&self) -> Option<UnitName> {
        let (prefix, _) = self.stem().split_once('@')?;
        Some(UnitName(format!("{prefix}@.{}", self.suffix())))
    }

    /// Fills in (or exchanges) the instance of a template (or of an instance).
    pub fn with_instance(&self, instance: &str) -> Result<UnitName, UnitNameError> {
        let fail = |text: &str, reason| Err(UnitNameError { text: text.to_owned(), reason });
        let Some((prefix, _)) = self.stem().split_once('@') else {
            return fail(&self.0, "a plain name takes no instance; only a name with an `@` does");
        };
        if instance.is_empty() {
            return fail(&self.0, "the instance to put in is empty");
        }
        UnitName::parse(&format!("{prefix}@{instance}.{}", self.suffix()))
    }

    /// The names of the directories (without `.d`) that may hold this unit's drop-ins, most specific first, without
    /// the type-level `service` (systemd: `src/shared/dropin.c: unit_file_find_dirs`).
    ///
    /// For `a-b@i.service`: `a-b@i.service`, `a-b@.service`, `a-.service`, `a-@i.service`, `a-@.service`.
    pub fn drop_in_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        add_drop_in_names(self.prefix(), self.instance(), self.is_template(), self.suffix(), &mut names);
        names
    }
}

/// A template stands for itself and then, having no instance, for the plain names of its shorter prefixes. An instance
/// stands for itself, then for all that its template stands for, then for its shorter prefixes with the instance.
fn add_drop_in_names(
    prefix: &str,
    instance: Option<&str>,
    is_template: bool,
    suffix: &str,
    names: &mut Vec<String>,
) {
    match instance {
        Some(instance) => {
            names.push(format!("{prefix}@{instance}.{suffix}"));
            add_drop_in_names(prefix, None, true, suffix, names);
        }
        None if is_template => names.push(format!("{prefix}@.{suffix}")),
        None => names.push(format!("{prefix}.{suffix}")),
    }
    if let Some(shorter) = cut_after_dash(prefix) {
        add_drop_in_names(shorter, instance, false, suffix, names);
    }
}

/// The prefix up to and including its last dash, where that is shorter than the prefix itself. One dash at the very
/// end is passed over; a dash at the very start does not count.
fn cut_after_dash(prefix: &str) -> Option<&str> {
    let body = prefix.strip_suffix('-').unwrap_or(prefix);
    match body.rfind('-') {
        None | Some(0) => None,
        Some(dash) => Some(&body[..=dash]),
    }
}

/// What keeps `text` from being a unit name (systemd: `src/basic/unit-name.c: unit_name_is_valid`).
fn fault(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("it is empty");
    }
    if text.len() > MAX_BYTES {
        return Some("it is longer than 255 bytes");
    }
    let Some((stem, suffix)) = at_last_dot(text) else {
        return Some("it has no type; a service's name ends in `.service`");
    };
    if !is_unit_type(suffix) {
        return Some("it does not end in a unit type such as `.service`");
    }
    if stem.is_empty() {
        return Some("there is nothing before the type");
    }
    if stem.starts_with('@') {
        return Some("there is nothing before the `@`");
    }
    if !stem.bytes().all(|byte| byte == b'@' || is_name_byte(byte)) {
        return Some("it contains a character other than letters, digits and `:-_.\\@`");
    }
    None
}

impl fmt::Display for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for UnitName {
    type Err = UnitNameError;
    fn from_str(text: &str) -> Result<UnitName, UnitNameError> {
        UnitName::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> UnitName {
        UnitName::parse(text).unwrap()
    }

    #[test]
    fn refuses_what_is_no_unit_name() {
        let too_long = format!("{}.service", "a".repeat(248));
        for text in [
            "",
            ".service",
            "@.service",
            "@i.service",
            "a",
            "a.",
            "a.conf",
            "a.Service",
            "a b.service",
            "ä.service",
            "a/b.service",
            "a%i.service",
            &too_long,
        ] {
            assert!(UnitName::parse(text).is_err(), "{text}");
        }
        assert!(UnitName::parse(&too_long[1..]).is_ok(), "255 bytes are allowed");
    }

    #[test]
    fn takes_names_apart() {
        for (text, prefix, instance, suffix, is_template, template) in [
            ("a.service", "a", None, "service", false, None),
            ("a.b-c.socket", "a.b-c", None, "socket", false, None),
            ("a@.service", "a", None, "service", true, Some("a@.service")),
            ("a@i.service", "a", Some("i"), "service", false, Some("a@.service")),
            ("a@i@j.k.service", "a", Some("i@j.k"), "service", false, Some("a@.service")),
            (r"dev-disk-a\x20b.swap", r"dev-disk-a\x20b", None, "swap", false, None),
            ("a.service.service", "a.service", None, "service", false, None),
        ] {
            let name = name(text);
            assert_eq!(name.prefix(), prefix, "{text}");
            assert_eq!(name.instance(), instance, "{text}");
            assert_eq!(name.suffix(), suffix, "{text}");
            assert_eq!(name.is_template(), is_template, "{text}");
            assert_eq!(name.template().as_ref().map(UnitName::as_str), template, "{text}");
        }
    }

    #[test]
    fn puts_an_instance_into_a_template_only() {
        assert_eq!(name("a@.service").with_instance("x").unwrap(), name("a@x.service"));
        assert_eq!(name("a@y.service").with_instance("x@z").unwrap(), name("a@x@z.service"));
        assert!(name("a.service").with_instance("x").is_err());
        assert!(name("a@.service").with_instance("").is_err());
        assert!(name("a@.service").with_instance("x y").is_err());
    }

    /// The order is the one seen on a running systemd 257.
    #[test]
    fn drop_in_names_go_from_the_instance_to_the_shortest_prefix() {
        for (text, names) in [
            (
                "a-b-c@i.service",
                &[
                    "a-b-c@i.service",
                    "a-b-c@.service",
                    "a-b-.service",
                    "a-.service",
                    "a-b-@i.service",
                    "a-b-@.service",
                    "a-.service",
                    "a-@i.service",
                    "a-@.service",
                ][..],
            ),
            ("a-b-c.service", &["a-b-c.service", "a-b-.service", "a-.service"]),
            ("a.service", &["a.service"]),
            ("-a.service", &["-a.service"]),
            ("a-.service", &["a-.service"]),
            ("a-b-.service", &["a-b-.service", "a-.service"]),
            ("a--b.service", &["a--b.service", "a--.service", "a-.service"]),
        ] {
            assert_eq!(name(text).drop_in_names(), names, "{text}");
        }
    }
}
