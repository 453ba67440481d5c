use super::*;
use crate::Manager;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

/// A system tree in a temporary directory.
struct Tree {
    dir: tempfile::TempDir,
}

const GOOD: &str = "[Service]\nExecStart=/bin/true\n";

impl Tree {
    fn new() -> Tree {
        Tree { dir: tempfile::tempdir().unwrap() }
    }

    fn at(&self, path: &str) -> PathBuf {
        let path = self.dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    /// A file; one that says who it is, when it has no text of its own.
    fn file(&self, path: &str, text: &str) -> &Self {
        fs::write(self.at(path), text).unwrap();
        self
    }

    fn unit(&self, path: &str) -> &Self {
        self.file(path, &format!("[Service]\nFrom={path}\n"))
    }

    fn link(&self, path: &str, target: &str) -> &Self {
        symlink(target, self.at(path)).unwrap();
        self
    }

    fn open(&self) -> UnitTree {
        let root = Root::new(self.dir.path()).unwrap();
        let environment = Environment::default();
        UnitTree::open(SearchPath::of_systemd(root, Manager::System, &environment), environment)
    }

    fn load(&self, name: &str) -> Unit {
        self.open().load(&UnitName::parse(name).unwrap())
    }

    /// A path as it is inside the tree.
    fn inside(&self, path: &Path) -> String {
        path.strip_prefix(self.dir.path()).unwrap().display().to_string()
    }

    #[track_caller]
    fn check(&self, name: &str, state: LoadState, fragment: &str, names: &[&str]) {
        let unit = self.load(name);
        assert_eq!(unit.state, state, "{name}: {:?}", unit.complaints);
        let found = unit.fragment.as_deref().map(|path| self.inside(path)).unwrap_or_default();
        assert_eq!(found, fragment, "{name}");
        let mut all = vec![unit.id.to_string()];
        all.extend(unit.aliases.iter().map(UnitName::to_string));
        assert_eq!(all, names, "{name}: the id and the aliases");
    }

    /// The drop-ins, by the search directory's first component, the directory and the file.
    #[track_caller]
    fn check_drop_ins(&self, name: &str, expected: &[&str]) {
        let unit = self.load(name);
        let shown: Vec<String> = unit
            .drop_ins
            .iter()
            .map(|path| {
                let inside = self.inside(path);
                let parts: Vec<&str> = inside.split('/').collect();
                format!("{}:{}/{}", parts[0], parts[parts.len() - 2], parts[parts.len() - 1])
            })
            .collect();
        assert_eq!(shown, expected, "{name}: {:?}", unit.complaints);
        let from = unit.section("Service").skip(1).map(|a| a.origin.value.to_string()).collect::<Vec<_>>();
        let read = unit.drop_ins.iter().map(|path| self.inside(path)).filter(|path| {
            fs::metadata(self.dir.path().join(path)).is_ok_and(|meta| meta.is_file() && meta.len() > 0)
        });
        assert_eq!(from, read.collect::<Vec<_>>(), "assignments follow the order of the files");
    }
}

use LoadState::{Error, Loaded, Masked, NotFound};

#[test]
fn the_first_directory_wins() {
    let tree = Tree::new();
    tree.unit("usr/lib/systemd/system/a.service").check(
        "a.service",
        Loaded,
        "usr/lib/systemd/system/a.service",
        &["a.service"],
    );
    tree.unit("run/systemd/system/a.service").unit("etc/systemd/system/a.service");
    tree.check("a.service", Loaded, "etc/systemd/system/a.service", &["a.service"]);
    tree.unit("run/systemd/transient/a.service");
    tree.check("a.service", Loaded, "run/systemd/transient/a.service", &["a.service"]);
    assert_eq!(tree.load("a.service").assignments.len(), 1, "files of the same name lower down are ignored");
    tree.check("b.service", NotFound, "", &["b.service"]);
}

#[test]
fn a_link_into_the_search_path_is_an_alias() {
    let tree = Tree::new();
    tree.unit("usr/lib/systemd/system/a.service")
        .link("etc/systemd/system/b.service", "/usr/lib/systemd/system/a.service")
        .link("etc/systemd/system/c.service", "b.service")
        // It dangles, but its target's name is in the search path.
        .link("run/systemd/system/d.service", "../../../etc/systemd/system/a.service");
    for name in ["a.service", "b.service", "c.service", "d.service"] {
        let names = ["a.service", "b.service", "c.service", "d.service"];
        tree.check(name, Loaded, "usr/lib/systemd/system/a.service", &names);
    }
    assert_eq!(tree.load("c.service").specifiers.expand("%n").as_deref(), Ok("a.service"));
}

#[test]
fn search_directories_may_be_links_themselves() {
    let tree = Tree::new();
    tree.unit("store/units/a.service")
        .link("store/units/b.service", "a.service")
        .link("etc/systemd/system", "/store/units");
    tree.check("b.service", Loaded, "etc/systemd/system/a.service", &["a.service", "b.service"]);
}

#[test]
fn a_link_out_of_the_search_path_is_a_unit_of_its_own_name() {
    let tree = Tree::new();
    tree.unit("opt/x/real.service")
        .link("etc/systemd/system/a.service", "/opt/x/real.service")
        .link("etc/systemd/system/gone.service", "/opt/gone.service");
    tree.check("a.service", Loaded, "etc/systemd/system/a.service", &["a.service"]);
    assert_eq!(
        tree.load("a.service").specifiers.expand("%y %Y").as_deref(),
        Ok("/opt/x/real.service /opt/x")
    );
    tree.check("real.service", NotFound, "", &["real.service"]);
    tree.check("gone.service", NotFound, "", &["gone.service"]);
    assert_eq!(tree.load("gone.service").complaints.len(), 1);
}

#[test]
fn links_to_dev_null_and_empty_files_mask() {
    let tree = Tree::new();
    tree.unit("usr/lib/systemd/system/a.service")
        .unit("usr/lib/systemd/system/b.service")
        .link("etc/systemd/system/a.service", "/dev/null")
        .file("etc/systemd/system/b.service", "")
        .link("etc/systemd/system/c.service", "a.service")
        .unit("etc/systemd/system/a.service.d/x.conf");
    tree.check("a.service", Masked, "etc/systemd/system/a.service", &["a.service"]);
    tree.check("b.service", Masked, "etc/systemd/system/b.service", &["b.service"]);
    tree.check("c.service", Masked, "etc/systemd/system/a.service", &["a.service", "c.service"]);
    let unit = tree.load("a.service");
    assert!(unit.assignments.is_empty() && unit.drop_ins.is_empty(), "nothing of a masked unit is read");
}

#[test]
fn an_instances_own_file_beats_its_template_in_any_directory() {
    let tree = Tree::new();
    tree.unit("etc/systemd/system/a@.service").unit("usr/lib/systemd/system/a@i.service");
    tree.check("a@i.service", Loaded, "usr/lib/systemd/system/a@i.service", &["a@i.service"]);
    tree.check("a@j.service", Loaded, "etc/systemd/system/a@.service", &["a@j.service"]);
    tree.check("a@.service", Loaded, "etc/systemd/system/a@.service", &["a@.service"]);
    assert_eq!(tree.load("a@j.service").specifiers.expand("%n %i").as_deref(), Ok("a@j.service j"));
}

/// The cases that the comment in `unit_file_find_fragment` lists.
#[test]
fn templates_have_aliases_too() {
    let tree = Tree::new();
    let system = "usr/lib/systemd/system";
    tree.unit(&format!("{system}/foo@.service"))
        .unit(&format!("{system}/foo@inst.service"))
        .link(&format!("{system}/foo-alias@.service"), "foo@.service")
        .link(&format!("{system}/foo-alias@inst.service"), "foo@inst.service")
        .link(&format!("{system}/one@x.service"), "foo@.service");
    let template = "usr/lib/systemd/system/foo@.service";
    for name in ["foo@.service", "foo-alias@.service"] {
        tree.check(name, Loaded, template, &["foo@.service", "foo-alias@.service"]);
    }
    for name in ["foo@bar.service", "foo-alias@bar.service"] {
        tree.check(name, Loaded, template, &["foo@bar.service", "foo-alias@bar.service"]);
    }
    let instance = "usr/lib/systemd/system/foo@inst.service";
    tree.check("foo-alias@inst.service", Loaded, instance, &["foo@inst.service", "foo-alias@inst.service"]);
    let names = ["foo@x.service", "foo-alias@x.service", "one@x.service"];
    tree.check("one@x.service", Loaded, template, &names);
    tree.check("one@y.service", NotFound, "", &["one@y.service"]);
}

#[test]
fn links_that_mix_kinds_are_passed_over() {
    let tree = Tree::new();
    let system = "usr/lib/systemd/system";
    tree.unit(&format!("{system}/a.service")).unit(&format!("{system}/t@.service"));
    for (name, target) in [
        ("plain.service", "t@.service"),
        ("u@.service", "a.service"),
        ("v@i.service", "t@j.service"),
        ("w.service", "a.socket"),
        ("x.service", "a.txt"),
        ("y.mount", "z.mount"),
    ] {
        tree.link(&format!("{system}/{name}"), target);
        let unit = tree.load(name);
        assert_eq!(unit.state, NotFound, "{name}");
        assert_eq!(unit.complaints.len(), 1, "{name}");
    }
    // The search goes on below, also behind a link to the very same name.
    tree.unit("etc/systemd/system/b.service")
        .link("etc/systemd/system.control/b.service", "/etc/systemd/system/t@.service");
    tree.link("etc/systemd/system.control/a.service", "/usr/lib/systemd/system/a.service");
    tree.check("b.service", Loaded, "etc/systemd/system/b.service", &["b.service"]);
    tree.check("a.service", Loaded, "usr/lib/systemd/system/a.service", &["a.service"]);
    assert!(tree.load("a.service").complaints.is_empty());
}

#[test]
fn links_in_a_circle_lead_nowhere() {
    let tree = Tree::new();
    tree.link("etc/systemd/system/a.service", "b.service").link("etc/systemd/system/b.service", "a.service");
    tree.check("a.service", NotFound, "", &["a.service"]);
    assert_eq!(tree.load("a.service").complaints.len(), 1);
    tree.link("etc/systemd/system/c.service", "d.service").check("c.service", NotFound, "", &["c.service"]);
}

#[test]
fn drop_ins_without_a_fragment_are_nothing() {
    let tree = Tree::new();
    tree.unit("etc/systemd/system/a.service.d/x.conf").check("a.service", NotFound, "", &["a.service"]);
}

#[test]
fn drop_ins_of_all_eight_kinds_and_the_type() {
    let tree = Tree::new();
    let system = "usr/lib/systemd/system";
    tree.unit(&format!("{system}/a-b-c@.service"));
    let kinds = [
        "a-b-c@i.service",
        "a-b-c@.service",
        "a-b-.service",
        "a-.service",
        "a-b-@i.service",
        "a-b-@.service",
        "a-@i.service",
        "a-@.service",
        "service",
    ];
    for (number, kind) in kinds.iter().enumerate() {
        // In each but the first there is also a file that the one before hides.
        tree.unit(&format!("etc/systemd/system/{kind}.d/{number}.conf"));
        tree.unit(&format!("etc/systemd/system/{kind}.d/{}.conf", number + 1));
    }
    let mut expected: Vec<String> =
        kinds.iter().enumerate().map(|(number, kind)| format!("etc:{}.d/{number}.conf", kind)).collect();
    for (number, shown) in expected.iter_mut().enumerate().skip(1) {
        *shown = format!("etc:{}.d/{number}.conf", kinds[number - 1]);
    }
    expected.push("etc:service.d/9.conf".to_owned());
    tree.check_drop_ins("a-b-c@i.service", &expected.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn drop_ins_apply_in_the_order_of_their_names_wherever_they_are() {
    let tree = Tree::new();
    tree.unit("usr/lib/systemd/system/a-b.service")
        .unit("etc/systemd/system/service.d/60-x.conf")
        .unit("usr/lib/systemd/system/a-b.service.d/50-x.conf")
        .unit("etc/systemd/system/a-.service.d/70-x.conf")
        .unit("run/systemd/system/a-b.service.d/70-x.conf")
        .unit("etc/systemd/system/a-b.service.d/.hidden.conf")
        .unit("etc/systemd/system/a-b.service.d/README");
    // The search directory counts before how specific the name is.
    tree.check_drop_ins(
        "a-b.service",
        &["usr:a-b.service.d/50-x.conf", "etc:service.d/60-x.conf", "etc:a-.service.d/70-x.conf"],
    );
}

#[test]
fn drop_ins_can_be_masked_but_not_by_the_types() {
    let tree = Tree::new();
    tree.unit("usr/lib/systemd/system/a.service")
        .unit("usr/lib/systemd/system/a.service.d/1.conf")
        .unit("usr/lib/systemd/system/a.service.d/2.conf")
        .unit("usr/lib/systemd/system/a.service.d/3.conf")
        .unit("usr/lib/systemd/system/a.service.d/4.conf")
        .link("etc/systemd/system/a.service.d/1.conf", "/dev/null")
        .file("etc/systemd/system/a.service.d/2.conf", "")
        .file("etc/systemd/system/service.d/3.conf", "")
        .link("etc/systemd/system/a.service.d/4.conf", "/nowhere");
    tree.check_drop_ins(
        "a.service",
        &[
            "etc:a.service.d/1.conf",
            "etc:a.service.d/2.conf",
            "usr:a.service.d/3.conf",
            "etc:a.service.d/4.conf",
        ],
    );
    let complaints = tree.load("a.service").complaints;
    assert_eq!(complaints.len(), 1, "a link to nowhere hides, and is complained about: {complaints:?}");
}

#[test]
fn drop_ins_of_aliases_count() {
    let tree = Tree::new();
    tree.unit("usr/lib/systemd/system/a.service")
        .link("etc/systemd/system/b.service", "/usr/lib/systemd/system/a.service")
        .unit("usr/lib/systemd/system/a.service.d/1.conf")
        .unit("etc/systemd/system/b.service.d/1.conf")
        .unit("etc/systemd/system/b.service.d/2.conf")
        .unit("etc/systemd/system/service.d/2.conf");
    for name in ["a.service", "b.service"] {
        tree.check_drop_ins(name, &["usr:a.service.d/1.conf", "etc:b.service.d/2.conf"]);
    }
}

#[test]
fn linked_drop_in_directories_count_where_systemd_sees_them() {
    let tree = Tree::new();
    tree.unit("usr/lib/systemd/system/a.service")
        .unit("opt/drop/1.conf")
        .link("etc/systemd/system/a.service.d", "/opt/drop")
        .unit("usr/lib/systemd/system/b.service")
        .link("etc/systemd/system/b.service.d", "../../../opt/drop")
        .unit("usr/lib/systemd/system/c.service")
        .unit("usr/lib/systemd/system/c2.service.d/1.conf")
        .link("usr/lib/systemd/system/c.service.d", "c2.service.d");
    tree.check_drop_ins("a.service", &["opt:drop/1.conf"]);
    // From the root directory this relative target leads to the same place.
    tree.check_drop_ins("b.service", &["opt:drop/1.conf"]);
    tree.check_drop_ins("c.service", &[]);
    let complaints = tree.load("c.service").complaints;
    assert_eq!(complaints.len(), 1, "{complaints:?}");
}

#[test]
fn a_broken_fragment_is_an_error_and_a_broken_drop_in_is_not() {
    let tree = Tree::new();
    tree.file("etc/systemd/system/a.service", "[Service]\nA=1\n[Unit\nB=2\n");
    assert_eq!(tree.load("a.service").state, Error);

    tree.file("etc/systemd/system/b.service", GOOD)
        .file("etc/systemd/system/b.service.d/1.conf", "[Service]\nA=1\n[Unit\nB=2\n")
        .file("etc/systemd/system/b.service.d/2.conf", "C=3\n[Service]\nD=4\n[Socket]\nE=5\n");
    let unit = tree.load("b.service");
    assert_eq!(unit.state, Loaded);
    let directives: Vec<&str> = unit.section("Service").map(|a| &*a.origin.directive).collect();
    assert_eq!(directives, ["ExecStart", "A", "D"]);
    let complaints: Vec<(Severity, u32)> = unit.complaints.iter().map(|c| (c.severity, c.line)).collect();
    // The third is that a service has no section [Socket].
    assert_eq!(complaints, [(Severity::Error, 3), (Severity::Warning, 1), (Severity::Warning, 4)]);

    fs::create_dir_all(tree.at("etc/systemd/system/b.service.d/3.conf")).unwrap();
    assert_eq!(tree.load("b.service").complaints.len(), 4, "a directory cannot be read");
}

#[test]
fn services_are_listed_once_each() {
    let tree = Tree::new();
    let system = "usr/lib/systemd/system";
    tree.unit(&format!("{system}/a.service"))
        .link(&format!("{system}/b.service"), "a.service")
        .unit(&format!("{system}/t@.service"))
        .unit(&format!("{system}/m.service"))
        .unit(&format!("{system}/x.socket"))
        .unit(&format!("{system}/y.service.txt"))
        .link("etc/systemd/system/m.service", "/dev/null")
        .link(
            "etc/systemd/system/multi-user.target.wants/t@one.service",
            "/usr/lib/systemd/system/t@.service",
        )
        .link(
            "etc/systemd/system/multi-user.target.wants/gone.service",
            "/usr/lib/systemd/system/gone.service",
        );
    let services: Vec<String> = tree.open().services().iter().map(UnitName::to_string).collect();
    assert_eq!(services, ["a.service", "t@one.service"]);
}

#[test]
fn a_file_is_loaded_with_what_stands_next_to_it() {
    let tree = Tree::new();
    tree.unit("x/a-b.service")
        .unit("x/a-b.service.d/1.conf")
        .unit("x/a-.service.d/2.conf")
        .unit("x/t@.service")
        .unit("etc/systemd/system/a-b.service.d/3.conf")
        .file("x/a.txt", GOOD);
    let load = |path: &str, instance| {
        load_file(Root::system(), Manager::System, Environment::default(), &tree.at(path), instance)
    };
    let unit = load("x/a-b.service", None).unwrap();
    assert_eq!(unit.state, Loaded);
    assert_eq!(
        unit.drop_ins.iter().map(|path| tree.inside(path)).collect::<Vec<_>>(),
        ["x/a-b.service.d/1.conf", "x/a-.service.d/2.conf"]
    );
    assert_eq!(
        load("x/t@.service", Some("i")).unwrap().specifiers.expand("%n").as_deref(),
        Ok("t@i.service")
    );
    assert!(matches!(load("x/a.txt", None), Err(FileError::Name(..))));
    assert!(matches!(load("x/gone.service", None), Err(FileError::Unreachable(..))));
    assert!(matches!(load("x/a-b.service.d", None), Err(FileError::Name(..))));

    // In a foreign tree the path is one inside the tree.
    let root = Root::new(tree.dir.path()).unwrap();
    for path in ["/x/a-b.service", "x/a-b.service"] {
        let unit =
            load_file(root.clone(), Manager::System, Environment::default(), Path::new(path), None).unwrap();
        assert_eq!(unit.drop_ins.len(), 2);
    }
}

#[test]
fn offline_the_files_own_directory_comes_first() {
    let tree = Tree::new();
    tree.unit("etc/systemd/system/a.service")
        .unit("x/a.service")
        .unit("etc/systemd/system/a.service.d/1.conf");
    let root = Root::new(tree.dir.path()).unwrap();
    let search = SearchPath::of_systemd(root, Manager::System, &Environment::default())
        .with_leading([PathBuf::from("/x")]);
    let unit = UnitTree::open(search, Environment::default()).load(&UnitName::parse("a.service").unwrap());
    assert_eq!(tree.inside(&unit.fragment.unwrap()), "x/a.service");
    assert_eq!(unit.drop_ins.len(), 1);
}
