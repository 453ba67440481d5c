//! Carrying fixes out: on the texts of files, or as a drop-in for files that belong to a package.

use crate::finding::{Edit, Fix};
use ringfence_settings::catalogue::{self, Directive, Merge, Section};
use ringfence_terms::Origin;
use ringfence_unit::Unit;
use ringfence_unit::text::{DropIn, UnitText, Unwritable};
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Why a fix cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfixable {
    /// The new text cannot be written.
    Unwritable(Unwritable),
    /// The line is not in the file that was handed in.
    NoSuchLine(Arc<Path>, u32),
    /// A drop-in cannot take this line back; only the file itself can be changed.
    NotByDropIn(Arc<Path>, u32),
}

impl fmt::Display for Unfixable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfixable::Unwritable(error) => error.fmt(f),
            Unfixable::NoSuchLine(file, line) => {
                write!(f, "{}:{line} is not there any more; run lint again", file.display())
            }
            Unfixable::NotByDropIn(file, line) => {
                write!(f, "{}:{line} belongs to a package, and no drop-in can take it back", file.display())
            }
        }
    }
}

impl std::error::Error for Unfixable {}

impl From<Unwritable> for Unfixable {
    fn from(error: Unwritable) -> Unfixable {
        Unfixable::Unwritable(error)
    }
}

/// Changes the texts of files. Comments, order and all other lines stay as they are.
///
/// A fix for a line that an earlier one has changed already is left out; the next run finds it again, if it still
/// applies.
pub fn fix_files(texts: &mut [UnitText], fixes: &[&Fix]) -> Result<(), Unfixable> {
    let chosen = without_overlap(fixes);
    let mut edits: Vec<&Edit> = chosen.iter().flat_map(|fix| &fix.edits).collect();
    // From the bottom up, so that the numbers of lines above stay right; a line that comes after another one first.
    let rank = |edit: &Edit| matches!(edit, Edit::Insert { .. });
    edits.sort_by(|a, b| b.place().cmp(&a.place()).then_with(|| rank(b).cmp(&rank(a))));
    let mut moved = Vec::new();
    for edit in edits {
        let (file, line) = edit.place();
        let missing = || Unfixable::NoSuchLine(file.clone(), line);
        let text = texts.iter_mut().find(|text| text.file() == file).ok_or_else(missing)?;
        let item = text.item_at_line(line).ok_or_else(missing)?;
        let setting = text.setting(item).ok_or_else(missing)?.clone();
        match edit {
            Edit::Replace { directive, value, .. } => {
                if **directive == *setting.origin.directive {
                    text.replace_value(item, value)?;
                } else {
                    text.insert_after(item, directive, value)?;
                    text.remove(item);
                }
            }
            Edit::Remove { .. } => text.remove(item),
            Edit::Insert { directive, value, .. } => text.insert_after(item, directive, value)?,
            Edit::Move { section, .. } => {
                text.remove(item);
                moved.push((file, section, setting.origin));
            }
        }
    }
    // Another section may lie above, so lines come there only when no number of a line is needed any more.
    for (file, section, origin) in moved.into_iter().rev() {
        if let Some(text) = texts.iter_mut().find(|text| text.file() == file) {
            text.append(section, &origin.directive, &origin.value)?;
        }
    }
    Ok(())
}

/// A drop-in that brings about what the fixes would, without a change of the files themselves.
pub fn fix_in_drop_in(unit: &Unit, fixes: &[&Fix]) -> Result<DropIn, Unfixable> {
    let mut drop_in = DropIn::new("Written by ringfence lint --fix");
    let chosen = without_overlap(fixes);
    let edits: Vec<&Edit> = chosen.iter().flat_map(|fix| &fix.edits).collect();
    let mut relisted = BTreeSet::new();
    let mut added: Vec<(&str, &str, &str)> = Vec::new();
    for edit in &edits {
        let (file, line) = edit.place();
        let impossible = || Unfixable::NotByDropIn(file.clone(), line);
        let assignment = unit
            .assignments
            .iter()
            .find(|a| a.origin.file == *file && a.origin.line == line)
            .ok_or_else(|| Unfixable::NoSuchLine(file.clone(), line))?;
        let section = &*assignment.section;
        let known = |name: &str| Section::from_name(section).and_then(|s| catalogue::find(s, name));
        let value = match edit {
            Edit::Insert { directive, value, .. } => {
                added.push((section, directive, value));
                continue;
            }
            Edit::Move { section, .. } => {
                added.push((section, &assignment.origin.directive, &assignment.origin.value));
                continue;
            }
            Edit::Remove { .. } => None,
            Edit::Replace { directive, value, .. } => Some((directive.as_str(), value.as_str())),
        };
        let Some(directive) = known(&assignment.origin.directive) else {
            // A line that systemd ignores may stay.
            let (name, value) = value.ok_or_else(impossible)?;
            added.push((section, name, value));
            continue;
        };
        let value = match value {
            Some((name, value)) if !shares_list(name, directive) => {
                added.push((section, name, value));
                None
            }
            value => value,
        };
        match (directive.merge, value) {
            (Merge::Last | Merge::LastOrUnset, Some((name, value))) => drop_in.set(section, name, value)?,
            (Merge::LastOrUnset, None) => drop_in.set(section, directive.name, "")?,
            (Merge::List | Merge::Signed, _) => {
                if relisted.insert((section.to_owned(), directive.name)) {
                    relist(&mut drop_in, unit, section, directive, &edits)?;
                }
            }
            _ => return Err(impossible()),
        }
    }
    for (section, name, value) in added {
        drop_in.set(section, name, value)?;
    }
    Ok(drop_in)
}

