//! `PrivateTmp=yes` where the host's `/tmp` is read-only.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::facts::Facts;
use ringfence_settings::PrivateTmp;
use ringfence_terms::{AbsPath, Severity};

pub(crate) static PRIVATE_TMP_READ_ONLY: Lint = Lint {
    code: "RF213",
    name: "private-tmp-read-only",
    severity: Severity::Warning,
    versions: Versions::ALL,
    docs: Docs {
        what: "`PrivateTmp=yes` on a machine whose /tmp or /var/tmp is mounted read-only.",
        why: "The private directories are made below the host's. Where that fails because of a read-only file system, \
              systemd shows an empty directory that nothing can be written to, and says so only in its log.",
        example: "# /media/cd and /tmp are mounted read-only\n[Service]\nPrivateTmp=yes\n",
        instead: "# /media/cd and /tmp are mounted read-only\n[Service]\nPrivateTmp=disconnected\n",
        reference: "systemd: src/core/namespace.c, setup_one_tmp_dir(); systemd issues 12054 and 14324",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let setting = &subject.settings.sandbox.private_tmp;
    let Some(origin) = setting.origin.as_ref().filter(|_| setting.value == PrivateTmp::Connected) else { return };
    for path in ["/tmp", "/var/tmp"] {
        let Ok(path) = AbsPath::parse(path) else { continue };
        if is_read_only(subject.facts(), &path) {
            let message = format!("the private {path} is empty and read-only: {path} of this machine is mounted read-only");
            report
                .add(subject.whole(origin), message)
                .help("take a file system of its own for it (systemd 257 and later)")
                .line("PrivateTmp=disconnected");
        }
    }
}

fn is_read_only(facts: &dyn Facts, path: &AbsPath) -> bool {
    facts.mounts().covering(path).is_some_and(|mount| mount.flags.read_only || mount.super_read_only)
}

#[cfg(test)]
mod tests {
    use super::PRIVATE_TMP_READ_ONLY;
    use crate::testing::{findings_on, machine};
    use ringfence_sandbox::facts::MountFlags;

    #[test]
    fn the_mount_table_decides() {
        let read_only = MountFlags { read_only: true, ..MountFlags::default() };
        let machine = machine().mount_flags("/tmp", "ext4", read_only);
        let all = findings_on(PRIVATE_TMP_READ_ONLY.docs.example, &machine, 257);
        assert!(all.len() == 1 && all[0].message.starts_with("the private /tmp"));
        assert_eq!(findings_on(PRIVATE_TMP_READ_ONLY.docs.instead, &machine, 257), []);
    }
}
