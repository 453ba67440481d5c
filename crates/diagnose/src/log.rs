//! Reading logs: the journal's export format and JSON (systemd.journal-fields(7)), and plain text of any kind.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use std::fmt;

/// One message of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The unit that it belongs to, where the log tells.
    pub unit: Option<String>,
    /// The process that wrote it, where the log tells.
    pub pid: Option<u32>,
    /// The program that wrote it, by the name that it logs under, where a line of text tells.
    pub program: Option<String>,
    /// The message, without a prefix of time, host and program.
    pub message: String,
    /// The line as it stands in the log, for evidence.
    pub line: String,
}

/// Reads a log in whatever form it is: journal JSON (one object a line, or one array), journal export, else text. Bytes that
/// are no UTF-8 are replaced; nothing is ever an error.
pub fn read_log(bytes: &[u8]) -> Vec<Entry> {
    let text = String::from_utf8_lossy(bytes);
    let start = text.trim_start();
    if start.starts_with('{') || start.starts_with('[') {
        let entries = json(start);
        if !entries.is_empty() {
            return entries;
        }
    }
    if start.starts_with("__CURSOR=") || start.starts_with("__REALTIME_TIMESTAMP=") {
        return export(bytes);
    }
    text.lines().filter(|line| !line.trim().is_empty()).map(plain).collect()
}

/// The fields of an entry that matter (systemd.journal-fields(7)).
#[derive(Deserialize, Default)]
#[serde(default)]
struct Fields {
    #[serde(rename = "MESSAGE")]
    message: Text,
    #[serde(rename = "UNIT")]
    unit: Text,
    #[serde(rename = "USER_UNIT")]
    user_unit: Text,
    #[serde(rename = "_SYSTEMD_UNIT")]
    own_unit: Text,
    #[serde(rename = "_PID")]
    pid: Text,
}

impl Fields {
    fn entry(self) -> Option<Entry> {
        let message = self.message.0?;
        let pid = self.pid.0.and_then(|pid| pid.parse().ok());
        let unit = self.unit.0.or(self.own_unit.0).or(self.user_unit.0);
        Some(Entry { unit, pid, program: None, line: message.clone(), message })
    }
}

/// A field's text. The journal writes what is no UTF-8 as an array of bytes, what is too long as null, and a field that
/// occurs more than once as an array of its values.
#[derive(Default)]
struct Text(Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field of the journal")
            }
            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text(Some(text.to_owned())))
            }
            fn visit_string<E>(self, text: String) -> Result<Text, E> {
                Ok(Text(Some(text)))
            }
            fn visit_unit<E>(self) -> Result<Text, E> {
                Ok(Text(None))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Text, E> {
                Ok(Text(None))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Text, E> {
                Ok(Text(Some(number.to_string())))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Text, E> {
                Ok(Text(Some(number.to_string())))
            }
            fn visit_f64<E>(self, _: f64) -> Result<Text, E> {
                Ok(Text(None))
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Text(None))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Text, A::Error> {
                let (mut bytes, mut first) = (Vec::new(), None);
                while let Some(one) = all.next_element::<serde_json::Value>()? {
                    match one {
                        serde_json::Value::String(text) => first = first.or(Some(text)),
                        other => bytes.extend(other.as_u64().and_then(|byte| u8::try_from(byte).ok())),
                    }
                }
                Ok(Text(first.or_else(|| Some(String::from_utf8_lossy(&bytes).into_owned()))))
            }
        }
        deserializer.deserialize_any(Reading)
    }
}

fn json(text: &str) -> Vec<Entry> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.clone().next().and_then(|line| serde_json::from_str::<Fields>(line).ok());
    if first.is_some() && text.starts_with('{') {
        // A line that a full disk or a copy has cut is none, and the next one is read again.
        return lines
            .by_ref()
            .filter_map(|line| serde_json::from_str::<Fields>(line).ok()?.entry())
            .collect();
    }
    if text.starts_with('[') {
        let all: Vec<Fields> = serde_json::from_str(text).unwrap_or_default();
        return all.into_iter().filter_map(Fields::entry).collect();
    }
    let objects = serde_json::Deserializer::from_str(text).into_iter::<Fields>();
    objects.map_while(Result::ok).filter_map(Fields::entry).collect()
}

