//! Restrictions that another system call interface of the machine goes around.

use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_terms::Severity;

pub(crate) static FOREIGN_CALLS: Lint = Lint {
    code: "RF406",
    name: "foreign-calls",
    severity: Severity::Note,
    versions: Versions::from(211),
    docs: Docs {
        what: "`RestrictAddressFamilies=` without `SystemCallArchitectures=native`.",
        why: "On x86-64 a program may also make 32-bit system calls, where sockets are made with socketcall(2), whose \
              arguments no filter can see. Through them the service still gets sockets of every family. The same holds \
              for s390x and 64-bit MIPS and PowerPC.",
        example: "[Service]\nRestrictAddressFamilies=AF_UNIX AF_INET\n",
        instead: "[Service]\nRestrictAddressFamilies=AF_UNIX AF_INET\nSystemCallArchitectures=native\n",
        reference: "systemd.exec(5), RestrictAddressFamilies=; systemd: src/shared/seccomp-util.c, seccomp_restrict_address_families()",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let syscalls = &subject.settings.syscalls;
    let Some(origin) = syscalls.address_families.lines.last() else { return };
    // Where another architecture is known, its other interfaces have no socketcall(2), or there are none.
    let machine = subject.unit.specifiers.get('a').unwrap_or("x86-64");
    if !["x86", "x86-64", "s390", "s390x", "ppc", "ppc64", "mips", "mips-le", "mips64", "mips64-le"].contains(&machine) {
        return;
    }
    if syscalls.address_families.value.is_active() && syscalls.architectures.lines.is_empty() {
        report
            .add(subject.whole(origin), "32-bit system calls go around this: socketcall(2) is not filtered")
            .help("let the service make native system calls only")
            .line("SystemCallArchitectures=native")
            .fix(
                Trust::Suggested,
                "add `SystemCallArchitectures=native`",
                vec![Edit::insert(origin, "SystemCallArchitectures", "native")],
            );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{fixed, found_by};

    #[test]
    fn the_last_line_is_underlined_once() {
        let unit = "RestrictAddressFamilies=AF_UNIX; RestrictAddressFamilies=AF_INET";
        assert_eq!(found_by("RF406", unit), ["RF406 RestrictAddressFamilies=AF_INET"]);
        assert_eq!(found_by("RF406", &fixed(unit)), [""; 0]);
    }
}
