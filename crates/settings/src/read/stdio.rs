//! `StandardInput=`, `StandardOutput=`, `StandardError=` and the data forms.

use super::{Line, Refusal, base64};
use crate::catalogue::Shown;
use crate::{InputSource, OutputTarget, Settings, Stdio};
use ringfence_terms::{AbsPath, Sourced};
use ringfence_unit::Specifiers;
use ringfence_unit::words::unescape_c;

/// The most that `StandardInputText=` and `StandardInputData=` may add up to (`EXEC_STDIN_DATA_MAX`).
const MOST_DATA: usize = 64 * 1024 * 1024;

/// One of the two output streams.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    Output,
    Error,
}

impl Stream {
    fn field(self, stdio: &mut Stdio) -> &mut Sourced<OutputTarget> {
        match self {
            Stream::Output => &mut stdio.output,
            Stream::Error => &mut stdio.error,
        }
    }
}

/// systemd: `config_parse_exec_input`.
pub(crate) fn input(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    let source = match line.value {
        "null" => InputSource::Null,
        "tty" | "tty-force" | "tty-fail" => InputSource::Tty,
        "data" => InputSource::Data,
        "socket" => InputSource::Socket,
        "fd" => InputSource::Fd("stdin".into()),
        other => {
            if let Some(name) = other.strip_prefix("fd:") {
                let Some(name) = descriptor_name(line, name, "stdin") else { return Ok(()) };
                InputSource::Fd(name)
            } else if let Some(path) = other.strip_prefix("file:") {
                let Some(path) = line.path(path) else { return Ok(()) };
                InputSource::File(path)
            } else {
                unknown(line, &["null", "tty", "data", "socket", "fd"]);
                return Ok(());
            }
        }
    };
    settings.stdio.input = line.sourced(source);
    Ok(())
}

/// systemd: `config_parse_exec_output`.
pub(crate) fn output(line: &mut Line<'_>, settings: &mut Settings, stream: Stream) -> Result<(), Refusal> {
    let own_name = match stream {
        Stream::Output => "stdout",
        Stream::Error => "stderr",
    };
    let target = match line.value {
        "inherit" => OutputTarget::Inherit,
        "null" => OutputTarget::Null,
        "tty" => OutputTarget::Tty,
        "journal" | "journal+console" => OutputTarget::Journal,
        "syslog" | "syslog+console" => {
            let message = format!("{} reads the old word `{}` as `journal`", line.name(), line.value);
            line.note(line.value, message, Some("remove the line".into()));
            OutputTarget::Journal
        }
        "kmsg" | "kmsg+console" => OutputTarget::Kmsg,
        "socket" => OutputTarget::Socket,
        "fd" => OutputTarget::Fd(own_name.into()),
        other => match other.split_once(':') {
            Some(("fd", name)) => match descriptor_name(line, name, own_name) {
                Some(name) => OutputTarget::Fd(name),
                None => return Ok(()),
            },
            Some((word @ ("file" | "append" | "truncate"), path)) => {
                let Some(path) = line.path(path) else { return Ok(()) };
                match word {
                    "file" => OutputTarget::File(path),
                    "append" => OutputTarget::Append(path),
                    _ => OutputTarget::Truncate(path),
                }
            }
            _ => {
                unknown(line, &["inherit", "null", "tty", "journal", "kmsg", "socket", "fd"]);
                return Ok(());
            }
        },
    };
    *stream.field(&mut settings.stdio) = line.sourced(target);
    Ok(())
}

fn unknown(line: &mut Line<'_>, words: &[&'static str]) {
    let message = match line.value {
        "" => format!("an empty value does not reset {} and changes nothing", line.name()),
        value => format!("`{value}` is no value of {}", line.name()),
    };
    let meant = crate::suggest::nearest(line.value, words.iter().copied())
        .map(|word| format!("did you mean `{word}`? "));
    let help = format!("{}write {}", meant.unwrap_or_default(), line.directive.kind.expected());
    line.warn(line.value, message, Some(help));
}

