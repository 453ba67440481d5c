//! How single values are written in a unit file.

use crate::catalogue::Kind;
use crate::value::{self, Fault, number, signal, time};
use ringfence_terms::{AbsPath, PathError};
use std::marker::PhantomData;
use std::time::Duration;

/// One way of writing values: from text, and back.
pub(crate) trait Notation {
    /// What it means.
    type Value;
    /// What it looks like.
    const KIND: Kind;
    /// Whether `%` specifiers are replaced first.
    const SPECIFIERS: bool = false;
    /// Reads a value, specifiers already replaced.
    fn parse(text: &str) -> Result<Self::Value, Wrong>;
    /// Writes a value so that it reads back, but for specifiers.
    fn write(value: &Self::Value) -> String;
}

/// What is wrong with a value: a clause, or nothing to say beyond what is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) why: &'static str,
}

impl Wrong {
    /// Simply not one.
    pub(crate) const OTHERWISE: Wrong = Wrong { why: "" };
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Wrong {
        match fault {
            Fault::Syntax => Wrong::OTHERWISE,
            Fault::OutOfRange => Wrong { why: "the number is out of range" },
        }
    }
}

impl From<PathError> for Wrong {
    fn from(error: PathError) -> Wrong {
        Wrong {
            why: match error {
                PathError::NotAbsolute => "the path is not absolute",
                PathError::ParentComponent => "the path contains a `..` component",
                PathError::TooLong => "the path has 4096 bytes or more",
                PathError::Nul => "the path contains a NUL byte",
            },
        }
    }
}

/// The words of an enumeration; `types` declares one for each.
pub(crate) trait Keyword: Copy + Sized + 'static {
    /// Every word, in order.
    const WORDS: &'static [&'static str];
    /// The value of an exact word.
    fn of_word(word: &str) -> Option<Self>;
    /// The word of a value.
    fn as_word(self) -> &'static str;
    /// What `yes` and `no` in all their spellings mean; `None` where they mean nothing.
    const BOOLEAN: Option<(Self, Self)> = None;
}

/// `yes` or `no`.
pub(crate) struct Boolean;

impl Notation for Boolean {
    type Value = bool;
    const KIND: Kind = Kind::Boolean;
    fn parse(text: &str) -> Result<bool, Wrong> {
        value::boolean(text).ok_or(Wrong::OTHERWISE)
    }
    fn write(value: &bool) -> String {
        if *value { "yes".into() } else { "no".into() }
    }
}

/// One word of an enumeration.
pub(crate) struct Word<K>(PhantomData<K>);

impl<K: Keyword> Notation for Word<K> {
    type Value = K;
    const KIND: Kind = match K::BOOLEAN {
        Some(_) => Kind::BooleanOrWord(K::WORDS),
        None => Kind::Word(K::WORDS),
    };
    fn parse(text: &str) -> Result<K, Wrong> {
        // An exact word comes first; no enumeration has a word that is also a boolean with another meaning.
        K::of_word(text)
            .or_else(|| K::BOOLEAN.and_then(|(yes, no)| Some(if value::boolean(text)? { yes } else { no })))
            .ok_or(Wrong::OTHERWISE)
    }
    fn write(value: &K) -> String {
        value.as_word().into()
    }
}

/// Any text, specifiers replaced.
pub(crate) struct Text;

impl Notation for Text {
    type Value = String;
    const KIND: Kind = Kind::Form("some text");
    const SPECIFIERS: bool = true;
    fn parse(text: &str) -> Result<String, Wrong> {
        Ok(text.into())
    }
    fn write(value: &String) -> String {
        ringfence_unit::Specifiers::escape(value)
    }
}

/// Any text but none, specifiers replaced.
pub(crate) struct NonEmpty;

impl Notation for NonEmpty {
    type Value = String;
    const KIND: Kind = Text::KIND;
    const SPECIFIERS: bool = true;
    fn parse(text: &str) -> Result<String, Wrong> {
        if text.is_empty() { Err(Wrong::OTHERWISE) } else { Ok(text.into()) }
    }
    fn write(value: &String) -> String {
        Text::write(value)
    }
}

