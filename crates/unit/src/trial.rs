//! A unit as it would be with one more drop-in.

use crate::text::UnitText;
use crate::{Assignment, Unit};
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

impl Unit {
    /// The unit as if a drop-in of that name were installed beside its others: they apply in the order of their base names,
    /// and one of the same base name is replaced.
    #[must_use]
    pub fn with_drop_in(&self, file: impl Into<Arc<Path>>, text: impl Into<Vec<u8>>) -> Unit {
        let file = file.into();
        let text = UnitText::parse(file.clone(), text);
        let mut unit = self.clone();
        let name = base_name(&file).to_owned();
        unit.drop_ins.retain(|known| base_name(known) != name);
        let place = unit.drop_ins.partition_point(|known| base_name(known) < name.as_os_str());
        unit.drop_ins.insert(place, file.clone());

        // The new file's assignments stand where its place among the files is: after all of the files before it.
        let before: Vec<&Arc<Path>> = unit.fragment.iter().chain(&unit.drop_ins[..place]).collect();
        let stays = |a: &Assignment| {
            let file = &a.origin.file;
            (unit.drop_ins.contains(file) && base_name(file) != name) || unit.fragment.as_ref() == Some(file)
        };
        let (mut first, mut last) = (Vec::new(), Vec::new());
        for assignment in self.assignments.iter().filter(|a| stays(a)) {
            let early = before.contains(&&assignment.origin.file);
            if early { &mut first } else { &mut last }.push(assignment.clone());
        }
        first.extend(
            text.assignments().map(|s| Assignment { section: s.section.clone(), origin: s.origin.clone() }),
        );
        first.append(&mut last);
        unit.complaints.extend(text.complaints().to_vec());
        unit.complaints.extend(text.unknown_sections(unit.id.suffix()));
        unit.assignments = first;
        unit
    }
}

fn base_name(path: &Path) -> &OsStr {
    path.file_name().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Manager;
    use crate::UnitName;
    use crate::find::{Environment, Root, SearchPath, UnitTree};

    #[test]
    fn a_drop_in_takes_its_place_by_name_and_replaces_its_namesake() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("x.service", "[Service]\nUser=fragment\n");
        write("x.service.d/10-a.conf", "[Service]\nUser=a\n");
        write("x.service.d/50-b.conf", "[Service]\nUser=b\n");
        write("x.service.d/90-c.conf", "[Service]\nUser=c\n");
        let search = SearchPath::of_dirs(Root::system(), Manager::System, [dir.path().to_path_buf()]);
        let unit =
            UnitTree::open(search, Environment::of_process()).load(&UnitName::parse("x.service").unwrap());
        let users = |unit: &Unit| -> Vec<String> {
            unit.section("Service").map(|a| a.origin.value.to_string()).collect()
        };
        let tried = unit.with_drop_in(Path::new("/try/60-new.conf"), "[Service]\nUser=new\n");
        assert_eq!(users(&tried), ["fragment", "a", "b", "new", "c"]);
        let replaced = unit.with_drop_in(Path::new("/try/50-b.conf"), "[Service]\nUser=other\n");
        assert_eq!(users(&replaced), ["fragment", "a", "other", "c"]);
        let rewritten =
            unit.with_drop_in(dir.path().join("x.service.d/50-b.conf"), "[Service]\nUser=other\n");
        assert_eq!(users(&rewritten), ["fragment", "a", "other", "c"]);
    }
}
