//! From the kernel side's events to what is delivered.

use crate::peers::{Peers, ProcessesSeen};
use crate::programs::Programs;
use crate::views::{Views, plain};
use crate::wire::{Kind, RawEvent, Walked, device_numbers};
use ringfence_calls::{Call, Effect, Object, On, Rule, SocketName, ring_rule, rules};
use ringfence_profile::{ExecGain, IoUringUse};
use ringfence_record::{
    Attempt, FileKind, FileUse, Found, Link, Located, MOST_SCRIPTS, Operation, Operations, Privilege,
    Program, Resolved, Resolver, SocketAddress, View, What, change, in_root, interpreter, proc,
    resolves_in_root, uses,
};
use ringfence_seccomp::Abi;
use ringfence_terms::Errno;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

/// The result of a call whose name could not be read.
const EFAULT: i64 = -14;

/// The result of a call whose name is longer than any may be.
const ENAMETOOLONG: i64 = -36;

/// How long a name may be, without its end (`PATH_MAX` in `linux/limits.h`); the kernel side reads no more.
const LONGEST_NAME: usize = 4095;

/// One thing to deliver.
pub struct Delivered {
    /// Who.
    pub by: Arc<Program>,
    /// How it ended.
    pub errno: Option<Errno>,
    /// What.
    pub what: What,
}

/// Understands events, in the order in which they arrive.
pub struct Decoder {
    rules: HashMap<(bool, u32), &'static Rule>,
    /// Who acts.
    pub programs: Programs,
    views: Views,
    resolver: Resolver,
    processes: ProcessesSeen,
    /// io_uring requests that were submitted, by key.
    submitted: HashMap<u64, (Arc<Program>, Attempt)>,
}

impl Decoder {
    /// A decoder that has seen nothing yet.
    pub fn new() -> rustix::io::Result<Decoder> {
        let numbered =
            |abi: Abi| rules().filter_map(move |rule| Some(((abi == Abi::I386, rule.number(abi)?), rule)));
        Ok(Decoder {
            rules: numbered(Abi::X86_64).chain(numbered(Abi::I386)).collect(),
            programs: Programs::default(),
            views: Views::new()?,
            resolver: Resolver::default(),
            processes: ProcessesSeen::default(),
            submitted: HashMap::new(),
        })
    }

    /// What an event is; `is_tracked` tells whether a process is one of those that are recorded, or was.
    pub fn decode(&mut self, event: &RawEvent<'_>, is_tracked: &dyn Fn(u32) -> bool) -> Vec<Delivered> {
        self.views.note(event);
        self.processes.note(event);
        match event.kind {
            Kind::Program => {
                self.programs.announced(event);
                Vec::new()
            }
            Kind::Exec => self.executed(event, is_tracked),
            Kind::Call => self.called(event, is_tracked),
            Kind::Capability => self.asked(event),
            Kind::RingSubmit => self.submitted(event),
            Kind::RingComplete => self.completed(event, is_tracked),
        }
    }

    fn called(&mut self, event: &RawEvent<'_>, is_tracked: &dyn Fn(u32) -> bool) -> Vec<Delivered> {
        let Some(&rule) = self.rules.get(&(event.compat, event.nr)) else { return Vec::new() };
        let Some(by) = self.programs.get(event.program).cloned() else { return Vec::new() };
        // The kernel's own numbers for a call that it will make again by itself (`linux/errno.h`, ERESTARTSYS ...).
        if (-516..=-512).contains(&event.result) {
            return Vec::new();
        }
        // A name that was cut when it was read; nothing can have such a path.
        if event.result == ENAMETOOLONG && event.names.iter().flatten().any(|n| n.len() >= LONGEST_NAME) {
            return Vec::new();
        }
        let confined = event.names[0].filter(|_| resolves_in_root(rule, &event.args)).map(in_root);
        let attempt = match confined {
            Some(name) => {
                let mut meant = event.clone();
                meant.names[0] = Some(&name);
                self.attempt(rule, event.args, &meant)
            }
            None => self.attempt(rule, event.args, event),
        };
        let what = uses(&attempt, event.result, &Peers::new(event, &self.processes, is_tracked));
        if event.result >= 0 && change(&attempt, &what).paths {
            self.resolver.forget();
        }
        let mut delivered = deliver(&by, event.result, what);
        delivered.extend(crate::capability::of_new_namespaces(rule, &delivered));
        delivered
    }

