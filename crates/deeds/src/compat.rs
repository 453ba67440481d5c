//! Calls by the 32-bit ABI, which a 64-bit program may make too (`int 0x80`).

use crate::{Deed, Stage, file, privilege};
use libc::{MAP_32BIT, MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE};
use ringfence_profile::FileKind::{Directory, File};
use ringfence_profile::{Operation::*, Privilege};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

// Numbers of i386 (`asm/unistd_32.h`).
const OPEN: u32 = 5;
const CHDIR: u32 = 12;
const MMAP: u32 = 90;
const SOCKETCALL: u32 = 102;
const STAT64: u32 = 195;
const OPENAT: u32 = 295;

/// Memory whose addresses have 32 bits: two pages, the second for what is not a path.
struct Low(*mut u8);

impl Low {
    fn new() -> Low {
        // SAFETY: a new anonymous mapping disturbs no other memory.
        let page = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                8192,
                PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
                -1,
                0,
            )
        };
        assert_ne!(page, libc::MAP_FAILED, "memory below 4 GiB");
        Low(page.cast())
    }

    fn path(&self, path: &Path) -> u32 {
        let bytes = path.as_os_str().as_bytes();
        assert!(bytes.len() < 4096);
        // SAFETY: the first page is this value's alone, and the path and its NUL fit.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.0, bytes.len());
            self.0.add(bytes.len()).write(0);
        }
        self.0 as u32
    }

    fn words(&self, words: &[u32]) -> u32 {
        assert!(words.len() <= 1024);
        // SAFETY: the second page is this value's alone, aligned, and holds so many words.
        unsafe { std::ptr::copy_nonoverlapping(words.as_ptr(), self.0.add(4096).cast::<u32>(), words.len()) };
        self.0 as u32 + 4096
    }
}

/// Makes a call through the 32-bit door.
#[track_caller]
fn ok(number: u32, arguments: [u32; 4]) -> i32 {
    let mut result = i64::from(number);
    // SAFETY: the callers' addresses are those of `Low`, which lives until the program ends. The call may change no
    // register but the one with the result; on entry through `int 0x80` Linux leaves r8 to r11 alone since 4.19, and
    // before that it clears them, so they are named. rbx may not be an operand, so it is exchanged.
    unsafe {
        std::arch::asm!(
            "xchg {first}, rbx",
            "int 0x80",
            "xchg {first}, rbx",
            first = inout(reg) u64::from(arguments[0]) => _,
            inout("rax") result,
            in("rcx") u64::from(arguments[1]),
            in("rdx") u64::from(arguments[2]),
            in("rsi") u64::from(arguments[3]),
            out("r8") _, out("r9") _, out("r10") _, out("r11") _,
        );
    }
    let result = result as i32;
    // Addresses above 2 GiB look negative, but no error is as great as they are.
    assert!(
        !(-4095..0).contains(&result),
        "i386 call {number}: {}",
        std::io::Error::from_raw_os_error(-result)
    );
    result
}

#[rustfmt::skip]
pub(crate) fn deeds(stage: &Stage) -> Vec<Deed> {
    let deed = |name, act, expected| Deed { name, act, expected };
    vec![
        deed("open-32", |s| { ok(OPEN, [Low::new().path(&s.path("file")), 0, 0, 0]); }, vec![file([Read], File, stage.path("file"))]),
        deed("openat-32", |s| {
            let low = Low::new();
            let directory = ok(OPEN, [low.path(&s.path("dir")), libc::O_PATH as u32, 0, 0]);
            ok(OPENAT, [directory as u32, low.path(Path::new("inner")), 0, 0]);
        }, vec![file([OpenPath], Directory, stage.path("dir")), file([Read], File, stage.path("dir/inner"))]),
        deed("chdir-32", |s| {
            let low = Low::new();
            ok(CHDIR, [low.path(&s.path("dir")), 0, 0, 0]);
            ok(STAT64, [low.path(Path::new("inner")), low.words(&[]), 0, 0]);
        }, vec![file([Chdir], Directory, stage.path("dir")), file([Stat], File, stage.path("dir/inner"))]),
        // The first mmap takes one argument: where the six are. Flags: MAP_PRIVATE | MAP_32BIT.
        deed("mmap-32", |s| {
            let low = Low::new();
            let descriptor = ok(OPEN, [low.path(&s.path("file")), 0, 0, 0]) as u32;
            ok(MMAP, [low.words(&[0, 4096, 5, 0x42, descriptor, 0]), 0, 0, 0]);
            ok(MMAP, [low.words(&[0, 4096, 1, 0x42, descriptor, 0]), 0, 0, 0]);
        }, vec![file([Read], File, stage.path("file")), file([MapExec], File, stage.path("file"))]),
        deed("socketcall-32", |_| { ok(SOCKETCALL, [1, Low::new().words(&[2, 2, 0]), 0, 0]); }, vec![
            privilege(Privilege::Socket { family: 2, kind: 2, protocol: 0 }),
        ]),
    ]
}
