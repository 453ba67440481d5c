//! Reading logs: the journal's export format and JSON (systemd.journal-fields(7)), and plain text of any kind.

use serde_json::Value;

/// One message of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The unit that it belongs to, where the log tells.
    pub unit: Option<String>,
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

fn json(text: &str) -> Vec<Entry> {
    let objects = serde_json::Deserializer::from_str(text).into_iter::<Value>().filter_map(Result::ok);
    objects
        .flat_map(|value| match value {
            Value::Array(all) => all,
            one => vec![one],
        })
        .filter_map(|object| {
            let field = |name: &str| text_of(object.get(name)?);
            let message = field("MESSAGE")?;
            let unit = field("UNIT").or_else(|| field("_SYSTEMD_UNIT")).or_else(|| field("USER_UNIT"));
            Some(Entry { unit, line: message.clone(), message })
        })
        .collect()
}

/// A field's text; the journal writes what is no UTF-8 as an array of bytes.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(bytes) => {
            let bytes: Vec<u8> = bytes.iter().filter_map(|b| u8::try_from(b.as_u64()?).ok()).collect();
            Some(String::from_utf8_lossy(&bytes).into_owned())
        }
        _ => None,
    }
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
            entries.push(Entry { unit, line: done.message.clone(), message: done.message });
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
            _ => {}
        }
    }
    finish(&mut entry, &mut system);
    entries
}

/// `Nov 21 19:47:00 host program[12]: message`, or any other text.
fn plain(line: &str) -> Entry {
    let message = match line.find("]: ").or_else(|| line.find(": ")) {
        Some(at) if line[..at].split_whitespace().count() >= 4 && looks_like_a_date(line) => {
            line[at..].trim_start_matches("]").trim_start_matches(": ").to_owned()
        }
        _ => line.to_owned(),
    };
    Entry { unit: unit_of(&message), line: line.to_owned(), message }
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
