//! From the one who sets up to the one who serves: capabilities, root directory, user, working directory, filters
//! (systemd: `exec_invoke` from "chroot to root directory first" on).

use crate::child::Child;
use crate::enforcement::{Shortfall, Strength};
use crate::failure::Failure;
use crate::filters::Filters;
use crate::launch::{Launch, Wait};
use crate::step::Step;
use crate::wire::Message;
use crate::{privileges, properties};
use ringfence_sandbox::plan::Root;
use ringfence_settings::{Capability, WorkingDirectoryTarget};
use ringfence_terms::Origin;
use ringfence_unit::Manager;
use rustix::io::Errno;
use std::path::PathBuf;

impl Child<'_> {
    /// Capabilities, root directory, user, working directory, filters: from here on the process is the service.
    pub(crate) fn drop_privileges(&self, filters: &Filters) -> Result<(), Failure> {
        let Launch { settings, runtime, .. } = self.launch;
        let sandbox = &settings.sandbox;
        let uid = runtime.identity.uid.filter(|_| self.changes_user);
        let bounding = sandbox.bounding_set.value;
        let capability = |what: &str, origin: Option<&Origin>| {
            let failure = Failure::new(Step::Capabilities, what).origin(origin);
            move |e: Errno| failure.errno(e)
        };
        let mut keeps = false;
        if self.sandboxed {
            if sandbox.restrict_realtime.value
                && !settings.process.limits.contains_key(&ringfence_settings::Resource::Rtprio)
            {
                properties::forbid_realtime_priority().map_err(|e| {
                    Failure::new(Step::Limits, "take realtime priorities away")
                        .errno(e)
                        .origin(sandbox.restrict_realtime.origin.as_ref())
                })?;
            }
            let mut kept = bounding;
            keeps = uid.is_some() && filters.any && filters.allows_dropping_privileges;
            if keeps {
                privileges::keep_over_user_change(true)
                    .map_err(|e| Failure::new(Step::User, "keep capabilities for the filters").errno(e))?;
                kept = kept.with(Capability::SYS_ADMIN).with(Capability::SETPCAP);
            }
            let origin = sandbox.bounding_set.origin.as_ref();
            privileges::limit_bounding_set(kept)
                .map_err(capability("take capabilities out of the bounding set", origin))?;
            if sandbox.ambient.value.0 != 0 {
                let origin = sandbox.ambient.origin.as_ref();
                privileges::set_ambient(sandbox.ambient.value, true)
                    .map_err(capability("set the ambient capabilities", origin))?;
            }
        }
        self.change_root()?;
        if let Some(uid) = uid {
            self.change_user(uid, keeps)?;
        }
        self.change_directory()?;
        if !self.sandboxed {
            return Ok(());
        }
        self.set_apparmor_profile()?;
        privileges::set_secure_bits(sandbox.secure_bits.value)
            .map_err(|failure| failure.origin(sandbox.secure_bits.origin.as_ref()))?;
        if sandbox.no_new_privileges.value || (filters.any && !self.can_filter()) {
            self.set_no_new_privileges()?;
        }
        self.wait_for_go()?;
        filters.load()?;
        if keeps {
            let origin = sandbox.bounding_set.origin.as_ref();
            privileges::limit_bounding_set(bounding)
                .map_err(capability("take capabilities out of the bounding set", origin))?;
            for last in [Capability::SYS_ADMIN, Capability::SETPCAP] {
                if !bounding.contains(last) {
                    privileges::drop(last)
                        .map_err(|e| Failure::new(Step::User, format!("drop {last}")).errno(e))?;
                }
            }
            privileges::keep_over_user_change(false)
                .map_err(|e| Failure::new(Step::User, "stop keeping capabilities").errno(e))?;
        }
        Ok(())
    }

    /// `RootDirectory=` without a mount namespace.
    fn change_root(&self) -> Result<(), Failure> {
        let Launch { settings, plan, run, .. } = self.launch;
        let setting = &settings.paths.root_directory;
        match &plan.root {
            Root::Directory(directory) if plan.reasons.is_empty() && run.change_root => {
                rustix::process::chroot(directory.as_path()).map_err(|e| {
                    Failure::new(Step::Chroot, format!("change the root directory to {directory}"))
                        .errno(e)
                        .path(directory.as_path())
                        .origin(setting.origin.as_ref())
                })
            }
            _ => Ok(()),
        }
    }

    fn change_user(&self, uid: u32, keeps: bool) -> Result<(), Failure> {
        let sandbox = &self.launch.settings.sandbox;
        let fail = |e: Errno| {
            Failure::new(Step::User, format!("change the user to {uid}"))
                .errno(e)
                .origin(self.launch.settings.identity.user.origin.as_ref())
        };
        let ambient = sandbox.ambient.value;
        privileges::change_user(uid, ambient.0 != 0 || sandbox.secure_bits.value != 0).map_err(fail)?;
        if keeps {
            if !ambient.contains(Capability::SETUID) {
                privileges::drop(Capability::SETUID).map_err(fail)?;
            }
            privileges::keep(Capability::SYS_ADMIN).map_err(fail)?;
            privileges::keep(Capability::SETPCAP).map_err(fail)?;
        }
        if ambient.0 != 0 {
            privileges::set_ambient(ambient, false).map_err(|e| {
                Failure::new(Step::Capabilities, "set the ambient capabilities")
                    .errno(e)
                    .origin(sandbox.ambient.origin.as_ref())
            })?;
        }
        Ok(())
    }

    /// `WorkingDirectory=`, as the service's own user.
    fn change_directory(&self) -> Result<(), Failure> {
        let Launch { settings, runtime, plan, run, .. } = self.launch;
        let setting = &settings.paths.working_directory;
        let home = || {
            runtime.identity.user.as_ref().map_or(PathBuf::from("/root"), |user| PathBuf::from(&user.home))
        };
        let mut directory = match &setting.value.directory {
            Some(WorkingDirectoryTarget::Path(path)) => path.as_path().to_owned(),
            Some(WorkingDirectoryTarget::Home) => home(),
            None if settings.manager == Manager::User => home(),
            None => PathBuf::from("/"),
        };
        // A command that keeps the host's root is still in the unit's directory.
        if let (Root::Host, Some(root)) = (&plan.root, &settings.paths.root_directory.value)
            && !run.change_root
            && let Ok(rest) = directory.strip_prefix("/")
        {
            directory = root.as_path().join(rest);
        }
        match rustix::process::chdir(&directory) {
            Err(_) if setting.value.optional => Ok(()),
            // A user's home, which nobody asked for, may be out of sight (systemd: `unit_patch_contexts`).
            Err(_) if setting.value.directory.is_none() && settings.manager == Manager::User => Ok(()),
            other => other.map_err(|e| {
                let failure = Failure::new(
                    Step::Chdir,
                    format!("change to the working directory {}", directory.display()),
                )
                .errno(e)
                .path(&directory)
                .origin(setting.origin.as_ref());
                match e {
                    Errno::NOENT => {
                        failure.hint("it must be there in the service's own view; `-` makes it optional")
                    }
                    Errno::ACCESS => {
                        failure.hint("the service's user may not enter it, or a directory above it")
                    }
                    _ => failure,
                }
            }),
        }
    }

    /// `AppArmorProfile=` (systemd: `aa_change_onexec`).
    fn set_apparmor_profile(&self) -> Result<(), Failure> {
        let setting = &self.launch.settings.sandbox.apparmor_profile;
        let Some((profile, optional)) = &setting.value else { return Ok(()) };
        if !self.launch.facts.features().apparmor {
            self.report(Shortfall {
                directive: "AppArmorProfile".to_owned(),
                origin: setting.origin.clone(),
                strength: Strength::NotEnforced,
                why: "this machine does not use AppArmor".to_owned(),
            });
            return Ok(());
        }
        let request = format!("exec {profile}");
        let written = std::fs::write("/proc/thread-self/attr/apparmor/exec", &request)
            .or_else(|_| std::fs::write("/proc/thread-self/attr/exec", &request));
        match written {
            Err(_) if *optional => Ok(()),
            other => other.map_err(|e| {
                Failure::new(Step::AppArmor, format!("prepare the AppArmor profile {profile}"))
                    .errno(e)
                    .origin(setting.origin.as_ref())
            }),
        }
    }

    fn wait_for_go(&self) -> Result<(), Failure> {
        match self.launch.wait {
            Wait::No => return Ok(()),
            Wait::ForCaller => {}
            Wait::ToBeSeen => self.tell(&Message::Waiting),
        }
        loop {
            match rustix::io::read(self.channel, &mut [0u8; 1]) {
                Err(Errno::INTR) => {}
                Ok(1) => return Ok(()),
                // Whoever started this is gone.
                _ => return Err(Failure::new(Step::Exec, "wait for the word to go on")),
            }
        }
    }
}
