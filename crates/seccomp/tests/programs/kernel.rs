//! The filters in the kernel: a thread loads them and starts a tiny program that makes one call and exits with its error
//! number. Runs without privileges; on x86-64 only, where it tries calls through i386's interface too.

use crate::restrictions;
use ringfence_seccomp::{Abi, Call, Filter, Machine, Syscall, filters};
use ringfence_sys::seccomp::{Instruction, install};
use std::fs::{OpenOptions, write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;

/// How the one call ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// With an error, or 0 for success.
    Errno(i32),
    /// With a signal.
    Signal(i32),
}

const DONE: End = End::Errno(0);
const EPERM: End = End::Errno(1);
const EIO: End = End::Errno(5);
const EBADF: End = End::Errno(9);
const EACCES: End = End::Errno(13);
const EFAULT: End = End::Errno(14);
const EINVAL: End = End::Errno(22);
const ENOSYS: End = End::Errno(38);
const EAFNOSUPPORT: End = End::Errno(97);
const SIGSYS: End = End::Signal(31);

/// The unit's lines; the interface, the call and its arguments; how systemd's filter, or the kernel behind it, answers.
type Case = (&'static [&'static str], Abi, &'static str, &'static [u64], End);

const N: Abi = Abi::X86_64;
const I: Abi = Abi::I386;

