//! `lint --fix`: carrying fixes out, on the files themselves or as drop-ins.

use super::{Args, Linted};
use crate::context::Context;
use crate::failure::Failure;
use ringfence_lint::{Finding, Fix, Trust, fix_files, fix_in_drop_in};
use ringfence_unit::Unit;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The name of the drop-in for what cannot be changed in its own file.
const DROP_IN: &str = "60-ringfence-lint.conf";

/// Carries out what can be, and says what was done. Whether anything was.
pub fn carry_out(all: &[Linted], args: &Args, context: &Context) -> Result<bool, Failure> {
    let mut changed = false;
    for (linted, named) in all.iter().zip(args.units.iter().map(Some).chain(std::iter::repeat(None))) {
        let by_path = named.is_some_and(|text| text.contains('/'));
        changed |= one(linted, args.suggested, by_path, context)?;
    }
    Ok(changed)
}

/// Carries out one unit's fixes.
fn one(linted: &Linted, suggested: bool, by_path: bool, context: &Context) -> Result<bool, Failure> {
    let trusted = |fix: &&Fix| suggested || fix.trust == Trust::Safe;
    let fixes: Vec<&Fix> =
        linted.findings.iter().filter_map(|f: &Finding| f.fix.as_ref()).filter(trusted).collect();
    let packaged = |fix: &&&Fix| {
        !by_path && fix.edits.iter().any(|edit| is_packaged(edit.place().0, context.root.as_deref()))
    };
    let (foreign, own): (Vec<&Fix>, Vec<&Fix>) = fixes.iter().partition(packaged);
    let mut changed = false;
    if !own.is_empty() {
        let mut texts = linted.texts.clone();
        fix_files(&mut texts, &own).map_err(Failure::input)?;
        for (new, old) in texts.iter().zip(&linted.texts) {
            if new.as_bytes() != old.as_bytes() {
                replace(new.file(), old.as_bytes(), new.as_bytes())?;
                context.note(format_args!("changed {}", new.file().display()));
            }
        }
        changed = true;
    }
    // Each by itself: one that no drop-in can bring about must not keep the others from it.
    let (possible, impossible): (Vec<&Fix>, Vec<&Fix>) =
        foreign.into_iter().partition(|fix| fix_in_drop_in(&linted.unit, &[fix]).is_ok());
    for fix in impossible {
        let places: Vec<String> =
            fix.edits.iter().map(|e| format!("{}:{}", e.place().0.display(), e.place().1)).collect();
        context.note(format_args!("not fixed, as no drop-in can: {} ({})", fix.title, places.join(", ")));
    }
    if !possible.is_empty() {
        let drop_in = fix_in_drop_in(&linted.unit, &possible).map_err(Failure::input)?;
        let file = drop_in_path(&linted.unit, context)?;
        if let Some(dir) = file.parent() {
            fs::create_dir_all(dir).map_err(|e| cannot("make", dir, &e))?;
        }
        write(&file, &beside_what_is_there(&file, &drop_in.to_string())?, None)?;
        context.note(format_args!("wrote {}", file.display()));
        changed = true;
    }
    Ok(changed)
}

/// The new drop-in after what an earlier run has written. Somebody else's file of that name is left alone.
fn beside_what_is_there(file: &Path, drop_in: &str) -> Result<Vec<u8>, Failure> {
    let mut text = match fs::read(file) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(drop_in.into()),
        Err(e) => return Err(cannot("read", file, &e)),
    };
    let (heading, lines) = drop_in.split_once('\n').unwrap_or((drop_in, ""));
    if !text.starts_with(heading.as_bytes()) {
        return Err(Failure::input(format!(
            "{} is there already, and not written by lint --fix",
            file.display()
        ))
        .hint("give it another name, and run lint --fix again"));
    }
    text.extend_from_slice(lines.as_bytes());
    Ok(text)
}

/// Whether a file belongs to a package or a generator, so that a change would not last.
fn is_packaged(file: &Path, root: Option<&Path>) -> bool {
    let root = root.and_then(|root| std::path::absolute(root).ok());
    let inside = match root.as_deref().and_then(|root| file.strip_prefix(root).ok()) {
        Some(inside) => Path::new("/").join(inside),
        None => file.to_path_buf(),
    };
    let local = inside.starts_with("/usr/local");
    !local && ["/usr", "/lib", "/run"].iter().any(|dir| inside.starts_with(dir))
}

fn drop_in_path(unit: &Unit, context: &Context) -> Result<PathBuf, Failure> {
    let dir = match unit.manager {
        ringfence_unit::Manager::System => "/etc/systemd/system",
        ringfence_unit::Manager::User => "/etc/systemd/user",
    };
    let inside = Path::new(dir).join(format!("{}.d", unit.id)).join(DROP_IN);
    Ok(context.tree()?.outside(&inside))
}

/// Gives a file new contents at once or not at all. It keeps its mode and owner; a symlink stays one.
fn replace(file: &Path, old: &[u8], new: &[u8]) -> Result<(), Failure> {
    let real = file.canonicalize().map_err(|e| cannot("change", file, &e))?;
    let current = fs::read(&real).map_err(|e| cannot("read", &real, &e))?;
    if current != old {
        return Err(
            Failure::input(format!("{} has changed meanwhile", real.display())).hint("run lint again")
        );
    }
    let meta = fs::metadata(&real).map_err(|e| cannot("read", &real, &e))?;
    write(&real, new, Some(&meta))
}

fn write(file: &Path, bytes: &[u8], like: Option<&fs::Metadata>) -> Result<(), Failure> {
    let dir = file.parent().unwrap_or(Path::new("/"));
    let result = || -> std::io::Result<()> {
        let mut new = tempfile::Builder::new().prefix(".ringfence-").tempfile_in(dir)?;
        new.write_all(bytes)?;
        let mode = like.map_or(0o644, |meta| meta.mode() & 0o7777);
        if let Some(meta) = like {
            std::os::unix::fs::fchown(new.as_file(), Some(meta.uid()), Some(meta.gid()))?;
        }
        new.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
        new.as_file().sync_all()?;
        new.persist(file)?;
        Ok(())
    };
    result().map_err(|error| cannot("write", file, &error))
}

fn cannot(what: &str, file: &Path, error: &std::io::Error) -> Failure {
    Failure::input(format!("cannot {what} {}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_a_package() {
        assert!(is_packaged(Path::new("/usr/lib/systemd/system/a.service"), None));
        assert!(is_packaged(Path::new("/run/systemd/generator/a.service"), None));
        assert!(!is_packaged(Path::new("/etc/systemd/system/a.service"), None));
        assert!(!is_packaged(Path::new("/usr/local/lib/systemd/system/a.service"), None));
        assert!(is_packaged(Path::new("/tree/usr/lib/systemd/system/a.service"), Some(Path::new("/tree"))));
    }
}
