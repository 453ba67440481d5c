//! Capabilities that the kernel asks about without anything depending on the answer.

use crate::wire::RawEvent;

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
        56,  // clone: its namespaces are recorded as such
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