/// `NAME=VALUE` lines, or `NAME`, a 64-bit length and bytes; a blank line ends an entry (systemd: JOURNAL_EXPORT_FORMATS).
fn export(bytes: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    let (mut entry, mut system) = (Entry::default(), None);
    let mut rest = bytes;
    let mut finish = |entry: &mut Entry, system: &mut Option<String>| {
        let done = std::mem::take(entry);
        let unit = done.unit.clone().or_else(|| system.take());
        *system = None;
        if !done.message.is_empty() {
            entries.push(Entry { unit, line: done.message.clone(), ..done });
        }
    };
    while !rest.is_empty() {
        let end = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        if line.is_empty() {
            finish(&mut entry, &mut system);
            continue;
        }
        let (name, value) = match line.iter().position(|&b| b == b'=') {
            Some(at) => (&line[..at], line[at + 1..].to_vec()),
            None => {
                let length = rest.get(..8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes);
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                let body = rest.get(8..).unwrap_or_default();
                let value = body.get(..length).unwrap_or(body);
                rest = body.get(length.saturating_add(1)..).unwrap_or_default();
                (line, value.to_vec())
            }
        };
        let value = String::from_utf8_lossy(&value).into_owned();
        match name {
            b"MESSAGE" => entry.message = value,
            b"UNIT" | b"USER_UNIT" => entry.unit = Some(value),
            b"_SYSTEMD_UNIT" => system = Some(value),
            b"_PID" => entry.pid = value.parse().ok(),
            _ => {}
        }
    }
    finish(&mut entry, &mut system);
    entries
}

/// `Nov 21 19:47:00 host program[12]: message`, or any other text.
fn plain(line: &str) -> Entry {
    let (mut message, mut pid, mut program) = (line, None, None);
    if looks_like_a_date(line)
        && let Some((prefix, rest)) = line.split_once(": ")
        && prefix.split_whitespace().count()
            >= if line.starts_with(|c: char| c.is_ascii_digit()) { 3 } else { 4 }
    {
        let name = prefix.rsplit(' ').next().unwrap_or_default();
        let (name, number) =
            name.strip_suffix(']').and_then(|name| name.rsplit_once('[')).unwrap_or((name, ""));
        (message, pid, program) = (rest, number.parse().ok(), Some(name.to_owned()));
    }
    Entry { unit: unit_of(message), pid, program, line: line.to_owned(), message: message.to_owned() }
}

fn looks_like_a_date(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    month.contains(&first) || first.len() >= 10 && first.as_bytes()[..4].iter().all(u8::is_ascii_digit)
}

/// systemd puts the unit's name before what it says about it.
fn unit_of(message: &str) -> Option<String> {
    let (name, _) = message.split_once(": ")?;
    (name.ends_with(".service") && !name.contains(' ')).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_message_from_every_form() {
        let message = "x.service: Failed to set up mount namespacing: /nope: No such file or directory";
        let forms = [
            format!("Nov 21 19:47:00 host systemd[1]: {message}\n"),
            format!("{{\"MESSAGE\":\"{message}\",\"UNIT\":\"x.service\"}}\n"),
            format!("__CURSOR=s=1\nUNIT=x.service\nMESSAGE={message}\n\n"),
            format!("__CURSOR=s=1\nUNIT=x.service\nMESSAGE\n{}{message}\n\n", length(message)),
            message.to_owned(),
        ];
        for form in forms {
            let entries = read_log(form.as_bytes());
            assert_eq!(entries.len(), 1, "{form}");
            assert_eq!(
                (entries[0].message.as_str(), entries[0].unit.as_deref()),
                (message, Some("x.service")),
                "{form}"
            );
        }
    }

    fn length(text: &str) -> String {
        String::from_utf8((text.len() as u64).to_le_bytes().to_vec()).unwrap()
    }

    #[test]
    fn broken_input_is_read_as_far_as_it_goes() {
        assert!(read_log(b"__CURSOR=1\nMESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xffabc").len() <= 1);
        assert_eq!(read_log(b"{\"MESSAGE\":\n").len(), 1);
        assert!(read_log(b"").is_empty());
    }
}