#[rustfmt::skip]
const CASES: &[Case] = &[
    (&["RestrictAddressFamilies=AF_UNIX"], N, "socket", &[1, 1], DONE),
    (&["RestrictAddressFamilies=AF_UNIX"], N, "socket", &[2, 1], EAFNOSUPPORT),
    (&["RestrictAddressFamilies=AF_UNIX"], N, "socket", &[0, 1], EAFNOSUPPORT),
    (&["RestrictAddressFamilies=AF_UNIX"], N, "socket", &[0x1_0000_0001, 1], EAFNOSUPPORT),
    (&["RestrictAddressFamilies=AF_INET"], N, "socketpair", &[1, 1], EFAULT),
    (&["RestrictAddressFamilies=none"], N, "socket", &[1, 1], EAFNOSUPPORT),
    (&["RestrictAddressFamilies=~AF_UNIX"], N, "socket", &[1, 1], EAFNOSUPPORT),
    // Here systemd's filter sees 64 bits and the kernel 32.
    (&["RestrictAddressFamilies=~AF_UNIX"], N, "socket", &[0x1_0000_0001, 1], DONE),
    (&["RestrictAddressFamilies=none"], I, "socketcall", &[1], EFAULT),
    (&["RestrictNamespaces=~net"], N, "unshare", &[0x4000_0000], EPERM),
    (&["RestrictNamespaces=~net"], N, "unshare", &[0], DONE),
    (&["RestrictNamespaces=~net"], N, "unshare", &[0x80], EPERM),
    (&["RestrictNamespaces=~net"], N, "clone", &[0x4000_0011], EPERM),
    (&["RestrictNamespaces=~net"], N, "clone3", &[], ENOSYS),
    (&["RestrictNamespaces=~net"], N, "setns", &[u64::MAX, 0], EPERM),
    (&["RestrictNamespaces=~net"], N, "setns", &[u64::MAX, 0x4000_0000], EPERM),
    (&["RestrictNamespaces=~net"], N, "setns", &[u64::MAX, 0x0400_0000], EBADF),
    (&["RestrictNamespaces=~net"], I, "unshare", &[0x4000_0000], EPERM),
    (&["RestrictNamespaces=yes"], N, "setns", &[u64::MAX, 0x0400_0000], EPERM),
    (&["LockPersonality=yes"], N, "personality", &[0], DONE),
    (&["LockPersonality=yes"], N, "personality", &[8], EPERM),
    (&["LockPersonality=yes"], N, "personality", &[0xFFFF_FFFF], EPERM),
    (&["MemoryDenyWriteExecute=yes"], N, "mmap", &[0, 4096, 6, 0x22, u64::MAX], EPERM),
    (&["MemoryDenyWriteExecute=yes"], N, "mmap", &[0, 4096, 5, 0x22, u64::MAX], DONE),
    (&["MemoryDenyWriteExecute=yes"], N, "mprotect", &[0, 0, 5], EPERM),
    (&["MemoryDenyWriteExecute=yes"], N, "mprotect", &[0, 0, 3], DONE),
    (&["MemoryDenyWriteExecute=yes"], N, "shmat", &[u64::MAX, 0, 0o100_000], EPERM),
    (&["MemoryDenyWriteExecute=yes"], N, "shmat", &[u64::MAX, 0, 0], EINVAL),
    (&["MemoryDenyWriteExecute=yes"], I, "mmap", &[0], EPERM),
    (&["RestrictRealtime=yes"], N, "sched_setscheduler", &[0, 1], EPERM),
    (&["RestrictRealtime=yes"], N, "sched_setscheduler", &[0, 0x4000_0000], EPERM),
    (&["RestrictRealtime=yes"], N, "sched_setscheduler", &[0, 3], EINVAL),
    (&["RestrictRealtime=yes"], N, "sched_setattr", &[0, 0, 0], EINVAL),
    (&["RestrictSUIDSGID=yes"], N, "fchmod", &[u64::MAX, 0o4755], EPERM),
    (&["RestrictSUIDSGID=yes"], N, "fchmod", &[u64::MAX, 0o2755], EPERM),
    (&["RestrictSUIDSGID=yes"], N, "fchmod", &[u64::MAX, 0o1755], EBADF),
    (&["RestrictSUIDSGID=yes"], N, "openat", &[u64::MAX, 0, 0o101, 0o4755], EPERM),
    (&["RestrictSUIDSGID=yes"], N, "openat", &[u64::MAX, 0, 0, 0o4755], EFAULT),
    (&["RestrictSUIDSGID=yes"], N, "openat2", &[], ENOSYS),
    (&["RestrictSUIDSGID=yes"], I, "mkdir", &[0, 0o2755], EPERM),
    (&["SystemCallArchitectures=native"], N, "getpid", &[], End::Errno(0)),
    (&["SystemCallArchitectures=native"], I, "getpid", &[], SIGSYS),
    (&["SystemCallArchitectures=x86"], I, "getpid", &[], DONE),
    (&["ProtectClock=yes"], N, "clock_settime", &[0, 0], EPERM),
    (&["ProtectClock=yes"], N, "adjtimex", &[0], EPERM),
    (&["ProtectClock=yes"], N, "clock_gettime", &[0, 1], EFAULT),
    (&["ProtectClock=yes"], I, "clock_settime64", &[0, 0], EPERM),
    (&["ProtectKernelModules=yes"], N, "delete_module", &[0], EPERM),
    (&["ProtectKernelLogs=yes"], N, "syslog", &[99], EPERM),
    (&["ProtectKernelTunables=yes"], N, "_sysctl", &[0], EPERM),
    (&["ProtectHostname=yes"], N, "sethostname", &[0, u64::MAX], EPERM),
    (&["PrivateDevices=yes"], N, "iopl", &[99], EPERM),
    (&["SystemCallLog=@clock"], N, "clock_gettime", &[0, 1], EFAULT),
    (&["SystemCallFilter=~@mount"], N, "mount", &[], SIGSYS),
    (&["SystemCallFilter=~@mount"], I, "mount", &[], SIGSYS),
    (&["SystemCallFilter=~@mount:EIO"], N, "mount", &[], EIO),
    (&["SystemCallFilter=~@mount", "SystemCallErrorNumber=EACCES"], N, "mount", &[], EACCES),
    (&["SystemCallFilter=~connect:EIO"], I, "socketcall", &[3], EIO),
    (&["SystemCallFilter=~connect:EIO"], I, "connect", &[u64::MAX], EIO),
    (&["SystemCallFilter=~connect:EIO"], I, "socketcall", &[1], EFAULT),
    (&["SystemCallFilter=@system-service"], N, "mount", &[], SIGSYS),
    (&["SystemCallFilter=@system-service"], N, "uselib", &[], ENOSYS),
    (&["SystemCallFilter=@system-service"], I, "vm86old", &[], ENOSYS),
    (&["SystemCallFilter=@system-service", "SystemCallErrorNumber=EACCES"], N, "mount", &[], EACCES),
    (&["SystemCallFilter=@system-service", "SystemCallFilter=~chown:EIO"], N, "chown", &[], EIO),
];

#[test]
fn the_kernel_answers_as_systemd_says() {
    if Machine::HERE != Some(Machine::X86_64) {
        return skip("the kernel test makes programs for x86-64");
    }
    let folder = tempfile::tempdir().expect("a folder for the programs");
    let has_i386 = run(folder.path(), &[], I, "getpid", &[]) == Ok(DONE);
    if !has_i386 {
        skip("this kernel runs no i386 programs; calls through that interface are not tried");
    }
    for (lines, abi, call, arguments, end) in CASES {
        if *abi == I && !has_i386 {
            continue;
        }
        let filters = filters(&restrictions(lines.iter().copied()), Machine::X86_64).expect("no fault");
        let seen = run(folder.path(), &filters, *abi, call, arguments);
        assert_eq!(seen.as_ref(), Ok(end), "{call}{arguments:x?} on {abi} under {lines:?}");
    }
}

/// Says why a test did not run, and fails where none may be left out.
fn skip(why: &str) {
    println!("SKIP: {why}");
    let must_run = std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_some_and(|value| value == "1");
    assert!(!must_run, "must run, but: {why}");
}