/// A path as units may name it (systemd: `path_simplify_and_warn` with `PATH_CHECK_ABSOLUTE`).
pub(crate) fn unit_path(text: &str) -> Result<AbsPath, Wrong> {
    let path = AbsPath::parse(text)?;
    if path.components().any(|component| component.len() > 255) {
        return Err(Wrong { why: "a component of the path has more than 255 bytes" });
    }
    Ok(path)
}

/// An absolute path.
pub(crate) struct AbsolutePath;

impl Notation for AbsolutePath {
    type Value = AbsPath;
    const KIND: Kind = Kind::Form("an absolute path");
    const SPECIFIERS: bool = true;
    fn parse(text: &str) -> Result<AbsPath, Wrong> {
        unit_path(text)
    }
    fn write(value: &AbsPath) -> String {
        value.to_string()
    }
}

/// A user or group, by name or number (systemd: `valid_user_group_name` with `VALID_USER_ALLOW_NUMERIC|VALID_USER_RELAX`).
pub(crate) struct UserName;

impl Notation for UserName {
    type Value = String;
    const KIND: Kind = Kind::Form("a user's or group's name or number");
    const SPECIFIERS: bool = true;
    fn parse(text: &str) -> Result<String, Wrong> {
        if is_user_name(text) {
            Ok(text.into())
        } else {
            Err(Wrong { why: "no user or group can be named so" })
        }
    }
    fn write(value: &String) -> String {
        value.clone()
    }
}

fn is_user_name(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if digits(text) {
        let canonical = text == "0" || !text.starts_with('0');
        return canonical && text.parse::<u32>().is_ok_and(|id| id != u32::MAX && id != 0xffff);
    }
    !text.is_empty()
        && text != "."
        && text != ".."
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && !text.contains([':', '/'])
        && !text.bytes().any(|b| b.is_ascii_control())
        && !text.strip_prefix('-').is_some_and(digits)
}

/// Permission bits.
pub(crate) struct Mode;

impl Notation for Mode {
    type Value = u32;
    const KIND: Kind = Kind::Form("an octal mode such as `0750`");
    fn parse(text: &str) -> Result<u32, Wrong> {
        Ok(number::mode(text)?)
    }
    fn write(value: &u32) -> String {
        format!("{value:04o}")
    }
}

/// A signal.
pub(crate) struct Signal;

impl Notation for Signal {
    type Value = i32;
    const KIND: Kind = Kind::Form("a signal such as `SIGTERM`");
    fn parse(text: &str) -> Result<i32, Wrong> {
        Ok(signal::parse(text)?)
    }
    fn write(value: &i32) -> String {
        signal::name(*value)
    }
}

/// A time span; `None` is `infinity`.
pub(crate) struct Span;

impl Notation for Span {
    type Value = Option<Duration>;
    const KIND: Kind = Kind::Form("a time span such as `90s` or `1min 30s`");
    fn parse(text: &str) -> Result<Option<Duration>, Wrong> {
        Ok(time::seconds(text)?)
    }
    fn write(value: &Option<Duration>) -> String {
        time::write(*value)
    }
}

/// A time span; `None` is `infinity`, and so is 0.
pub(crate) struct Never;

impl Notation for Never {
    type Value = Option<Duration>;
    const KIND: Kind = Span::KIND;
    fn parse(text: &str) -> Result<Option<Duration>, Wrong> {
        Ok(time::seconds_or_never(text)?)
    }
    fn write(value: &Option<Duration>) -> String {
        time::write(*value)
    }
}

/// An integer between two others.
pub(crate) struct Bounded<const LOW: i32, const HIGH: i32>;

impl<const LOW: i32, const HIGH: i32> Notation for Bounded<LOW, HIGH> {
    type Value = i32;
    const KIND: Kind = Kind::Form("a whole number");
    fn parse(text: &str) -> Result<i32, Wrong> {
        Ok(number::integer_within(text, LOW, HIGH)?)
    }
    fn write(value: &i32) -> String {
        value.to_string()
    }
}

/// A number that is not negative.
pub(crate) struct Unsigned;

