//! systemd.exec(5), "Paths".

use super::field::{Field, optional, scalar};
use super::{Directive, Implication, Kind, Manual, Merge, Propose, Section};
use crate::read::{
    AbsolutePath, Word, search_path, show_search_path, show_working_directory, working_directory,
};
use crate::{ProcSubset, ProtectProc};

const MANUAL: Manual = Manual { page: "systemd.exec(5)", chapter: "Paths" };

const fn here(name: &'static str, field: Field, doc: &'static str) -> Directive {
    Directive::new(name, Section::EXEC, MANUAL, field, doc)
}

pub(super) static ALL: &[Directive] = &[
    here(
        "ExecSearchPath",
        Field {
            kind: Kind::Form("absolute paths, separated by colons"),
            merge: Merge::List,
            read: search_path,
            show: show_search_path,
        },
        "Where commands without a slash in their name are looked up; also becomes $PATH.",
    )
    .since(250),
    here(
        "WorkingDirectory",
        Field {
            kind: Kind::Form("an absolute path or `~`, perhaps after `-` (may be missing)"),
            merge: Merge::LastOrUnset,
            read: working_directory,
            show: show_working_directory,
        },
        "The directory that commands start in; `/` by default, the home directory for units of a user manager.",
    )
    .fatal(),
    here(
        "RootDirectory",
        optional!(AbsolutePath: paths.root_directory),
        "Runs the service in another directory's tree, as if that were `/`.",
    )
    .fatal()
    .plan("the tree's root")
    .implies(&[Implication::Defaults("MountAPIVFS", "yes"), Implication::Defaults("BindLogSockets", "yes")])
    .exposure(&["RootDirectoryOrRootImage"])
    .propose(Propose::Never),
    here(
        "ProtectProc",
        scalar!(Word<ProtectProc>: sandbox.protect_proc),
        "What /proc shows of other users' processes: no details (`noaccess`), nothing (`invisible`), or nothing of those that could not be traced either (`ptraceable`).",
    )
    .since(247)
    .plan("proc: /proc, with the option hidepid=")
    .implies(&[Implication::MountNamespace, Implication::ApiFileSystems])
    .exposure(&["ProtectProc"])
    .propose(Propose::WhenUnused),
    here(
        "ProcSubset",
        scalar!(Word<ProcSubset>: sandbox.proc_subset),
        "With `pid`, /proc shows processes and nothing else of the kernel.",
    )
    .since(247)
    .plan("proc: /proc, with the option subset=pid")
    .implies(&[Implication::MountNamespace, Implication::ApiFileSystems])
    .exposure(&["ProcSubset"])
    .propose(Propose::WhenUnused),
];
