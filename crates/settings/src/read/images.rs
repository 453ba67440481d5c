//! `MountImages=`, `ExtensionImages=`, `ExtensionDirectories=`: checked, and noted to be there.

use super::{Line, Refusal, line::UNQUOTED};
use crate::Settings;
use ringfence_terms::AbsPath;
use ringfence_unit::words::{Backslash, Quoting, Words};

/// What an entry is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// `[-]IMAGE:DESTINATION[:OPTIONS]`.
    Mount,
    /// `[-]IMAGE[:OPTIONS]`.
    Extension,
    /// `[-][+]DIRECTORY`.
    Directory,
}

const FIELD: Quoting =
    Quoting { unquote: false, backslash: Backslash::CAndSeparators, relax: false, keep_empty: false };

/// Keeps the line when one of its entries is good (systemd: `config_parse_mount_images`,
/// `config_parse_extension_images`, `config_parse_namespace_path_strv`).
pub(crate) fn images(line: &mut Line<'_>, settings: &mut Settings, entry: Entry) -> Result<(), Refusal> {
    let directive = line.directive;
    let of_directive = |origin: &ringfence_terms::Origin| *origin.directive == *directive.name;
    if line.value.is_empty() {
        settings.other.retain(|origin| !of_directive(origin));
    } else {
        let quoting = match entry {
            Entry::Directory => UNQUOTED,
            Entry::Mount | Entry::Extension => Quoting { backslash: Backslash::Kept, ..UNQUOTED },
        };
        let mut good = 0;
        for word in line.words(quoting) {
            good += usize::from(is_good(line, &word, entry));
        }
        if good > 0 {
            settings.other.push(line.origin.clone());
        }
    }
    let any = |names: &[&str]| settings.other.iter().any(|origin| names.contains(&&*origin.directive));
    settings.paths.mount_images = any(&["MountImages"]);
    settings.paths.extensions = any(&["ExtensionImages", "ExtensionDirectories"]);
    Ok(())
}

fn is_good(line: &mut Line<'_>, word: &str, entry: Entry) -> bool {
    let word_without_prefix = word.strip_prefix('-').unwrap_or(word);
    if entry == Entry::Directory {
        let path = word_without_prefix.strip_prefix('+').unwrap_or(word_without_prefix);
        return line.path(path).is_some();
    }
    let mut fields = Words::new(word_without_prefix);
    let mut next = || fields.next(&[':'], FIELD);
    let (image, destination) = match (next(), next()) {
        (Ok(image), Ok(destination)) => (image.unwrap_or_default(), destination),
        (Err(error), _) | (_, Err(error)) => {
            line.broken(word, error);
            return false;
        }
    };
    let Some(path) = line.path(&image) else { return false };
    if is_kernels_own(line, &path, entry) {
        return false;
    }
    match (entry, destination) {
        (Entry::Mount, None) => {
            let message = format!("{} ignores `{word}`: there is no destination", line.name());
            line.warn(word, message, Some("write `IMAGE:DESTINATION`".into()));
            false
        }
        (Entry::Mount, Some(destination)) => {
            line.path(&destination).is_some_and(|path| !is_kernels_own(line, &path, entry))
        }
        _ => true,
    }
}

/// Whether a path is in a file system of the kernel's own, where there are no images; devices may be images too.
fn is_kernels_own(line: &mut Line<'_>, path: &AbsPath, entry: Entry) -> bool {
    let places: &[&str] = if entry == Entry::Mount { &["/proc", "/sys"] } else { &["/proc", "/sys", "/dev"] };
    let within = places.iter().any(|place| path.as_path().starts_with(place));
    if within {
        let message =
            format!("{} ignores `{path}`, which is in one of the kernel's own file systems", line.name());
        line.warn(&path.to_string(), message, None);
    }
    within
}