/// Makes the call under the filters.
fn run(folder: &Path, filters: &[Filter], abi: Abi, call: &str, arguments: &[u64]) -> Result<End, String> {
    let number = Syscall::named(call).and_then(|call| call.number(abi)).expect(call);
    let mut registers = [0; 6];
    registers[..arguments.len()].copy_from_slice(arguments);
    let call = Call { audit_arch: abi.audit_arch(), number, arguments: registers };
    let path = folder.join("call");
    // Nothing else in this test program starts processes, so none can hold the file open for writing.
    let _ = std::fs::remove_file(&path);
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o755)
        .open(&path)
        .map_err(|error| error.to_string())?;
    write(&path, if abi == I { elf32(&call) } else { elf64(&call) }).map_err(|error| error.to_string())?;
    let programs: Vec<Vec<Instruction>> = filters.iter().map(instructions).collect();
    // Filters stay with the thread that loads them and with what it starts.
    let in_thread = move || {
        rustix::thread::set_no_new_privs(true).map_err(|error| error.to_string())?;
        for program in &programs {
            install(program).map_err(|error| error.to_string())?;
        }
        Command::new(&path).status().map_err(|error| error.to_string())
    };
    let status = std::thread::spawn(in_thread).join().map_err(|_| "the thread panicked")??;
    match (status.code(), status.signal()) {
        (Some(code), _) => Ok(End::Errno(code)),
        (None, Some(signal)) => Ok(End::Signal(signal)),
        (None, None) => Err(format!("{status}")),
    }
}

fn instructions(filter: &Filter) -> Vec<Instruction> {
    let convert = |instruction: &ringfence_seccomp::Instruction| Instruction {
        code: instruction.code,
        jump_true: instruction.jt,
        jump_false: instruction.jf,
        k: instruction.k,
    };
    filter.program().instructions().iter().map(convert).collect()
}

/// `if (result >= 0) result = 0; result = -result`, in the register where the result is.
const TO_EXIT_CODE: [u8; 8] = [0x85, 0xC0, 0x78, 0x02, 0x31, 0xC0, 0xF7, 0xD8];

/// A program for x86-64 that makes one call and exits with its error number.
fn elf64(call: &Call) -> Vec<u8> {
    let mut code = vec![0xB8];
    code.extend(call.number.to_le_bytes());
    // movabs to rdi, rsi, rdx, r10, r8, r9
    let moves: [[u8; 2]; 6] =
        [[0x48, 0xBF], [0x48, 0xBE], [0x48, 0xBA], [0x49, 0xBA], [0x49, 0xB8], [0x49, 0xB9]];
    for (mov, argument) in moves.iter().zip(call.arguments) {
        code.extend(mov);
        code.extend(argument.to_le_bytes());
    }
    code.extend([0x0F, 0x05]);
    code.extend(TO_EXIT_CODE);
    code.extend([0x89, 0xC7, 0xB8, 60, 0, 0, 0, 0x0F, 0x05]);

    let base = 0x40_0000_u64;
    let size = (64 + 56 + code.len()) as u64;
    let mut elf = vec![0x7F, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    elf.extend([2, 0, 62, 0, 1, 0, 0, 0]); // executable, x86-64, version
    for word in [base + 120, 64, 0] {
        elf.extend(word.to_le_bytes()); // entry, program headers, section headers
    }
    elf.extend([0, 0, 0, 0, 64, 0, 56, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    elf.extend([1, 0, 0, 0, 5, 0, 0, 0]); // load, readable and executable
    for word in [0, base, base, size, size, 0x1000] {
        elf.extend(word.to_le_bytes());
    }
    elf.extend(code);
    elf
}

/// A program for i386 that makes one call and exits with its error number.
fn elf32(call: &Call) -> Vec<u8> {
    let mut code = vec![0xB8];
    code.extend(call.number.to_le_bytes());
    // mov to ebx, ecx, edx, esi, edi, ebp
    for (mov, argument) in [0xBB, 0xB9, 0xBA, 0xBE, 0xBF, 0xBD].into_iter().zip(call.arguments) {
        code.push(mov);
        code.extend((argument as u32).to_le_bytes());
    }
    code.extend([0xCD, 0x80]);
    code.extend(TO_EXIT_CODE);
    code.extend([0x89, 0xC3, 0xB8, 1, 0, 0, 0, 0xCD, 0x80]);

    let base = 0x40_0000_u32;
    let size = (52 + 32 + code.len()) as u32;
    let mut elf = vec![0x7F, b'E', b'L', b'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    elf.extend([2, 0, 3, 0, 1, 0, 0, 0]); // executable, i386, version
    for word in [base + 84, 52, 0, 0] {
        elf.extend(word.to_le_bytes()); // entry, program headers, section headers, flags
    }
    elf.extend([52, 0, 32, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    for word in [1, 0, base, base, size, size, 5, 0x1000] {
        elf.extend(word.to_le_bytes()); // load, readable and executable
    }
    elf.extend(code);
    elf
}
