//! systemd.exec(5), "Paths".

use super::field::{Field, kept, optional, scalar};
use super::{Directive, Implication, Kind, Manual, Merge, Propose, Section};
use crate::read::{
    AbsolutePath, Boolean, Entry, Text, Word, bind, images, search_path, show_binds, show_nothing,
    show_search_path, show_working_directory, working_directory,
};
use crate::{ProcSubset, ProtectProc};
use Implication::{ApiFileSystems, Defaults, MountNamespace};

const MANUAL: Manual = Manual { page: "systemd.exec(5)", chapter: "Paths" };

const fn here(name: &'static str, field: Field, doc: &'static str) -> Directive {
    Directive::new(name, Section::EXEC, MANUAL, field, doc)
}

macro_rules! binds {
    ($read_only:literal) => {
        Field {
            kind: Kind::Form("`SOURCE[:DESTINATION[:rbind|norbind]]`, both absolute paths; a `-` before the source lets it be missing"),
            merge: Merge::List,
            kept: false,
            read: |line, settings| bind(line, settings, $read_only),
            show: |settings| show_binds(settings, $read_only),
        }
    };
}

/// A list of images or directories of which only the presence is noted.
macro_rules! images {
    ($form:literal, $entry:ident) => {
        Field {
            kind: Kind::Form($form),
            merge: Merge::List,
            kept: true,
            read: |line, settings| images(line, settings, Entry::$entry),
            show: show_nothing,
        }
    };
}

const NO_IMAGE: &str = "no disk image is mounted: the service sees the host's files instead";

pub(super) static ALL: &[Directive] = &[
    here(
        "ExecSearchPath",
        Field {
            kind: Kind::Form("absolute paths, separated by colons"),
            merge: Merge::List,
            kept: false,
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
            kept: false,
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
    .implies(&[Defaults("MountAPIVFS", "yes"), Defaults("BindLogSockets", "yes")])
    .exposure(&["RootDirectoryOrRootImage"]),
    here(
        "RootImage",
        optional!(AbsolutePath: paths.root_image),
        "Runs the service in the tree of a disk image, as if that were `/`.",
    )
    .since(233)
    .fatal()
    .plan("the tree's root, from an image")
    .implies(&[MountNamespace, Defaults("MountAPIVFS", "yes"), Defaults("BindLogSockets", "yes")])
    .exposure(&["RootDirectoryOrRootImage", "DeviceAllow"])
    .cannot(NO_IMAGE),
    here("RootImageOptions", kept!(Text, LastOrUnset), "Mount options for the partitions of RootImage=.")
        .since(247)
        .cannot(NO_IMAGE),
    here(
        "RootEphemeral",
        scalar!(Boolean: paths.root_ephemeral),
        "Runs the service in a copy of its root, which is thrown away when it stops.",
    )
    .since(254)
    .cannot("the root is used itself and not a copy: what the service changes in it stays"),
    here("RootHash", kept!(Text, LastOrUnset), "The hash that the image of RootImage= must have (dm-verity).")
        .since(246)
        .cannot(NO_IMAGE),
    here("RootHashSignature", kept!(Text, LastOrUnset), "The signature of the hash in RootHash=.").since(246).cannot(NO_IMAGE),
    here("RootVerity", kept!(AbsolutePath, LastOrUnset), "The file with the integrity data for RootImage= (dm-verity).")
        .since(246)
        .fatal()
        .cannot(NO_IMAGE),
    here("RootImagePolicy", kept!(Text, LastOrUnset), "Which partitions RootImage= must or must not have.")
        .since(254)
        .cannot(NO_IMAGE),
    here("MountImagePolicy", kept!(Text, LastOrUnset), "Which partitions the images of MountImages= must or must not have.")
        .since(254)
        .cannot(NO_IMAGE),
    here("ExtensionImagePolicy", kept!(Text, LastOrUnset), "Which partitions the images of ExtensionImages= must or must not have.")
        .since(254)
        .cannot(NO_IMAGE),
    here(
        "MountAPIVFS",
        optional!(Boolean: paths.mount_api_vfs),
        "Mounts /proc, /dev, /sys and /run in the service's root; on by default with RootDirectory= and RootImage=.",
    )
    .since(233)
    .plan("proc, sysfs, /dev and /run")
    .implies(&[MountNamespace]),
    here(
        "BindLogSockets",
        optional!(Boolean: paths.bind_log_sockets),
        "Makes the journal's sockets visible in the service's root, so that it can log; on where MountAPIVFS= is.",
    )
    .since(257)
    .plan("bind-read-only: /run/systemd/journal/socket, stdout, dev-log")
    .implies(&[MountNamespace]),
    here(
        "ProtectProc",
        scalar!(Word<ProtectProc>: sandbox.protect_proc),
        "What /proc shows of other users' processes: no details (`noaccess`), nothing (`invisible`), or nothing of those that could not be traced either (`ptraceable`).",
    )
    .since(247)
    .plan("proc: /proc, new, with `hidepid=`")
    .implies(&[MountNamespace, ApiFileSystems])
    .exposure(&["ProtectProc"])
    .propose(Propose::WhenUnused),
    here(
        "ProcSubset",
        scalar!(Word<ProcSubset>: sandbox.proc_subset),
        "Shows all of /proc, or (`pid`) only what is there of processes.",
    )
    .since(247)
    .plan("proc: /proc, new, with `subset=pid`")
    .implies(&[MountNamespace, ApiFileSystems])
    .exposure(&["ProcSubset"])
    .propose(Propose::WhenUnused),
    here(
        "BindPaths",
        binds!(false),
        "Makes files and directories of the host visible at other places, or at their own where that is hidden.",
    )
    .since(233)
    .plan("bind: each source on its destination")
    .implies(&[MountNamespace])
    .propose(Propose::FromEvidence),
    here("BindReadOnlyPaths", binds!(true), "As BindPaths=, read-only. Both directives share one list.")
        .since(233)
        .plan("bind-read-only: each source on its destination")
        .implies(&[MountNamespace])
        .propose(Propose::FromEvidence),
    here(
        "MountImages",
        images!("`IMAGE:DESTINATION[:OPTIONS]`, both absolute paths", Mount),
        "Mounts the file systems of disk images for the service.",
    )
    .since(247)
    .plan("image: each image on its destination")
    .implies(&[MountNamespace])
    .exposure(&["DeviceAllow"])
    .cannot("the images are not mounted: the service sees what the host has at those paths"),
    here(
        "ExtensionImages",
        images!("absolute paths of images", Extension),
        "Lays the trees of disk images over the service's /usr, /opt or /etc.",
    )
    .since(248)
    .plan("overlay: /usr, /opt, /etc")
    .implies(&[MountNamespace])
    .cannot("the images are not laid over the tree: what they would add is missing"),
    here(
        "ExtensionDirectories",
        images!("absolute paths of directories", Directory),
        "Lays the trees of directories over the service's /usr, /opt or /etc.",
    )
    .since(251)
    .plan("overlay: /usr, /opt, /etc")
    .implies(&[MountNamespace])
    .cannot("the directories are not laid over the tree: what they would add is missing"),
];
