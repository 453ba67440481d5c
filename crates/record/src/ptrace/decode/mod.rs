//! From a call and its arguments, at its entry, to what it is about: names are read and resolved before the call changes
//! where they lead.

mod execution;

use super::foresight::is_dots;
use super::memory::Arguments;
use super::tracee::Tracees;
use crate::attempt::{Attempt, Located, RESOLVE_ARGUMENT, SocketAddress, resolves_in_root};
use crate::delivery;
use crate::resolve::{Found, Look, Resolved, Resolver, in_root};
use crate::{FileKind, ProcessRelation, proc};
use ringfence_calls::{At, Call, Effect, Object, On, Rule, SocketName, rules};
use rustix::fs::{AtFlags, CWD, StatxFlags, readlink, statat, statx};
use std::ffi::OsStr;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

const AT_FDCWD: i32 = -100;
const PROT_EXEC: u64 = 4;
const MAP_ANONYMOUS: u64 = 0x20;
/// As large as a socket address can be (`struct sockaddr_storage`).
const LONGEST_ADDRESS: u64 = 128;

/// Where a `struct open_how` says how its name is resolved (`linux/openat2.h`).
const RESOLVE_AT: u64 = 16;

/// Stands for a directory whose path is longer than the kernel gives out.
const CUT: &str = "\u{2026}";

/// One call, and what is needed to understand it.
pub(super) struct Decoder<'a> {
    pub arguments: Arguments,
    pub tracees: &'a Tracees,
    pub resolver: &'a mut Resolver,
    /// Paths that were cut.
    pub cut: &'a mut u64,
    /// What is at the call's only name, if that was looked at.
    pub look: Option<&'a Look>,
}

/// The names that a call was given.
pub(super) type Names = [Option<Vec<u8>>; 2];