/// Starts a list over, and gives it all of its lines as they are with the edits.
fn relist(
    drop_in: &mut DropIn,
    unit: &Unit,
    section: &str,
    directive: &'static Directive,
    edits: &[&Edit],
) -> Result<(), Unfixable> {
    let mut lines: Vec<(String, String)> = Vec::new();
    for assignment in unit.section(section).filter(|a| shares_list(&a.origin.directive, directive)) {
        let origin = &assignment.origin;
        let mut current = Some(line_of(origin));
        for edit in edits.iter().filter(|edit| edit.place() == (&origin.file, origin.line)) {
            match edit {
                Edit::Replace { directive: name, value, .. } if shares_list(name, directive) => {
                    current = Some((name.clone(), value.clone()));
                }
                Edit::Replace { .. } | Edit::Remove { .. } | Edit::Move { .. } => current = None,
                Edit::Insert { .. } => {}
            }
        }
        match current {
            Some((_, value)) if value.is_empty() => lines.clear(),
            Some(line) => lines.push(line),
            None => {}
        }
    }
    drop_in.set(section, directive.name, "")?;
    for (name, value) in lines {
        drop_in.set(section, &name, &value)?;
    }
    Ok(())
}

fn line_of(origin: &Origin) -> (String, String) {
    (origin.directive.to_string(), origin.value.to_string())
}

/// Whether a name is that of this directive, or of one that an empty assignment of it resets too.
fn shares_list(name: &str, directive: &Directive) -> bool {
    let binds = ["BindPaths", "BindReadOnlyPaths"];
    name == directive.name
        || directive.spellings.contains(&name)
        || (binds.contains(&name) && binds.contains(&directive.name))
}

/// The fixes of which no line is changed by one before; lines may be added after it.
fn without_overlap<'f>(fixes: &[&'f Fix]) -> Vec<&'f Fix> {
    let mut taken = BTreeSet::new();
    let mut chosen: Vec<&Fix> = Vec::new();
    for fix in fixes {
        let changes = fix.edits.iter().filter(|edit| !matches!(edit, Edit::Insert { .. }));
        let places: Vec<_> = changes.map(Edit::place).collect();
        if places.iter().all(|place| !taken.contains(place)) {
            taken.extend(places);
            chosen.push(fix);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use crate::testing::{findings, unit};
    use ringfence_unit::Manager;

    fn drop_in(lines: &str) -> Result<String, String> {
        let text = format!("[Service]\nExecStart=/usr/bin/app\n{}\n", lines.replace("; ", "\n"));
        let (unit, _) = unit(&[("/etc/systemd/system/app.service", &text)], Manager::System);
        let all = findings(&text);
        let fixes: Vec<_> = all.iter().filter_map(|finding| finding.fix.as_ref()).collect();
        super::fix_in_drop_in(&unit, &fixes).map(|d| d.to_string()).map_err(|e| e.to_string())
    }

    #[test]
    fn a_list_starts_over_and_keeps_its_other_lines() {
        assert_eq!(
            drop_in("ReadOnlyPaths=/data; ReadOnlyDirectories=/srv/app /srv/www").as_deref(),
            Ok("# Written by ringfence lint --fix\n\n[Service]\nReadOnlyPaths=\nReadOnlyPaths=/data\n\
                ReadOnlyPaths=/srv/app /srv/www\n")
        );
    }

    #[test]
    fn what_is_meant_is_added() {
        assert_eq!(
            drop_in("PrivateTemp=yes; NoExecPaths=/srv; ReadOnlyPaths=/").as_deref(),
            Ok("# Written by ringfence lint --fix\n\n[Service]\nPrivateTmp=yes\nBindReadOnlyPaths=/srv\n")
        );
    }

    #[test]
    fn what_cannot_be_taken_back_is_said() {
        let error = drop_in("UMask=022; UMask=027").unwrap_err();
        assert!(error.ends_with("no drop-in can take it back"), "{error}");
    }
}
