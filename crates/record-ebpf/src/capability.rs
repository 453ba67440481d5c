//! Capabilities that the kernel asks about without anything depending on the answer.

use crate::decode::Delivered;
use crate::wire::RawEvent;
use ringfence_calls::Rule;
use ringfence_record::{NamespaceKind, Privilege, What};
use std::sync::Arc;

const CAP_SYS_ADMIN: u8 = 21;

/// Whether a check is routine: the kernel makes it whenever memory is accounted, to know whether a reserve may be used
/// (`cap_vm_enough_memory`, `security/commoncap.c`), or when extended attributes are listed, to know whether those of
/// `trusted.` are to be shown (`simple_xattr_list`, `fs/xattr.c`). A program that calls this way need not have it.
pub fn is_routine(capability: u8, event: &RawEvent<'_>) -> bool {
    /// Calls that account memory, or list attributes, and ask for this capability for no other reason.
    const X86_64: &[u32] = &[
        1,   // write, to a file of tmpfs
        9,   // mmap
        10,  // mprotect
        11,  // munmap, which may split a mapping
        12,  // brk
        18,  // pwrite64
        20,  // writev
        25,  // mremap
        28,  // madvise
        30,  // shmat
        29,  // shmget
        40,  // sendfile
        56,  // clone, but for its namespaces: see of_new_namespaces()
        57,  // fork
        58,  // vfork
        59,  // execve
        76,  // truncate
        77,  // ftruncate
        194, // listxattr
        195, // llistxattr
        196, // flistxattr
        275, // splice
        285, // fallocate
        296, // pwritev
        319, // memfd_create
        322, // execveat
        326, // copy_file_range
        435, // clone3
    ];
    const I386: &[u32] = &[2, 4, 11, 45, 90, 91, 120, 125, 146, 163, 190, 192, 219, 232, 233, 234, 358, 435];
    // Outside of a call: a page fault, or the end of the process.
    let outside = event.nr >= 512 || event.nr == 60 || event.nr == 231;
    let calls = if event.compat { I386 } else { X86_64 };
    capability == CAP_SYS_ADMIN && (outside || calls.contains(&event.nr))
}

/// The capability that clone(2) needs for the namespaces that it made, which cannot be told from its routine question. What
/// is made along with a user namespace is that one's, where its maker has every capability (`create_user_ns`,
/// `kernel/user_namespace.c`).
pub fn of_new_namespaces(rule: &Rule, delivered: &[Delivered]) -> Option<Delivered> {
    let kind = |one: &Delivered| match &one.what {
        What::Privilege(Privilege::Namespace { kind, .. }) => Some(*kind),
        _ => None,
    };
    let first = delivered.iter().find(|one| kind(one).is_some())?;
    let with_user = delivered.iter().any(|one| kind(one) == Some(NamespaceKind::User));
    (matches!(rule.name, "clone" | "clone3") && first.errno.is_none() && !with_user).then(|| Delivered {
        by: Arc::clone(&first.by),
        errno: None,
        what: What::Privilege(Privilege::Capability(CAP_SYS_ADMIN)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_calls::rules;
    use ringfence_record::{NamespaceWay, Program};

    #[test]
    fn namespaces_that_clone_makes_take_a_capability_but_beside_a_user_namespace() {
        let made = |kinds: &[NamespaceKind]| -> Vec<Delivered> {
            let by = Arc::new(Program { exe: "/x".into(), comm: "x".into(), uid: 0 });
            let privilege = |kind| Privilege::Namespace { kind, way: NamespaceWay::Make };
            let delivered =
                |kind: &_| Delivered { by: by.clone(), errno: None, what: What::Privilege(privilege(*kind)) };
            kinds.iter().map(delivered).collect()
        };
        let takes = |name: &str, kinds: &[NamespaceKind]| {
            let rule = rules().find(|rule| rule.name == name).expect("a rule");
            of_new_namespaces(rule, &made(kinds)).map(|delivered| delivered.what)
        };
        let capability = What::Privilege(Privilege::Capability(CAP_SYS_ADMIN));
        assert_eq!(takes("clone", &[NamespaceKind::Mnt, NamespaceKind::Uts]), Some(capability));
        assert_eq!(takes("clone3", &[NamespaceKind::Mnt, NamespaceKind::User]), None);
        assert_eq!(takes("clone", &[]), None);
        assert_eq!(takes("unshare", &[NamespaceKind::Mnt]), None, "the kernel's own question tells");
    }
}
