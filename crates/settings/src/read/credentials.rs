//! `SetCredential=`, `LoadCredential=`, `ImportCredential=`.

use super::{Line, Refusal, base64, scalar::show_each};
use crate::catalogue::Shown;
use crate::{Credential, Settings};
use ringfence_terms::{AbsPath, Sourced};
use ringfence_unit::Specifiers;
use ringfence_unit::words::{Quoting, Words, unescape_c};

/// Which of the three lists of systemd a credential is in; each is reset on its own, and holds a name once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Set,
    Load,
    Import,
}

/// Whether the content is encrypted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Plain,
    Encrypted,
}

impl Family {
    fn of(entry: &Sourced<Credential>) -> Family {
        let directive = entry.origin.as_ref().map_or("", |origin| &*origin.directive);
        match &entry.value {
            Credential::Set { .. } => Family::Set,
            Credential::LoadFile { .. } | Credential::LoadByName { .. } => Family::Load,
            Credential::Import { .. } => Family::Import,
            Credential::Encrypted { .. } if directive.starts_with("Set") => Family::Set,
            Credential::Encrypted { .. } => Family::Load,
        }
    }
}

/// One credential a line (systemd: `config_parse_set_credential`, `config_parse_load_credential`,
/// `config_parse_import_credential`).
pub(crate) fn credential(
    line: &mut Line<'_>,
    settings: &mut Settings,
    family: Family,
    content: Content,
) -> Result<(), Refusal> {
    let all = &mut settings.credentials.all;
    if line.value.is_empty() {
        all.retain(|entry| Family::of(entry) != family);
        return Ok(());
    }
    let read = match family {
        Family::Set => set,
        Family::Load => load,
        Family::Import => import,
    };
    let Some(new) = read(line, content) else { return Ok(()) };
    let new = line.sourced(new);
    let same =
        |old: &&mut Sourced<Credential>| Family::of(old) == family && name(&old.value) == name(&new.value);
    match all.iter_mut().find(same) {
        // Of two imports of one kind the first stays.
        Some(_) if family == Family::Import => {}
        Some(old) => *old = new,
        None => all.push(new),
    }
    Ok(())
}

fn name(credential: &Credential) -> (&str, &str) {
    match credential {
        Credential::Set { name, .. }
        | Credential::LoadFile { name, .. }
        | Credential::LoadByName { name, .. }
        | Credential::Encrypted { name } => (name, ""),
        Credential::Import { glob, rename } => (glob, rename.as_deref().unwrap_or_default()),
    }
}

/// The first field, specifiers replaced and checked, and the text after the colon.
fn split<'a>(line: &mut Line<'a>, is_valid: fn(&str) -> bool) -> Option<(String, &'a str)> {
    let mut words = Words::new(line.value);
    let first = match words.next(&[':'], Quoting { keep_empty: true, ..Quoting::default() }) {
        Ok(first) => first.unwrap_or_default(),
        Err(error) => {
            line.broken(line.value, error);
            return None;
        }
    };
    let name = line.expand(&first)?;
    if !is_valid(&name) {
        line.warn(
            &first,
            format!("{} ignores the line: no credential can be named `{name}`", line.name()),
            None,
        );
        return None;
    }
    Some((name, words.rest().unwrap_or_default()))
}

fn set(line: &mut Line<'_>, content: Content) -> Option<Credential> {
    let (name, data) = split(line, is_name)?;
    if data.is_empty() {
        line.warn(
            line.value,
            format!("{} ignores the line: there is no content after the name", line.name()),
            Some("write `NAME:CONTENT`".into()),
        );
        return None;
    }
    match content {
        Content::Plain => match unescape_c(data, true) {
            Ok(data) => Some(Credential::Set { name, data }),
            Err(error) => {
                line.broken(data, error);
                None
            }
        },
        Content::Encrypted if base64::decode(data).is_some() => Some(Credential::Encrypted { name }),
        Content::Encrypted => {
            line.warn(
                data,
                format!("{} ignores the line: the content is not valid base64", line.name()),
                None,
            );
            None
        }
    }
}

fn load(line: &mut Line<'_>, content: Content) -> Option<Credential> {
    let (name, source) = split(line, is_name)?;
    let source = if source.is_empty() { name.clone() } else { line.expand(source)? };
    let is_path = source.starts_with('/');
    // Unlike elsewhere, a path that is not in its simplest spelling is refused (`path_is_normalized`).
    let path = AbsPath::parse(&source).ok().filter(|path| *path.to_string() == *source);
    if path.is_none() && (is_path || !is_name(&source)) {
        let message = format!(
            "{} ignores the line: `{source}` is neither an absolute path nor a credential's name",
            line.name()
        );
        line.warn(&source, message, None);
        return None;
    }
    Some(match (content, path) {
        (Content::Encrypted, _) => Credential::Encrypted { name },
        (Content::Plain, Some(path)) => Credential::LoadFile { name, path },
        (Content::Plain, None) => Credential::LoadByName { name, source },
    })
}

fn import(line: &mut Line<'_>, _: Content) -> Option<Credential> {
    let (glob, rename) = split(line, is_glob)?;
    if !rename.is_empty() && !is_name(rename) {
        line.warn(
            rename,
            format!("{} ignores the line: no credential can be named `{rename}`", line.name()),
            None,
        );
        return None;
    }
    Some(Credential::Import { glob, rename: (!rename.is_empty()).then(|| rename.to_owned()) })
}

/// systemd: `credential_name_valid`.
fn is_name(text: &str) -> bool {
    !matches!(text, "" | "." | "..")
        && text.len() <= 255
        && text.bytes().all(|b| (b' '..127).contains(&b) && !matches!(b, b'/' | b':'))
}

/// A name, or the beginning of one before `*` (systemd: `credential_glob_valid`).
fn is_glob(text: &str) -> bool {
    match text.strip_suffix('*') {
        Some("") => true,
        Some(prefix) => is_name(prefix) && !prefix.contains(['*', '?', '[', ']']),
        None => is_name(text) && !text.contains(['*', '?', '[', ']']),
    }
}

/// The entries of one directive.
pub(crate) fn show_credentials(settings: &Settings, directive: &str) -> Vec<Shown> {
    let of_directive = |entry: &&Sourced<Credential>| {
        entry.origin.as_ref().is_some_and(|origin| *origin.directive == *directive)
    };
    show_each(settings.credentials.all.iter().filter(of_directive), |credential| match credential {
        Credential::Set { name, data } => {
            format!("{}:{}", escaped(name), String::from_utf8_lossy(data).escape_default())
        }
        Credential::LoadFile { name, path } => {
            format!("{}:{}", escaped(name), Specifiers::escape(&path.to_string()))
        }
        Credential::LoadByName { name, source } => {
            format!("{}:{}", escaped(name), Specifiers::escape(source))
        }
        Credential::Import { glob, rename: Some(rename) } => format!("{}:{rename}", escaped(glob)),
        Credential::Import { glob, rename: None } => escaped(glob),
        Credential::Encrypted { name } => format!("{}:…", escaped(name)),
    })
}

fn escaped(name: &str) -> String {
    Specifiers::escape(name).replace('\\', "\\\\")
}