impl Notation for Unsigned {
    type Value = u32;
    const KIND: Kind = Kind::Form("a whole number, not negative");
    fn parse(text: &str) -> Result<u32, Wrong> {
        Ok(number::unsigned32(text)?)
    }
    fn write(value: &u32) -> String {
        value.to_string()
    }
}

/// A time span in nanoseconds; `None` is `infinity`.
pub(crate) struct Nanoseconds;

impl Notation for Nanoseconds {
    type Value = Option<u64>;
    const KIND: Kind = Kind::Form("a time span, in nanoseconds without a unit");
    fn parse(text: &str) -> Result<Option<u64>, Wrong> {
        Ok(time::nanoseconds(text)?)
    }
    fn write(value: &Option<u64>) -> String {
        value.map_or_else(|| "infinity".into(), |span| format!("{span}ns"))
    }
}

/// An execution domain by the architecture that it stands for (systemd: `personality_from_string`).
pub(crate) struct Architecture;

/// personality(2): programs of the machine's own kind.
const PER_LINUX: u32 = 0;
/// personality(2): programs of the 32-bit kind that the machine also runs.
const PER_LINUX32: u32 = 8;

/// The words for the machine that this is built for.
const PERSONALITIES: &[(&str, u32)] = if cfg!(target_arch = "x86_64") {
    &[("x86-64", PER_LINUX), ("x86", PER_LINUX32)]
} else if cfg!(target_arch = "aarch64") {
    &[("arm64", PER_LINUX), ("arm", PER_LINUX32)]
} else if cfg!(target_arch = "s390x") {
    &[("s390x", PER_LINUX), ("s390", PER_LINUX32)]
} else if cfg!(target_arch = "powerpc64") {
    &[("ppc64-le", PER_LINUX), ("ppc-le", PER_LINUX32)]
} else if cfg!(target_arch = "riscv64") {
    &[("riscv64", PER_LINUX)]
} else if cfg!(target_arch = "loongarch64") {
    &[("loongarch64", PER_LINUX)]
} else {
    &[]
};

impl Notation for Architecture {
    type Value = u32;
    const KIND: Kind = Kind::Form("an architecture that the machine runs, such as `x86-64` or `x86`");
    fn parse(text: &str) -> Result<u32, Wrong> {
        let known = PERSONALITIES.iter().find(|(word, _)| *word == text);
        known.map(|(_, domain)| *domain).ok_or(Wrong { why: "this machine does not run that architecture" })
    }
    fn write(value: &u32) -> String {
        PERSONALITIES
            .iter()
            .find(|(_, domain)| domain == value)
            .map_or_else(String::new, |(word, _)| (*word).into())
    }
}

/// A well-known name on the bus (systemd: `sd_bus_service_name_is_valid`).
pub(crate) struct BusName;

impl Notation for BusName {
    type Value = String;
    const KIND: Kind = Kind::Form("a D-Bus name such as `org.example.Service`");
    const SPECIFIERS: bool = true;
    fn parse(text: &str) -> Result<String, Wrong> {
        let (unique, name) = match text.strip_prefix(':') {
            Some(name) => (true, name),
            None => (false, text),
        };
        let element = |e: &str| {
            !e.is_empty()
                && (unique || !e.starts_with(|c: char| c.is_ascii_digit()))
                && e.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        };
        if text.len() <= 255 && name.contains('.') && name.split('.').all(element) {
            Ok(text.into())
        } else {
            Err(Wrong { why: "it is not a valid name on the bus" })
        }
    }
    fn write(value: &String) -> String {
        value.clone()
    }
}

/// The name of a socket unit.
pub(crate) struct SocketName;

impl Notation for SocketName {
    type Value = String;
    const KIND: Kind = Kind::Form("socket units' names");
    const SPECIFIERS: bool = true;
    fn parse(text: &str) -> Result<String, Wrong> {
        if text.ends_with(".socket") {
            Ok(text.into())
        } else {
            Err(Wrong { why: "it is not a socket unit" })
        }
    }
    fn write(value: &String) -> String {
        Text::write(value)
    }
}