impl Decoder<'_> {
    /// The names that the call was given.
    pub(super) fn names(&self, rule: &Rule) -> Names {
        let a = self.arguments;
        let mut names = [None, None];
        for (name, at) in names.iter_mut().zip(rule.names) {
            *name = Some(a.word(at.name.into()))
                .filter(|address| *address != 0)
                .and_then(|address| a.string(address));
        }
        names
    }

    /// Looks at what is at the call's first name, where that can be done from the directory that it is in.
    pub(super) fn look(&mut self, rule: &Rule, names: &Names) -> Option<Look> {
        let (at, name) = (*rule.names.first()?, names[0].as_deref().filter(|name| !name.is_empty())?);
        let cut = *self.cut;
        let base = self.base(at, name)?;
        if base.as_os_str() == CUT {
            // It is counted when the name is resolved.
            *self.cut = cut;
            return None;
        }
        let eyes = self.tracees.eyes(self.arguments.thread)?;
        self.resolver.look(eyes, &base, name)
    }

    /// What the call is about; `None` when its end is of no interest.
    pub(super) fn attempt(&mut self, rule: &'static Rule, names: Names) -> Option<Attempt> {
        if rule.object == Object::SocketCall {
            return self.socketcall();
        }
        if rule.object == Object::MappedIndirectly {
            let rule = rules().find(|rule| rule.object == Object::Mapped)?;
            return self.indirect(rule, self.arguments.word(0));
        }
        let a = self.arguments;
        let mut arguments = std::array::from_fn(|at| a.word(at));
        if let Some(at) = rule.word {
            arguments[usize::from(at)] = a.read_u64(a.word(at.into()))?;
        }
        let mut names = names;
        if rule.name == "openat2" {
            arguments[RESOLVE_ARGUMENT] = a.read_u64(a.word(2) + RESOLVE_AT)?;
            if let Some(name) = names[0].as_mut().filter(|_| resolves_in_root(rule, &arguments)) {
                *name = in_root(name);
            }
        }
        let mut attempt = Attempt::new(rule, arguments, names);
        self.locate_names(&mut attempt);
        attempt.made = attempt.located[0].as_ref().is_none_or(|located| located.found.is_none());
        match rule.object {
            Object::Descriptor(argument) => self.locate_object(&mut attempt, a.int(argument.into())),
            Object::Mapped if arguments[2] & PROT_EXEC == 0 => return None,
            Object::Mapped if arguments[3] & MAP_ANONYMOUS == 0 => self.locate_object(&mut attempt, a.int(4)),
            Object::Protected if arguments[2] & PROT_EXEC == 0 => return None,
            Object::WorkingDirectory if rule.names.is_empty() => self.locate_object(&mut attempt, a.int(0)),
            Object::Address(argument) => {
                let argument = usize::from(argument);
                attempt.address = Some(self.address(a.word(argument), a.word(argument + 1))?);
            }
            Object::Message(argument) => {
                let header = a.word(argument.into());
                let length = a.read_u32(header + a.word_size())?;
                attempt.address = Some(self.address(a.read_word(header)?, length.into())?);
            }
            _ => {}
        }
        if delivery::executes(rule) {
            attempt.by = self.tracees.threads.get(&a.thread).map(|thread| thread.program.clone());
            let executed = self.executed_descriptor(&mut attempt);
            attempt.interpreters = self.interpreters(&attempt, executed);
        }
        Some(attempt)
    }

    /// Resolves those names that the call has an effect on; whether a link at their end is followed depends on the
    /// arguments alone, so it is known before the end.
    fn locate_names(&mut self, attempt: &mut Attempt) {
        let names = [attempt.names[0].as_deref(), attempt.names[1].as_deref()];
        let expected = Call { args: attempt.arguments, result: -1, names, object: None, made: false };
        let mut effects = attempt.rule.effects(&expected);
        effects.extend(attempt.rule.effects(&Call { result: 0, ..expected }));
        for effect in effects {
            if let Effect::File { on: On::Name { which, follow }, .. } = effect
                && attempt.located[which].is_none()
                // open_by_handle_at(2) has none: what it opens is known at its end.
                && let Some(at) = attempt.rule.names.get(which)
            {
                attempt.located[which] = self.at(*at, attempt.names[which].as_deref(), follow);
            }
        }
    }

    /// A name, relative to a directory. Where the name is missing or empty, the directory's descriptor itself is meant
    /// (by calls that allow that; others fail, and used nothing).
    fn at(&mut self, at: At, name: Option<&[u8]>, follow: bool) -> Option<Located> {
        let directory = at.directory.map(|argument| self.arguments.int(argument.into()));
        match (name, directory) {
            (None | Some(b""), None) => None,
            (None | Some(b""), Some(AT_FDCWD)) => {
                let base = self.working_directory()?;
                self.resolve(&base, b".", true)
            }
            (None | Some(b""), Some(descriptor)) => self.descriptor(descriptor),
            (Some(name), _) => {
                let base = self.base(at, name)?;
                let mut located = self.resolve(&base, name, follow)?;
                if located.found.is_none() && is_dots(name) {
                    // It was removed, and is still there for those that are in it.
                    located.file.kind = FileKind::Directory;
                }
                Some(located)
            }
        }
    }

    /// Whether the call's first name starts in a mount that is in no namespace (open_tree(2), fsmount(2), or one that was
    /// unmounted lazily), or in what has no name any more: only the thread's own descriptor leads there. What its path leads
    /// to is something else.
    pub(super) fn starts_detached(&self, rule: &Rule, names: &Names) -> bool {
        let (Some(at), Some(name)) = (rule.names.first(), names[0].as_deref()) else { return false };
        match at.directory.map(|argument| self.arguments.int(argument.into())) {
            _ if name.starts_with(b"/") => false,
            None | Some(AT_FDCWD) => {
                self.tracees.working_directory(self.arguments.thread).is_none() && self.is_detached("cwd")
            }
            Some(descriptor) => self.is_detached(&format!("fd/{descriptor}")),
        }
    }

    /// Whether a link of the thread's directory in `/proc` leads elsewhere than its text does in the thread's view.
    fn is_detached(&self, link: &str) -> bool {
        let start = proc::path(self.arguments.thread, link);
        let Some(eyes) = self.tracees.eyes(self.arguments.thread) else { return true };
        let Ok(named) = readlink(&start, Vec::new()) else { return true };
        let Some(seen) = eyes.view.seen(named.as_bytes()) else { return true };
        let below = seen.strip_prefix("/").ok().filter(|below| !below.as_os_str().is_empty());
        let at = |directory: BorrowedFd<'_>, path: &Path, flags| {
            statx(directory, path, flags, StatxFlags::INO | StatxFlags::MNT_ID)
                .map(|found| (found.stx_mnt_id, found.stx_dev_major, found.stx_dev_minor, found.stx_ino))
        };
        let named = at(eyes.view.root(), below.unwrap_or(Path::new(".")), AtFlags::SYMLINK_NOFOLLOW);
        named.is_err() || named != at(CWD, start.as_ref(), AtFlags::empty())
    }

    /// The directory that a name starts from, as the program sees it; none for a name that starts at the root.
    fn base(&mut self, at: At, name: &[u8]) -> Option<PathBuf> {
        match at.directory.map(|argument| self.arguments.int(argument.into())) {
            _ if name.starts_with(b"/") => Some(PathBuf::new()),
            None | Some(AT_FDCWD) => self.working_directory(),
            Some(descriptor) => self.named_by_kernel(&format!("fd/{descriptor}")),
        }
    }

    /// A path as the program writes it, from a directory as the program sees it.
    fn resolve(&mut self, base: &Path, name: &[u8], follow: bool) -> Option<Located> {
        if base.as_os_str() == CUT && !name.starts_with(b"/") {
            return self.located(Resolved::unlinked(base.join(OsStr::from_bytes(name)), None));
        }
        let eyes = self.tracees.eyes(self.arguments.thread)?;
        let resolved = self.resolver.resolve_from(eyes, base, name, follow, self.look);
        self.located(resolved)
    }

    fn located(&self, resolved: Resolved) -> Option<Located> {
        let eyes = self.tracees.eyes(self.arguments.thread)?;
        let process = self.process_of(&resolved.path);
        Some(Located::new(resolved, eyes.view, process))
    }

    fn locate_object(&mut self, attempt: &mut Attempt, descriptor: i32) {
        attempt.object = self.descriptor(descriptor);
        let link = proc::path(self.arguments.thread, &format!("fd/{descriptor}"));
        attempt.object_name = readlink(link, Vec::new()).ok().map(|name| name.into_bytes());
    }

    /// The file behind a descriptor; `None` for one that has no path: a pipe, a socket, a memfd, a file never named.
    pub(super) fn descriptor(&mut self, descriptor: i32) -> Option<Located> {
        let link = format!("fd/{descriptor}");
        let file = proc::path(self.arguments.thread, &link);
        let found = Found::from(statat(rustix::fs::CWD, &file, AtFlags::empty()).ok()?);
        let path = self.named_by_kernel(&link)?;
        if found.links == 0 && proc::is_nameless(&path) {
            return None;
        }
        self.located(Resolved::unlinked(path, Some(found)))
    }

    /// The thread's working directory, as the program sees it.
    fn working_directory(&mut self) -> Option<PathBuf> {
        let thread = self.arguments.thread;
        if let Some(known) = self.tracees.working_directory(thread) {
            return Some(known);
        }
        let found = self.named_by_kernel("cwd")?;
        // Each path that was cut counts.
        if found.as_os_str() != CUT && !self.is_detached("cwd") {
            self.tracees.remember_working_directory(thread, &found);
        }
        Some(found)
    }

    /// What a link of the thread's directory in `/proc` leads to, as the program sees it.
    fn named_by_kernel(&mut self, link: &str) -> Option<PathBuf> {
        let name = match readlink(proc::path(self.arguments.thread, link), Vec::new()) {
            Ok(name) => name.into_bytes(),
            Err(rustix::io::Errno::NAMETOOLONG) => {
                *self.cut += 1;
                return Some(PathBuf::from(CUT));
            }
            Err(_) => return None,
        };
        let (name, _) = proc::undeleted(&name);
        if !name.starts_with(b"/") {
            return None;
        }
        let eyes = self.tracees.eyes(self.arguments.thread)?;
        // What lies outside the root keeps the kernel's name.
        Some(eyes.view.seen(name).unwrap_or_else(|| PathBuf::from(OsStr::from_bytes(name))))
    }

    /// Whose process a path below `/proc` is about.
    fn process_of(&self, path: &Path) -> Option<ProcessRelation> {
        let rest = path.as_os_str().as_bytes().strip_prefix(b"/proc/")?;
        let process = proc::number(rest.split(|&b| b == b'/').next()?)?;
        Some(self.tracees.relation(self.arguments.thread, process))
    }

    fn address(&mut self, address: u64, length: u64) -> Option<SocketAddress> {
        if address == 0 {
            return None;
        }
        let bytes = self.arguments.read_some(address, length.min(LONGEST_ADDRESS) as usize);
        match SocketName::parse(&bytes)? {
            SocketName::Address(address) => Some(SocketAddress::Other(address)),
            SocketName::Path(path) => {
                let base = if path.starts_with(b"/") { PathBuf::new() } else { self.working_directory()? };
                // connect(2) follows a link at the end; bind(2) fails on one with EADDRINUSE.
                self.resolve(&base, path, true).map(SocketAddress::Path)
            }
        }
    }

    /// socketcall(2): the old one call for all of 32-bit x86, whose arguments are in memory (`linux/net.h`).
    fn socketcall(&mut self) -> Option<Attempt> {
        let a = self.arguments;
        let name = match a.word(0) {
            1 => "socket",
            2 => "bind",
            3 => "connect",
            8 => "socketpair",
            11 => "sendto",
            16 => "sendmsg",
            20 => "sendmmsg",
            _ => return None,
        };
        let rule = rules().find(|rule| rule.name == name)?;
        self.indirect(rule, a.word(1))
    }

    /// A call whose arguments lie in memory.
    fn indirect(&mut self, rule: &'static Rule, address: u64) -> Option<Attempt> {
        let a = self.arguments;
        let mut arguments = [0; 6];
        for (at, argument) in (0..).zip(&mut arguments) {
            *argument = a.read_word(address + at * a.word_size()).unwrap_or(0);
        }
        self.arguments.call.arguments = arguments;
        let names = self.names(rule);
        self.attempt(rule, names)
    }
}
