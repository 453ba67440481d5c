//! Looking into programs: what they need to start.

use object::{Object, ObjectSection};
use ringfence_diagnose::Programs;
use ringfence_terms::AbsPath;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Files of this machine, or of the tree below `--root`.
pub struct OnDisk {
    root: PathBuf,
}

impl OnDisk {
    pub fn below(root: Option<&Path>) -> OnDisk {
        OnDisk { root: root.unwrap_or(Path::new("/")).to_path_buf() }
    }

    fn real(&self, path: &AbsPath) -> PathBuf {
        self.root.join(path.as_path().strip_prefix("/").unwrap_or(path.as_path()))
    }

    /// The libraries that a file names, in its own words, and where it says to look first.
    fn needs(&self, path: &AbsPath) -> Option<(Vec<String>, Vec<String>)> {
        let bytes = std::fs::read(self.real(path)).ok()?;
        let file = object::File::parse(&*bytes).ok()?;
        let strings = file.section_by_name(".dynstr")?.data().ok()?;
        let dynamic = file.section_by_name(".dynamic")?.data().ok()?;
        let (mut names, mut places) = (Vec::new(), Vec::new());
        for entry in dynamic.chunks_exact(16) {
            let number = |at: usize| {
                entry.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
            };
            let text = || {
                let start = usize::try_from(number(8)).ok()?;
                let rest = strings.get(start..)?;
                let end = rest.iter().position(|&b| b == 0)?;
                String::from_utf8(rest[..end].to_vec()).ok()
            };
            // DT_NEEDED, DT_RPATH, DT_RUNPATH (elf(5)).
            match number(0) {
                1 => names.extend(text()),
                15 | 29 => places.extend(text().iter().flat_map(|t| t.split(':')).map(str::to_owned)),
                _ => {}
            }
        }
        Some((names, places))
    }

    /// Where the loader looks: what the file says, then the directories of ld.so.conf, then its own (ld.so(8)). The cache
    /// holds nothing that is not in one of these.
    fn find(&self, name: &str, places: &[String], origin: &AbsPath) -> Option<AbsPath> {
        let own = origin.parent().map(|parent| parent.to_string()).unwrap_or_default();
        let configured = self.configured(Path::new("etc/ld.so.conf"), 0);
        let standard = ["/lib", "/usr/lib", "/lib64", "/usr/lib64"].map(str::to_owned);
        let said = places.iter().map(|place| place.replace("$ORIGIN", &own).replace("${ORIGIN}", &own));
        said.chain(configured)
            .chain(standard)
            .filter_map(|directory| AbsPath::parse(format!("{directory}/{name}")).ok())
            .find(|path| self.real(path).exists())
    }

    /// The directories of ld.so.conf, `include` followed.
    fn configured(&self, file: &Path, depth: u8) -> Vec<String> {
        let text = std::fs::read_to_string(self.root.join(file)).unwrap_or_default();
        let mut all = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line.strip_prefix("include ") {
                Some(pattern) if depth < 4 => {
                    let pattern = self.root.join(pattern.trim().trim_start_matches('/'));
                    for found in glob::glob(&pattern.to_string_lossy()).into_iter().flatten().flatten() {
                        let inside = found.strip_prefix(&self.root).unwrap_or(&found).to_path_buf();
                        all.extend(self.configured(&inside, depth + 1));
                    }
                }
                Some(_) => {}
                None => all.push(line.to_owned()),
            }
        }
        all
    }
}

impl Programs for OnDisk {
    fn interpreter(&self, program: &AbsPath) -> Option<AbsPath> {
        let bytes = std::fs::read(self.real(program)).ok()?;
        if let Some(rest) = bytes.strip_prefix(b"#!") {
            let line = rest.split(|&b| b == b'\n').next()?;
            let text = String::from_utf8_lossy(line);
            return AbsPath::parse(text.split_whitespace().next()?).ok();
        }
        let file = object::File::parse(&*bytes).ok()?;
        let section = file.section_by_name(".interp")?.data().ok()?;
        let text = section.split(|&b| b == 0).next()?;
        AbsPath::parse(std::str::from_utf8(text).ok()?).ok()
    }

    fn libraries(&self, program: &AbsPath) -> Vec<AbsPath> {
        let (mut found, mut pending) = (BTreeSet::new(), vec![program.clone()]);
        while let Some(file) = pending.pop() {
            let Some((names, places)) = self.needs(&file) else { continue };
            for path in names.iter().filter_map(|name| self.find(name, &places, &file)) {
                if found.insert(path.clone()) {
                    pending.push(path);
                }
            }
        }
        found.into_iter().collect()
    }
}
