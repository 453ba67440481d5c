//! The namespaces of a process on its way to its program: which are entered, which are made, and what is shared where that is
//! not permitted.

use super::Child;
use crate::enforcement::{Shortfall, Strength};
use crate::failure::Failure;
use crate::launch::Launch;
use crate::mounts::{self, MountNeeds};
use crate::namespaces::{enter, user_namespace};
use crate::step::Step;
use crate::wire::Message;
use ringfence_settings::{PrivateUsers, ProtectControlGroups};
use ringfence_sys::fork::{Namespace, become_first_of_pid_namespace, unshare};
use ringfence_terms::{AbsPath, Origin, Sourced};
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;

impl Child<'_> {
    /// Everything but processes, mounts and the host name.
    pub(super) fn enter_namespaces(&self) -> Result<(), Failure> {
        let Launch { settings, runtime, facts, .. } = self.launch;
        let sandbox = &settings.sandbox;
        if self.sandboxed
            && let Some(users) = runtime.users()
        {
            enter(users, Namespace::User).map_err(|e| self.no_users(e))?;
        }
        if let Some(network) = &runtime.network {
            let (path, own) = (&sandbox.network_namespace_path, &sandbox.private_network);
            // systemd goes on where it has CAP_NET_ADMIN, be it only in the user namespace, and else refuses a path.
            let may_do_without = path.value.is_none() || has_net_admin();
            let line = asked_by(("NetworkNamespacePath", path), ("PrivateNetwork", own));
            self.enter_shared(network, (Namespace::Network, "network"), line, Step::Network, may_do_without)?;
        }
        if let Some(ipc) = &runtime.ipc {
            let (path, own) = (&sandbox.ipc_namespace_path, &sandbox.private_ipc);
            let line = asked_by(("IPCNamespacePath", path), ("PrivateIPC", own));
            self.enter_shared(ipc, (Namespace::Ipc, "IPC"), line, Step::Namespace, true)?;
        }
        if !self.sandboxed {
            return Ok(());
        }
        let groups = &sandbox.protect_control_groups;
        if matches!(groups.value, ProtectControlGroups::Private | ProtectControlGroups::Strict)
            && facts.features().unified_cgroups
        {
            unshare(Namespace::Cgroup).map_err(|e| {
                Failure::new(Step::Namespace, "make a control group namespace")
                    .errno(e)
                    .origin(groups.origin.as_ref())
            })?;
        }
        Ok(())
    }

    /// Steps into a namespace that the unit's commands share. Where that is not permitted the service shares the host's, if it
    /// may do without, and that is said.
    fn enter_shared(
        &self,
        namespace: &OwnedFd,
        (kind, what): (Namespace, &str),
        (directive, origin): (&str, Option<&Origin>),
        step: Step,
        may_do_without: bool,
    ) -> Result<(), Failure> {
        match enter(namespace.as_fd(), kind) {
            Err(Errno::PERM | Errno::ACCESS) if may_do_without => {
                self.report(Shortfall {
                    directive: directive.to_owned(),
                    origin: origin.cloned(),
                    strength: Strength::NotEnforced,
                    why: format!(
                        "entering the {what} namespace is not permitted here, so the service shares the host's"
                    ),
                });
                Ok(())
            }
            other => other.map_err(|e| {
                Failure::new(step, format!("enter the {what} namespace")).errno(e).origin(origin)
            }),
        }
    }

    /// `PrivatePIDs=`.
    pub(super) fn become_first_process(&self) -> Result<(), Failure> {
        let setting = &self.launch.settings.sandbox.private_pids;
        if !self.sandboxed || !setting.value {
            return Ok(());
        }
        let announce = |pid: rustix::process::Pid| self.tell(&Message::Moved(pid.as_raw_nonzero().get()));
        become_first_of_pid_namespace(announce).map_err(|e| {
            Failure::new(Step::Namespace, "make a PID namespace").errno(e).origin(setting.origin.as_ref())
        })
    }

    pub(super) fn no_users(&self, errno: Errno) -> Failure {
        Failure::new(Step::User, "enter the user namespace")
            .errno(errno)
            .origin(self.launch.settings.sandbox.private_users.origin.as_ref())
    }

    /// `PrivateUsers=` with privileges: the namespace is made while `/proc` is still the host's, and entered when
    /// everything else is set up, so that the mounts belong to the namespace outside (systemd: `setup_private_users`).
    pub(super) fn private_users(&self) -> Result<Option<OwnedFd>, Failure> {
        let Launch { settings, runtime, .. } = self.launch;
        if !self.sandboxed || runtime.users().is_some() {
            return Ok(None);
        }
        let (own_uid, own_gid) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
        let (uid_map, gid_map) = match settings.sandbox.private_users.value {
            PrivateUsers::No => return Ok(None),
            PrivateUsers::Identity => ("0 0 65536\n".to_owned(), "0 0 65536\n".to_owned()),
            PrivateUsers::OwnUser => {
                (self_map(own_uid, runtime.identity.uid), self_map(own_gid, runtime.identity.gid))
            }
        };
        user_namespace(&uid_map, &gid_map).map(Some).map_err(|e| self.no_users(e))
    }

    /// The user namespace whose map shows files of 65534 as the service's own.
    pub(super) fn map_of_owner(&self, id_mapped: &[AbsPath]) -> Result<Option<OwnedFd>, Failure> {
        let Launch { runtime, plan, .. } = self.launch;
        if id_mapped.is_empty() || plan.reasons.is_empty() {
            return Ok(None);
        }
        let (uid, gid) = runtime.identity.owner();
        let map = |id: u32| format!("65534 {id} 1\n0 0 1\n");
        user_namespace(&map(uid), &map(gid))
            .map(Some)
            .map_err(|e| Failure::new(Step::Namespace, "map the owner of the service's directories").errno(e))
    }

    pub(super) fn mount(&self, id_mapped: &[AbsPath], id_map: Option<&OwnedFd>) -> Result<(), Failure> {
        let Launch { runtime, plan, facts, .. } = self.launch;
        if plan.reasons.is_empty() {
            return Ok(());
        }
        match unshare(Namespace::Mount) {
            Err(Errno::PERM | Errno::ACCESS | Errno::NOSYS | Errno::INVAL)
                if self.can_go_without_mounts() =>
            {
                for reason in &plan.reasons {
                    self.report(Shortfall {
                        directive: reason.directive.to_owned(),
                        origin: reason.origin.clone(),
                        strength: Strength::NotEnforced,
                        why: "making a mount namespace is not permitted here".to_owned(),
                    });
                }
                return Ok(());
            }
            other => other.map_err(|e| Failure::new(Step::Namespace, "make a mount namespace").errno(e))?,
        }
        if let Some(failure) = &plan.failure {
            return Err(planned_failure(failure));
        }
        let needs = MountNeeds {
            host: facts.mounts(),
            private_tmp: runtime.private_tmp.as_ref(),
            id_mapped,
            id_map: id_map.map(AsFd::as_fd),
            dev_log: plan.dev_log,
            incoming: AbsPath::parse("/run/systemd/incoming").ok(),
        };
        for shortfall in mounts::apply(plan, &needs)? {
            self.report(shortfall);
        }
        Ok(())
    }

    /// Where no mount namespace can be had, systemd goes on if the unit's mounts only take something away
    /// (`setup_namespace`, `insist_on_sandboxing` in `src/core/exec-invoke.c`).
    fn can_go_without_mounts(&self) -> bool {
        let settings = self.launch.settings;
        settings.paths.temporary.is_empty()
            && settings.paths.root_directory.value.is_none()
            && !settings.identity.dynamic_user.value
            && settings.sandbox.log_namespace.value.is_none()
            && settings.paths.binds.iter().all(|bind| bind.value.source == bind.value.destination)
    }
}

