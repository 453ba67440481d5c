//! What could help against each cause.

use super::lines::{bind_line, line, path_line};
use super::{Asked, Candidate};
use crate::decide::{Because, Cause};
use crate::facts::NodeKind;
use crate::plan::MountMode;
use ringfence_settings::{Capability, PathAccess, PrivateTmp, ProtectHome};
use ringfence_terms::{AbsPath, AccessKind, Errno};

/// Everything worth trying, the narrowest first.
pub(super) fn candidates(asked: &Asked<'_>, errno: Errno, because: &Because) -> Vec<Candidate> {
    let changes = matches!(asked.access.kind, AccessKind::Write | AccessKind::Create);
    let mut all = Vec::new();
    match because.cause {
        Cause::ReadOnlyMount => {
            all.extend(asked.own_directory());
            all.extend(asked.private_tmp());
            all.extend(asked.read_write(&because.at));
            all.extend(asked.without_its_word(because));
        }
        Cause::Hidden => {
            if changes {
                all.extend(asked.own_directory());
            }
            all.extend(asked.device_node());
            all.extend(asked.bind(changes));
        }
        Cause::Inaccessible => {
            all.extend(asked.homes_by_tmpfs(changes));
            all.extend(asked.without_its_word(because));
            all.extend(asked.homes_read_only());
            all.extend(asked.without_protection(because));
        }
        Cause::NoExecMount => all.extend(asked.executable(&because.at)),
        Cause::Device if errno == Errno::EPERM => all.extend(asked.device_allow()),
        Cause::Missing if changes => all.extend(asked.own_directory()),
        Cause::Permissions => {
            if changes {
                all.extend(asked.own_directory());
            }
            all.extend(asked.group(&because.at));
            let wanted = if changes { Capability::DAC_OVERRIDE } else { Capability::DAC_READ_SEARCH };
            all.extend(asked.capability(wanted));
        }
        Cause::Capability => {
            let known = [Capability::SYSLOG, Capability::SYS_ADMIN, Capability::SYS_RAWIO];
            all.extend(known.into_iter().filter_map(|capability| asked.capability(capability)));
        }
        _ => {}
    }
    all
}

/// A candidate that opens nothing on the host.
fn harmless(lines: Vec<String>, why: String) -> Candidate {
    Candidate { lines, why, shows: Vec::new(), writes: Vec::new() }
}

