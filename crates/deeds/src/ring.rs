//! io_uring requests: what other calls do, without those calls.

use crate::call::{CWD, call, ok, pointer, text};
use crate::{Answer, Deed, Stage, file, privilege};
use libc::*;
use ringfence_profile::FileKind::{Directory, File, Link, Unknown};
use ringfence_profile::{FileKind, IoUringUse, Operation, Operation::*, Privilege};

// `enum io_uring_op` (linux/io_uring.h).
const CONNECT: u8 = 16;
const OPENAT: u8 = 18;
const STATX: u8 = 21;
const OPENAT2: u8 = 28;
const RENAMEAT: u8 = 35;
const UNLINKAT: u8 = 36;
const MKDIRAT: u8 = 37;
const SYMLINKAT: u8 = 38;
const LINKAT: u8 = 39;
const SOCKET: u8 = 45;

/// One request, as `struct io_uring_sqe` has it.
#[derive(Clone, Copy, Default)]
struct Request {
    operation: u8,
    descriptor: i64,
    offset: i64,
    address: i64,
    length: i64,
    flags: i64,
}

/// A ring of one entry.
struct Ring {
    descriptor: i64,
    /// `struct io_uring_params`.
    parameters: [u32; 30],
    /// Both queues' heads, tails and arrays.
    queues: *mut u8,
    /// The request.
    entry: *mut u8,
}

impl Ring {
    fn new() -> Ring {
        const IORING_OFF_SQES: i64 = 0x1000_0000;
        const IORING_FEAT_SINGLE_MMAP: u32 = 1;
        let mut parameters = [0_u32; 30];
        let descriptor = ok(SYS_io_uring_setup, &[1, pointer(&mut parameters)]);
        assert_ne!(parameters[5] & IORING_FEAT_SINGLE_MMAP, 0, "Linux 5.4 or later");
        let shared = |offset| {
            let protection = (PROT_READ | PROT_WRITE).into();
            ok(SYS_mmap, &[0, 4096, protection, (MAP_SHARED | MAP_POPULATE).into(), descriptor, offset])
        };
        let (queues, entry) = (shared(0) as *mut u8, shared(IORING_OFF_SQES) as *mut u8);
        Ring { descriptor, parameters, queues, entry }
    }

    /// A word of the queues, at the offset that the parameters' word `at` tells.
    fn word(&self, at: usize) -> &std::sync::atomic::AtomicU32 {
        // SAFETY: the kernel says where its words are in the queues, which are mapped until the program ends, and changes
        // them as atomics are changed.
        unsafe { &*self.queues.add(self.parameters[at] as usize).cast() }
    }

    /// Makes a request and waits for its result.
    fn make(&self, request: Request) -> i32 {
        use std::sync::atomic::Ordering::{Acquire, Release};
        const SUBMISSION_TAIL: usize = 11;
        const COMPLETION_HEAD: usize = 20;
        const COMPLETIONS: usize = 25;
        const IORING_ENTER_GETEVENTS: i64 = 1;
        let mut entry = [0_u8; 64];
        entry[0] = request.operation;
        entry[4..8].copy_from_slice(&(request.descriptor as i32).to_ne_bytes());
        entry[8..16].copy_from_slice(&request.offset.to_ne_bytes());
        entry[16..24].copy_from_slice(&request.address.to_ne_bytes());
        entry[24..28].copy_from_slice(&(request.length as u32).to_ne_bytes());
        entry[28..32].copy_from_slice(&(request.flags as u32).to_ne_bytes());
        // SAFETY: the page of entries is this value's, and the kernel looks at it only when it is told to.
        unsafe { std::ptr::copy_nonoverlapping(entry.as_ptr(), self.entry, entry.len()) };
        // The array of indices holds the only one there is, 0, from the start.
        let tail = self.word(SUBMISSION_TAIL);
        tail.store(tail.load(Acquire) + 1, Release);
        ok(SYS_io_uring_enter, &[self.descriptor, 1, 1, IORING_ENTER_GETEVENTS, 0, 0]);
        let head = self.word(COMPLETION_HEAD);
        let number = head.load(Acquire);
        // Two completions of 16 bytes for one entry (io_uring_setup(2)); the result is the third word.
        let at = self.parameters[COMPLETIONS] as usize + (number as usize % 2) * 16 + 8;
        // SAFETY: the kernel has written this completion, and does so again only when its place is given back.
        let result = unsafe { self.queues.add(at).cast::<i32>().read() };
        head.store(number + 1, Release);
        result
    }

    #[track_caller]
    fn ok(&self, request: Request) {
        let result = self.make(request);
        assert!(result >= 0, "request {}: {}", request.operation, std::io::Error::from_raw_os_error(-result));
    }
}

/// Whether this kernel lets this program use io_uring.
pub(crate) fn is_there() -> bool {
    let descriptor = call(SYS_io_uring_setup, &[1, pointer(&mut [0_u32; 30])]);
    descriptor >= 0 && ok(SYS_close, &[descriptor]) == 0
}

