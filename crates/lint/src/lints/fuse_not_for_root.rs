//! A path on a FUSE mount that root may not look into.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::facts::Mount;
use ringfence_terms::{AbsPath, Origin, Severity};

pub(crate) static FUSE_NOT_FOR_ROOT: Lint = Lint {
    code: "RF313",
    name: "fuse-not-for-root",
    severity: Severity::Warning,
    versions: Versions::from(255),
    docs: Docs {
        what: "A path of a list, or the source of a bind, on a FUSE mount that a user has made for himself (without `allow_other` \
               or `allow_root`).",
        why: "Nobody but its user may look into such a mount, not even root. systemd, which sets the service up as root, \
              gets EACCES there and gives up (226/NAMESPACE); a `-` before the path only helps where it is missing. NFS \
              with `root_squash` does the same, which cannot be seen from here.",
        example: "# a user has mounted something with FUSE on /srv/remote\n[Service]\nProtectSystem=strict\nProtectHome=yes\nReadWritePaths=/srv/remote/out\n",
        instead: "[Service]\nProtectSystem=strict\nProtectHome=yes\nReadWritePaths=/var/lib/app\n",
        reference: "fuse(8), \"allow_other\"; systemd issue 42427",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let paths = &subject.settings.paths;
    let listed = paths.access.iter().map(|word| (&word.value.path, &word.origin));
    let sources = paths.binds.iter().map(|bind| (&bind.value.source, &bind.origin));
    let words = listed.chain(sources).filter_map(|(path, origin)| Some((path, origin.as_ref()?)));
    for (path, origin) in words.collect::<Vec<(&AbsPath, &Origin)>>() {
        let Some(mount) = subject.facts().mounts().covering(path).filter(|mount| is_private(mount)) else {
            continue;
        };
        let message = format!("root may not look into {}, a user's own FUSE mount: the start fails", mount.path);
        report
            .add(subject.path_word(origin, path.as_path()), message)
            .help("mount it with allow_other or allow_root (fuse(8)), or keep the data elsewhere");
    }
}

/// Made by a user for himself: the kernel lets nobody else in.
fn is_private(mount: &Mount) -> bool {
    let options = || mount.super_options.split(',');
    let is_fuse = mount.fs_type == "fuse" || mount.fs_type.starts_with("fuse.");
    let of_root = options().any(|option| option == "user_id=0");
    is_fuse && !of_root && !options().any(|option| matches!(option, "allow_other" | "allow_root"))
}

#[cfg(test)]
mod tests {
    use super::FUSE_NOT_FOR_ROOT;
    use crate::testing::{findings_on, machine};
    use ringfence_sandbox::facts::{Facts, Mount};

    #[test]
    fn the_mounts_options_decide() {
        let found = |options: &str| {
            let plain = machine().mount("/srv/remote", "fuse.sshfs");
            let known = plain.mounts().all().iter().find(|mount| mount.fs_type == "fuse.sshfs").cloned().unwrap();
            let facts = machine().dir("/srv/remote").dir("/srv/remote/out");
            let facts = facts.mounted(Mount { super_options: options.into(), ..known });
            let unit = "ProtectSystem=strict; ProtectHome=yes; ReadWritePaths=/srv/remote/out";
            findings_on(unit, &facts, 257).into_iter().filter(|f| *f.lint == FUSE_NOT_FOR_ROOT).count()
        };
        assert_eq!(found("rw,user_id=1000,group_id=1000"), 1);
        assert_eq!(found("rw,user_id=1000,group_id=1000,allow_other"), 0);
        assert_eq!(found("rw,user_id=0,group_id=0"), 0);
    }
}