    /// Finds everything that a call was about.
    fn attempt(&mut self, rule: &'static Rule, arguments: [u64; 6], event: &RawEvent<'_>) -> Attempt {
        let names = event.names.map(|name| name.map(<[u8]>::to_vec));
        let mut arguments = arguments;
        if rule.name == "setns" && arguments[1] == 0 {
            // Whatever namespace the descriptor is of; the kernel side tells.
            arguments[1] = event.args[5];
        }
        let mut attempt = Attempt::new(rule, arguments, names);
        let reached = event.file.as_ref().and_then(|file| self.walked(event, file));
        match rule.object {
            Object::Descriptor(_) | Object::Mapped => {
                attempt.object_name = event.file.map(|file| file.name().to_vec());
                attempt.object = reached;
            }
            Object::WorkingDirectory if rule.names.is_empty() => attempt.object = reached,
            Object::Opened => self.locate_opened(&mut attempt, event, reached),
            Object::WorkingDirectory => {
                self.locate_names(&mut attempt, event);
                if let (Some(named), Some(reached)) = (&mut attempt.located[0], reached) {
                    *named =
                        Located { file: FileUse { via: named.file.via.clone(), ..reached.file }, ..reached };
                }
            }
            Object::Root => {
                self.locate_names(&mut attempt, event);
                // The file is the new root, and its path is `/` by now; where that is was noted.
                if let (true, Some(named)) = (event.result >= 0, &mut attempt.located[0])
                    && let Some(path) = self.views.root_path(event)
                    && let Some(seen) = self.views.before(event).seen(path.as_os_str().as_encoded_bytes())
                {
                    named.file.path = seen;
                }
            }
            _ => self.locate_names(&mut attempt, event),
        }
        if let Some(bytes) = event.address {
            attempt.address = self.address(event, bytes);
        }
        settle_kinds(&mut attempt, event);
        if event.result < 0 && matches!(rule.name, "execve" | "execveat") {
            attempt.interpreters = self.interpreters(event, attempt.located[0].clone());
        }
        attempt
    }

    /// Resolves those names that the call has an effect on.
    fn locate_names(&mut self, attempt: &mut Attempt, event: &RawEvent<'_>) {
        let names = [attempt.names[0].as_deref(), attempt.names[1].as_deref()];
        let call = Call { args: attempt.arguments, result: event.result, names, object: None, made: true };
        for effect in attempt.rule.effects(&call) {
            if let Effect::File { on: On::Name { which, follow }, .. } = effect
                && attempt.located[which].is_none()
            {
                attempt.located[which] = self.named(attempt.rule, event, which, follow);
            }
        }
        if event.result >= 0 && matches!(attempt.rule.name, "execve" | "execveat") {
            attempt.located[0] = None;
        }
    }

    /// A name of a call; where it is missing or empty, the directory's descriptor itself is meant.
    fn named(&mut self, rule: &Rule, event: &RawEvent<'_>, which: usize, follow: bool) -> Option<Located> {
        // open_by_handle_at(2) has none.
        let of_directory = rule.names.get(which)?.directory.is_some() && event.result != EFAULT;
        match (event.names[which], &event.bases[which]) {
            (None | Some(b""), Some(base)) if of_directory => self.walked(event, base),
            (None | Some(b""), _) => None,
            (Some(name @ [b'/', ..]), Some(base)) => self
                .through_descriptor(event, base, name, follow)
                .or_else(|| self.resolve(event, Path::new("/"), name, follow)),
            (Some(name), base) => {
                let base = base.as_ref().map(Walked::path).unwrap_or_default();
                self.resolve(event, &base, name, follow)
            }
        }
    }

    /// A name that leads through one of the process's own descriptors, and where that led in the kernel: by now it may be
    /// another file's. `None` for the link itself, and for what has no path.
    fn through_descriptor(
        &mut self,
        event: &RawEvent<'_>,
        base: &Walked<'_>,
        name: &[u8],
        follow: bool,
    ) -> Option<Located> {
        let (mut via, rest) = descriptor_links(name, base.path())?;
        if rest.is_none() && !follow {
            return None;
        }
        let reached = self.walked(event, base)?;
        let mut located = match rest {
            None => reached,
            Some(below) => self.resolve(event, &reached.file.path, below, follow)?,
        };
        via.append(&mut located.file.via);
        located.file.via = via;
        Some(located)
    }

    fn resolve(&mut self, event: &RawEvent<'_>, base: &Path, name: &[u8], follow: bool) -> Option<Located> {
        let view = Rc::clone(self.view(event));
        let eyes = self.views.eyes(event, &view);
        let resolved = self.resolver.resolve(eyes, base, name, follow);
        let process = self.processes.relation_of(event, &resolved.path);
        Some(Located::new(resolved, &view, process))
    }