#[rustfmt::skip]
pub(crate) fn deeds(stage: &Stage) -> Vec<Deed> {
    let deed = |name, act, expected| Deed { name, act, expected };
    let used = |operation: u8| vec![
        privilege(Privilege::IoUring(IoUringUse::Setup)), privilege(Privilege::IoUring(IoUringUse::Request(operation))),
    ];
    let one = |number: u8, operation: Operation, kind: FileKind, name: &str| -> Vec<Answer> {
        let mut all = used(number);
        all.push(file([operation], kind, stage.path(name)));
        all
    };
    let two = |number: u8, first: (Operation, &str), second: (Operation, &str)| -> Vec<Answer> {
        let mut all = one(number, first.0, File, first.1);
        all.push(file([second.0], File, stage.path(second.1)));
        all
    };
    vec![
        deed("ring-openat", |s| {
            let path = text(s.path("file"));
            Ring::new().ok(Request { operation: OPENAT, descriptor: CWD, address: path.pointer(), ..Request::default() });
        }, one(OPENAT, Read, File, "file")),
        deed("ring-openat-create", |s| {
            let path = text(s.path("by-ring"));
            let flags = (O_CREAT | O_WRONLY).into();
            Ring::new().ok(Request { operation: OPENAT, descriptor: CWD, address: path.pointer(), length: 0o600, flags, ..Request::default() });
        }, { let mut all = used(OPENAT); all.push(file([Write, Create], File, stage.path("by-ring"))); all }),
        deed("ring-openat-missing", |s| {
            let path = text(s.path("no/such/file"));
            let result = Ring::new().make(Request { operation: OPENAT, descriptor: CWD, address: path.pointer(), ..Request::default() });
            assert_eq!(result, -ENOENT);
        }, { let mut all = used(OPENAT); all.push(file([Read], Unknown, stage.path("no/such/file")).fails(ENOENT)); all }),
        deed("ring-openat2", |s| {
            let path = text(s.path("link"));
            let mut how = [O_RDONLY as u64, 0, 0];
            Ring::new().ok(Request { operation: OPENAT2, descriptor: CWD, address: path.pointer(), length: 24, offset: pointer(&mut how), ..Request::default() });
        }, { let mut all = used(OPENAT2); all.push(file([Read], File, stage.path("file")).via(stage.path("link"), "file")); all }),
        deed("ring-statx", |s| {
            let (path, mut buffer) = (text(s.path("file")), [0_u64; 32]);
            Ring::new().ok(Request { operation: STATX, descriptor: CWD, address: path.pointer(), length: 0x7ff, offset: pointer(&mut buffer), ..Request::default() });
        }, one(STATX, Stat, File, "file")),
        deed("ring-renameat", |s| {
            let (from, to) = (text(s.path("from")), text(s.path("to")));
            Ring::new().ok(Request { operation: RENAMEAT, descriptor: CWD, address: from.pointer(), length: CWD, offset: to.pointer(), flags: 0 });
        }, two(RENAMEAT, (RenameFrom, "from"), (RenameTo, "to"))),
        deed("ring-unlinkat", |s| {
            let path = text(s.path("gone"));
            Ring::new().ok(Request { operation: UNLINKAT, descriptor: CWD, address: path.pointer(), ..Request::default() });
        }, one(UNLINKAT, Unlink, File, "gone")),
        deed("ring-mkdirat", |s| {
            let path = text(s.path("newdir"));
            Ring::new().ok(Request { operation: MKDIRAT, descriptor: CWD, address: path.pointer(), length: 0o700, ..Request::default() });
        }, one(MKDIRAT, Mkdir, Directory, "newdir")),
        deed("ring-symlinkat", |s| {
            let (target, path) = (text("wherever"), text(s.path("new-link")));
            Ring::new().ok(Request { operation: SYMLINKAT, descriptor: CWD, address: target.pointer(), offset: path.pointer(), ..Request::default() });
        }, one(SYMLINKAT, Symlink, Link, "new-link")),
        deed("ring-linkat", |s| {
            let (from, to) = (text(s.path("file")), text(s.path("second-name")));
            Ring::new().ok(Request { operation: LINKAT, descriptor: CWD, address: from.pointer(), length: CWD, offset: to.pointer(), flags: 0 });
        }, two(LINKAT, (LinkFrom, "file"), (LinkTo, "second-name"))),
        deed("ring-socket", |_| {
            Ring::new().ok(Request { operation: SOCKET, descriptor: AF_INET.into(), offset: SOCK_DGRAM.into(), ..Request::default() });
        }, { let mut all = used(SOCKET); all.push(privilege(Privilege::Socket { family: AF_INET as u16, kind: SOCK_DGRAM as u16, protocol: 0 })); all }),
        deed("ring-connect", |_| {
            let mut address = [0_u8; 16];
            let result = Ring::new().make(Request { operation: CONNECT, descriptor: -1, address: pointer(&mut address), offset: 16, ..Request::default() });
            assert_eq!(result, -EBADF);
        }, used(CONNECT)),
    ]
}