/// The name of a passed descriptor; the stream's own when there is none.
fn descriptor_name(line: &mut Line<'_>, name: &str, own: &str) -> Option<String> {
    let name = line.expand(name)?;
    if name.is_empty() {
        return Some(own.to_owned());
    }
    // systemd: `fdname_is_valid`
    if name.len() <= 255 && name.bytes().all(|b| (b' '..127).contains(&b) && b != b':') {
        return Some(name);
    }
    line.warn(&name, format!("{} ignores `{name}`: no file descriptor can be named so", line.name()), None);
    None
}

/// C escapes undone, specifiers replaced, a line break added (systemd: `config_parse_exec_input_text`).
pub(crate) fn input_text(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    if line.value.is_empty() {
        reset_data(&mut settings.stdio);
        return Ok(());
    }
    let text = match unescape_c(line.value, false).map(String::from_utf8) {
        Ok(Ok(text)) => text,
        Ok(Err(_)) => {
            line.warn(
                line.value,
                "StandardInputText= ignores text that is not UTF-8".into(),
                Some("use StandardInputData=".into()),
            );
            return Ok(());
        }
        Err(error) => {
            line.broken(line.value, error);
            return Ok(());
        }
    };
    if let Some(text) = line.expand(&text) {
        add_data(line, &mut settings.stdio, format!("{text}\n").as_bytes());
    }
    Ok(())
}

/// Base64 (systemd: `config_parse_exec_input_data`).
pub(crate) fn input_data(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    if line.value.is_empty() {
        reset_data(&mut settings.stdio);
        return Ok(());
    }
    match base64::decode(line.value) {
        Some(data) => add_data(line, &mut settings.stdio, &data),
        None => line.warn(line.value, "StandardInputData= ignores what is not valid base64".into(), None),
    }
    Ok(())
}

fn reset_data(stdio: &mut Stdio) {
    stdio.input_data.clear();
    stdio.input_data_lines.clear();
}

fn add_data(line: &mut Line<'_>, stdio: &mut Stdio, data: &[u8]) {
    if stdio.input_data.len() + data.len() > MOST_DATA {
        line.warn("", format!("{} ignores data beyond 64 MiB", line.name()), None);
        return;
    }
    stdio.input_data.extend_from_slice(data);
    stdio.input_data_lines.push(line.origin.clone());
}

pub(crate) fn show_input(settings: &Settings) -> Vec<Shown> {
    let field = &settings.stdio.input;
    let value = match &field.value {
        InputSource::Null => "null".into(),
        InputSource::Tty => "tty".into(),
        InputSource::Data => "data".into(),
        InputSource::Socket => "socket".into(),
        InputSource::File(path) => format!("file:{}", written(path)),
        InputSource::Fd(name) => format!("fd:{}", Specifiers::escape(name)),
    };
    vec![Shown { value, origin: field.origin.clone() }]
}

pub(crate) fn show_output(settings: &Settings, stream: Stream) -> Vec<Shown> {
    let field = match stream {
        Stream::Output => &settings.stdio.output,
        Stream::Error => &settings.stdio.error,
    };
    let value = match &field.value {
        OutputTarget::Inherit => "inherit".into(),
        OutputTarget::Null => "null".into(),
        OutputTarget::Tty => "tty".into(),
        OutputTarget::Journal => "journal".into(),
        OutputTarget::Kmsg => "kmsg".into(),
        OutputTarget::Socket => "socket".into(),
        OutputTarget::File(path) => format!("file:{}", written(path)),
        OutputTarget::Append(path) => format!("append:{}", written(path)),
        OutputTarget::Truncate(path) => format!("truncate:{}", written(path)),
        OutputTarget::Fd(name) => format!("fd:{}", Specifiers::escape(name)),
    };
    vec![Shown { value, origin: field.origin.clone() }]
}

fn written(path: &AbsPath) -> String {
    Specifiers::escape(&path.to_string())
}

/// The lines of one of the two data directives.
pub(crate) fn show_input_data(settings: &Settings, directive: &str) -> Vec<Shown> {
    let lines = settings.stdio.input_data_lines.iter().filter(|origin| *origin.directive == *directive);
    lines.map(|origin| Shown { value: origin.value.to_string(), origin: Some(origin.clone()) }).collect()
}