    /// The view that a call was made with: chroot(2) and its kin are seen when they have changed it.
    fn view(&self, event: &RawEvent<'_>) -> &Rc<View> {
        let changes_root = event.kind == Kind::Call
            && event.result >= 0
            && self
                .rules
                .get(&(event.compat, event.nr))
                .is_some_and(|rule| rule.object == Object::Root || matches!(rule.name, "pivot_root"));
        if changes_root { self.views.before(event) } else { self.views.of(event) }
    }

    /// An open: what its descriptor leads to is certain; the name tells the links on the way.
    fn locate_opened(&mut self, attempt: &mut Attempt, event: &RawEvent<'_>, reached: Option<Located>) {
        let made = event.file.as_ref().is_some_and(Walked::was_made);
        let Some(mut reached) = reached.filter(|_| !is_unnamed(event)) else {
            self.locate_names(attempt, event);
            attempt.made = made;
            if event.result < 0 {
                attempt.made = attempt.located[0].as_ref().is_none_or(|located| located.found.is_none());
            } else if let (Some(located), Some(file)) = (&mut attempt.located[0], &event.file)
                && located.found.is_none()
            {
                // Without a path of its own, and the process whose name led there is gone.
                located.file.kind = FileKind::from_mode(file.mode);
            }
            return;
        };
        attempt.made = made;
        if let Some(name) = event.names[0] {
            let base = event.bases[0].as_ref().map(Walked::path).unwrap_or_default();
            if plain(&base, name).is_none_or(|plain| plain != reached.file.path) {
                reached.file.via = self.links_to(event, &base, name, &reached.file.path);
            }
        }
        attempt.located[0] = Some(reached);
    }

    /// The links between a name and what it led to.
    fn links_to(&mut self, event: &RawEvent<'_>, base: &Path, name: &[u8], reached: &Path) -> Vec<Link> {
        let Some(named) = self.resolve(event, base, name, true) else { return Vec::new() };
        let mut via = named.file.via;
        // A link of `/proc` to an open file leads there whatever its text; the process may be gone already.
        if named.file.path != reached
            && let Some(link) = self.processes.own_link(event, &named.file.path)
        {
            via.push(Link { path: link, target: reached.to_path_buf() });
        }
        via
    }

    /// A path that was walked in the kernel; `None` for what has no path: a pipe, a socket, a memfd.
    fn walked(&self, event: &RawEvent<'_>, walked: &Walked<'_>) -> Option<Located> {
        let path = walked.path();
        if walked.is_detached() || (walked.is_deleted() && proc::is_nameless(&path)) {
            return None;
        }
        let (major, minor) = device_numbers(walked.rdev);
        let found = Found {
            mode: walked.mode,
            user: 0,
            group: 0,
            device: rustix::fs::makedev(major, minor),
            links: if walked.is_deleted() { 0 } else { 1 },
        };
        let host = if event.root == 0 && !walked.is_above_root() {
            None
        } else {
            self.views.on_host(walked).filter(|host| *host != path)
        };
        let file = FileUse {
            operations: Operations::NONE,
            host,
            kind: found.kind(),
            via: Vec::new(),
            process: self.processes.relation_of(event, &path),
            path,
        };
        Some(Located { file, found: Some(found) })
    }

    fn address(&mut self, event: &RawEvent<'_>, bytes: &[u8]) -> Option<SocketAddress> {
        match SocketName::parse(bytes)? {
            SocketName::Address(address) => Some(SocketAddress::Other(address)),
            SocketName::Path(path) => {
                let base = event.bases[0].as_ref().map(Walked::path).unwrap_or_default();
                self.resolve(event, &base, path, true).map(SocketAddress::Path)
            }
        }
    }

    /// What runs an executed file, and what runs that.
    fn interpreters(&mut self, event: &RawEvent<'_>, first: Option<Located>) -> Vec<Located> {
        let mut interpreters: Vec<Located> = Vec::new();
        let mut next = first;
        while let Some(Located { file, found: Some(found) }) = next.take()
            && found.kind() == FileKind::File
            && interpreters.len() <= MOST_SCRIPTS
        {
            let Some(interpreter) = interpreter(self.views.of(event), &file.path) else { break };
            next = self.resolve(event, Path::new("/"), &interpreter, true);
            interpreters.extend(next.clone());
        }
        interpreters
    }