impl Asked<'_> {
    /// A `/tmp` of its own is narrower than a hole in the host's.
    fn private_tmp(&self) -> Option<Candidate> {
        let path = &self.access.path;
        let temporary = ["/tmp", "/var/tmp"].iter().any(|tmp| path.as_path().starts_with(tmp));
        if !temporary || self.settings.sandbox.private_tmp.value != PrivateTmp::No {
            return None;
        }
        let why = "The service gets a /tmp and a /var/tmp of its own: writable, empty at first, seen by nobody else.";
        Some(harmless(vec![line("PrivateTmp", &["yes"])?], why.to_owned()))
    }

    /// `ReadWritePaths=` for the file, then for its directory.
    fn read_write(&self, at: &AbsPath) -> Vec<Candidate> {
        let is_file = self.facts.node(at).is_ok_and(|node| node.kind != NodeKind::Directory);
        let mut all = Vec::new();
        let mut add = |path: &AbsPath, why: String| {
            if let Some(line) = path_line("ReadWritePaths", path, &self.plan.root) {
                let opened = vec![path.clone()];
                all.push(Candidate { lines: vec![line], why, shows: opened.clone(), writes: opened });
            }
        };
        if is_file {
            add(
                at,
                format!(
                    "Only {at} becomes writable; a program that replaces the file by a new one needs its directory instead."
                ),
            );
        }
        let directory = if is_file { at.parent() } else { Some(at.clone()) };
        if let Some(directory) = directory.filter(|directory| !directory.is_root()) {
            add(
                &directory,
                format!(
                    "{directory} and what is below it becomes writable as far as its owner and mode allow."
                ),
            );
        }
        all
    }

    /// Shows the host's file or directory through what hides it.
    fn bind(&self, changes: bool) -> Vec<Candidate> {
        let path = &self.access.path;
        let directive = if changes { "BindPaths" } else { "BindReadOnlyPaths" };
        let there = |path: &AbsPath| self.plan.tree.resolve_on_host(path, self.facts);
        let exists = |path: &AbsPath| there(path).is_ok_and(|p| matches!(p.seen, crate::tree::Seen::Node(_)));
        let mut targets = Vec::new();
        if self.access.kind != AccessKind::Create && exists(path) {
            targets.push(path.clone());
        }
        if self.access.kind == AccessKind::Create
            && let Some(parent) = path.parent().filter(|parent| exists(parent) && !parent.is_root())
        {
            targets.push(parent);
        }
        targets
            .into_iter()
            .filter_map(|target| {
                let how = if changes { "and can be written" } else { "read-only" };
                Some(Candidate {
                    lines: vec![bind_line(directive, &target)?],
                    why: format!("The host's {target} is shown in the service's tree, {how}."),
                    writes: if changes { vec![target.clone()] } else { Vec::new() },
                    shows: vec![target],
                })
            })
            .collect()
    }

    /// A device that a private `/dev` lacks is shown and allowed.
    fn device_node(&self) -> Option<Candidate> {
        let path = &self.access.path;
        let node = self.facts.node(path).ok()?;
        if !matches!(node.kind, NodeKind::CharDevice | NodeKind::BlockDevice) {
            return None;
        }
        let allow = self.device_allow()?;
        Some(Candidate {
            lines: [vec![bind_line("BindPaths", path)?], allow.lines].concat(),
            why: format!("{path} is shown in the service's own /dev, and its control group may open it."),
            shows: vec![path.clone()],
            writes: vec![path.clone()],
        })
    }

    fn device_allow(&self) -> Option<Candidate> {
        let path = &self.access.path;
        let rights = if self.access.kind == AccessKind::Write { "w" } else { "r" };
        let node = line("DeviceAllow", &[path.as_path().to_str()?])?;
        let why = format!("The service's control group may open {path}.");
        Some(harmless(vec![format!("{node} {rights}")], why))
    }

    /// Hiding homes behind an empty file system lets single paths through, which an inaccessible directory does not.
    fn homes_by_tmpfs(&self, changes: bool) -> Vec<Candidate> {
        if self.settings.sandbox.protect_home.value != ProtectHome::Yes {
            return Vec::new();
        }
        let mut all = self.bind(changes);
        for candidate in &mut all {
            candidate.lines.insert(0, "ProtectHome=tmpfs".to_owned());
            candidate.why = format!("{} The rest of the home directories stays hidden.", candidate.why);
        }
        all
    }

    fn homes_read_only(&self) -> Option<Candidate> {
        if self.settings.sandbox.protect_home.value != ProtectHome::Yes {
            return None;
        }
        let homes = ["/home", "/root", "/run/user"].map(AbsPath::parse).into_iter().filter_map(Result::ok);
        Some(Candidate {
            lines: vec!["ProtectHome=read-only".to_owned()],
            why: "All home directories can be read, and none be written.".to_owned(),
            shows: homes.collect(),
            writes: Vec::new(),
        })
    }

    /// The list of the line responsible without the path at which it denies. Nothing narrower helps when the path itself
    /// is listed: the stricter of two entries on one path wins.
    fn without_its_word(&self, because: &Because) -> Option<Candidate> {
        let directive = &because.origin.as_ref()?.directive;
        let (access, name) = match &**directive {
            "ReadOnlyPaths" => (PathAccess::ReadOnly, "ReadOnlyPaths"),
            "InaccessiblePaths" => (PathAccess::Inaccessible, "InaccessiblePaths"),
            _ => return None,
        };
        let entry = self.plan.mounts.iter().rev().find(|entry| {
            (entry.origin == because.origin || entry.read_only_line() == because.origin.as_ref())
                && because.at.is_at_or_below(&entry.path)
                && entry.mode != MountMode::Exec
        })?;
        let asked = entry.requested.as_ref().unwrap_or(&entry.path);
        let kept: Option<Vec<String>> = self
            .settings
            .paths
            .access(access)
            .filter(|word| word.value.path != *asked)
            .map(|word| {
                let (dash, plus) =
                    (if word.value.optional { "-" } else { "" }, if word.value.in_root { "+" } else { "" });
                Some(format!("{dash}{plus}{}", word.value.path.as_path().to_str()?))
            })
            .collect();
        let kept = kept?;
        let mut lines = vec![format!("{name}=")];
        if !kept.is_empty() {
            lines.push(line(name, &kept)?);
        }
        Some(Candidate {
            lines,
            why: format!(
                "{name}= no longer lists {asked}; no other line can lift it there, because the stricter one wins."
            ),
            shows: vec![entry.path.clone()],
            writes: vec![entry.path.clone()],
        })
    }

    /// Settings that hide one thing of the kernel have no exception: only turning them off helps.
    fn without_protection(&self, because: &Because) -> Option<Candidate> {
        let directive = because.origin.as_ref()?.directive.to_string();
        if !matches!(
            directive.as_str(),
            "ProtectKernelModules" | "ProtectKernelLogs" | "ProtectKernelTunables"
        ) {
            return None;
        }
        let everything = vec![AbsPath::root()];
        Some(Candidate {
            lines: vec![format!("{directive}=no")],
            why: format!("{directive}= has no exceptions, so it has to go."),
            shows: everything.clone(),
            writes: if directive == "ProtectKernelTunables" { everything } else { Vec::new() },
        })
    }

    /// `ExecPaths=`, and a bind onto itself where the line alone would take the place out of a read-only tree.
    fn executable(&self, at: &AbsPath) -> Vec<Candidate> {
        let exec = path_line("ExecPaths", at, &self.plan.root);
        let keep = bind_line("BindReadOnlyPaths", at);
        let alone = exec.clone().map(|line| harmless(vec![line], format!("{at} can be executed.")));
        let both = exec.zip(keep).map(|(exec, keep)| {
            harmless(
                vec![exec, keep],
                format!("{at} can be executed; the second line keeps it read-only, which ExecPaths= alone would undo."),
            )
        });
        alone.into_iter().chain(both).collect()
    }

    /// A group that may do it already.
    fn group(&self, at: &AbsPath) -> Option<Candidate> {
        let node = self.facts.node(at).ok()?;
        let member = node.gid == self.who.gid || self.who.groups.contains(&node.gid);
        if member || node.gid == 0 || node.uid == self.who.uid {
            return None;
        }
        let group = node.gid.to_string();
        let why = format!("Group {group}, to which {at} belongs, may do that; the service joins it.");
        Some(harmless(vec![line("SupplementaryGroups", &[group])?], why))
    }

    /// A capability that root lost. Other users get none: an ambient capability is more than one path is worth.
    fn capability(&self, capability: Capability) -> Option<Candidate> {
        if self.who.uid != 0 || self.who.capabilities.contains(capability) {
            return None;
        }
        let why = format!(
            "The service, which runs as root, may have {capability} again; that holds for every file."
        );
        Some(harmless(vec![line("CapabilityBoundingSet", &[capability.name()])?], why))
    }
}