/// The line that asks for a namespace: that of its path, or that of one of the unit's own.
fn asked_by<'s>(
    (path, of_path): (&'static str, &'s Sourced<Option<AbsPath>>),
    (own, of_own): (&'static str, &'s Sourced<bool>),
) -> (&'static str, Option<&'s Origin>) {
    match of_path.value {
        Some(_) => (path, of_path.origin.as_ref()),
        None => (own, of_own.origin.as_ref()),
    }
}

fn has_net_admin() -> bool {
    let own = rustix::thread::capabilities(None);
    own.is_ok_and(|own| own.effective.contains(rustix::thread::CapabilitySet::NET_ADMIN))
}

/// One's own number, and the service's if it is another.
fn self_map(own: u32, service: Option<u32>) -> String {
    let line = |id: u32| format!("{id} {id} 1\n");
    match service {
        Some(id) if id != own => line(own) + &line(id),
        _ => line(own),
    }
}

fn planned_failure(planned: &ringfence_sandbox::plan::Failure) -> Failure {
    let step = Step::from_status(planned.status).unwrap_or(Step::Namespace);
    let mut failure = Failure::new(step, "set up the service's view of the file system")
        .errno(planned.errno)
        .origin(planned.origin.as_ref())
        .hint(planned.why.clone());
    if let Some(path) = &planned.path {
        failure = failure.path(path);
    }
    failure
}