    /// A program was started. The caller did that; the recorder's own start of a command is the command's.
    fn executed(&mut self, event: &RawEvent<'_>, _: &dyn Fn(u32) -> bool) -> Vec<Delivered> {
        let Some(program) = self.programs.get(event.program).cloned() else { return Vec::new() };
        let before = u32::try_from(event.args[0]).ok().and_then(|slot| self.programs.get(slot)).cloned();
        let Some(reached) = event.file.as_ref() else { return Vec::new() };
        let by = before.clone().unwrap_or_else(|| Arc::clone(&program));
        let is_script = event.interpreter.is_some();
        let mut file = match (self.walked(event, reached), event.names[0]) {
            (_, Some(name))
                if descriptor_links(name, PathBuf::new()).is_some() && event.bases[0].is_some() =>
            {
                self.executed_descriptor(event, name)
            }
            (reached, Some(name)) if is_script || reached.is_none() => {
                let base = event.bases[0].as_ref().map(Walked::path).unwrap_or_default();
                self.resolve(event, &base, name, true).or(reached)
            }
            (Some(mut reached), Some(name)) if !name.starts_with(b"/dev/fd/") => {
                let base = event.bases[0].as_ref().map(Walked::path).unwrap_or_default();
                if plain(&base, name).is_none_or(|plain| plain != reached.file.path) {
                    reached.file.via = self.links_to(event, &base, name, &reached.file.path);
                }
                Some(reached)
            }
            (reached, _) => reached,
        };
        let mut interpreters = self.interpreters(event, file.clone());
        if let (true, Some(name)) = (interpreters.is_empty(), event.interpreter) {
            // A script that cannot be read at its path.
            let named = self.resolve(event, Path::new("/"), name, true);
            interpreters.extend(named.clone());
            interpreters.extend(self.interpreters(event, named));
        }
        // A file that was removed meanwhile does not tell any more; the kernel does.
        let known: [Option<&Walked<'_>>; 2] = [is_script.then_some(reached), event.loader.as_ref()];
        for walked in known.into_iter().flatten() {
            if let Some(located) = self.walked(event, walked)
                && !interpreters.iter().any(|i| i.file.path == located.file.path)
                && file.as_ref().is_none_or(|file| file.file.path != located.file.path)
            {
                interpreters.push(located);
            }
        }
        let gain = before.and_then(|before| exec_gain(&before, &program, reached, &event.args));
        let used = |located: Located, operation: Operation| {
            What::File(FileUse { operations: operation.into(), ..located.file })
        };
        let what = file
            .take()
            .into_iter()
            .map(|located| used(located, Operation::Exec))
            .chain(interpreters.into_iter().map(|located| used(located, Operation::Interpret)));
        let mut delivered = deliver(&by, 0, what.collect());
        delivered.extend(gain.map(|gain| Delivered {
            by: Arc::clone(&by),
            errno: None,
            what: What::Privilege(Privilege::ExecGain(gain)),
        }));
        delivered
    }

    /// An executed file that a descriptor led to, as it was in the kernel: what has no path is known by the descriptor's.
    fn executed_descriptor(&mut self, event: &RawEvent<'_>, name: &[u8]) -> Option<Located> {
        let base = event.bases[0].as_ref()?;
        if let Some(mut located) = self.through_descriptor(event, base, name, true) {
            if name.starts_with(b"/dev/fd/") {
                // The kernel's own name for what was executed without one (`alloc_bprm`, fs/exec.c).
                located.file.via.clear();
            }
            return Some(located);
        }
        let (via, rest) = descriptor_links(name, PathBuf::new())?;
        let link = via.last().filter(|_| rest.is_none())?;
        let number = link.path.file_name()?;
        let process = event.inner_process.to_string();
        let path = Path::new("/proc").join(process).join("fd").join(number);
        let view = Rc::clone(self.view(event));
        let relation = self.processes.relation_of(event, &path);
        let mut located = Located::new(Resolved { path, via: Vec::new(), found: None }, &view, relation);
        located.file.kind = FileKind::from_mode(base.mode);
        Some(located)
    }

    fn asked(&self, event: &RawEvent<'_>) -> Vec<Delivered> {
        let Some(by) = self.programs.get(event.program) else { return Vec::new() };
        let Ok(capability) = u8::try_from(event.args[0]) else { return Vec::new() };
        if crate::capability::is_routine(capability, event) {
            return Vec::new();
        }
        deliver(by, event.result, vec![What::Privilege(Privilege::Capability(capability))])
    }

    fn submitted(&mut self, event: &RawEvent<'_>) -> Vec<Delivered> {
        let Some(by) = self.programs.get(event.program).cloned() else { return Vec::new() };
        let Ok(operation) = u8::try_from(event.nr) else { return Vec::new() };
        let numbers = [event.args[0], event.args[1], event.args[2]];
        if let Some(request) = ring_rule(operation, numbers) {
            let mut names = event.clone();
            if request.second_name_alone {
                names.names = [event.names[1], None];
                names.bases = [event.bases[1], None];
            }
            let attempt = self.attempt(request.rule, request.arguments, &names);
            self.submitted.insert(event.key, (Arc::clone(&by), attempt));
        }
        deliver(&by, 0, vec![What::Privilege(Privilege::IoUring(IoUringUse::Request(operation)))])
    }

    fn completed(&mut self, event: &RawEvent<'_>, is_tracked: &dyn Fn(u32) -> bool) -> Vec<Delivered> {
        let reached = event.file.as_ref().and_then(|file| self.walked(event, file));
        let Some((by, attempt)) = self.submitted.get_mut(&event.args[0]) else { return Vec::new() };
        if let Some(reached) = reached {
            let via = attempt.located[0].take().map(|named| named.file.via).unwrap_or_default();
            attempt.located[0] = Some(Located { file: FileUse { via, ..reached.file }, ..reached });
            attempt.made = event.file.as_ref().is_some_and(Walked::was_made);
        }
        let what = uses(attempt, event.result, &Peers::new(event, &self.processes, is_tracked));
        let by = Arc::clone(by);
        deliver(&by, event.result, what)
    }
}

/// The links of `/proc` at the start of a name that leads to what a descriptor is of, and what follows them.
fn descriptor_links(name: &[u8], target: PathBuf) -> Option<(Vec<Link>, Option<&[u8]>)> {
    const OWN: &str = "/proc/self/fd";
    let mut via = Vec::new();
    let below = match name.strip_prefix(b"/dev/fd/") {
        Some(below) => {
            via.push(Link { path: "/dev/fd".into(), target: OWN.into() });
            below
        }
        None => name.strip_prefix(b"/proc/self/fd/")?,
    };
    let end = below.iter().position(|&b| b == b'/').unwrap_or(below.len());
    let (number, rest) = below.split_at(end);
    via.push(Link { path: Path::new(OWN).join(OsStr::from_bytes(number)), target });
    Some((via, rest.strip_prefix(b"/")))
}

fn deliver(by: &Arc<Program>, result: i64, what: Vec<What>) -> Vec<Delivered> {
    let errno = (-4095..0).contains(&result).then(|| Errno(-result as i32));
    what.into_iter().map(|what| Delivered { by: Arc::clone(by), errno, what }).collect()
}

/// Whether an open made a file without a name (`O_TMPFILE`): then the name is the directory's.
fn is_unnamed(event: &RawEvent<'_>) -> bool {
    event.file.as_ref().is_some_and(|file| file.is_deleted() && proc::is_nameless(&file.path()))
}

/// The call has happened when it is looked at: what was moved is elsewhere by now, and attributes that it read are at hand.
fn settle_kinds(attempt: &mut Attempt, event: &RawEvent<'_>) {
    if event.result < 0 {
        return;
    }
    if attempt.rule.attributes.is_some()
        && let Some(located) = &mut attempt.located[0]
    {
        let kind = FileKind::from_mode(event.args[5] as u32);
        if kind != FileKind::Unknown {
            located.file.kind = kind;
        }
    }
    if let [Some(first), Some(second)] = &mut attempt.located
        && first.file.kind == FileKind::Unknown
    {
        first.file.kind = second.file.kind;
    }
}

/// What an executed file gave that the caller had not. The arguments are the real group, the effective group, and the
/// capabilities that are there since.
fn exec_gain(before: &Program, after: &Program, file: &Walked<'_>, args: &[u64; 6]) -> Option<ExecGain> {
    const S_ISUID: u32 = 0o4000;
    const S_ISGID: u32 = 0o2000;
    let [_, real_group, group, capabilities, ..] = *args;
    let user = file.mode & S_ISUID != 0 && before.uid != after.uid;
    let group = file.mode & S_ISGID != 0 && group != real_group;
    // Root's capabilities come and go with its number, not with the file (capabilities(7)).
    let capabilities = before.uid != 0 && !user && capabilities != 0;
    (user || group || capabilities).then(|| ExecGain { path: file.path(), user, group, capabilities })
}
