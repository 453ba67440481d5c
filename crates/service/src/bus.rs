//! Whether a name on a message bus is owned, watched by a process of its own: the library that speaks to the bus starts
//! threads, and the process that forks the service's commands must not have any.

use ringfence_settings::Settings;
use ringfence_sys::fork::fork_process;
use ringfence_sys::signal::ignore_signal;
use ringfence_unit::Manager;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::{Errno, Result};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socketpair};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, set_parent_process_death_signal, waitpid};
use zbus::blocking::fdo::DBusProxy;
use zbus::blocking::{Connection, connection};
use zbus::names::BusName;

/// The watch; the process ends when this is dropped, or when this process does.
#[derive(Debug)]
pub(crate) struct BusWatch {
    pid: Pid,
    news: OwnedFd,
}

/// What the bus says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BusNews {
    /// Somebody owns the name.
    Owned,
    /// Nobody does.
    Free,
    /// It cannot be asked, and why.
    Unreachable(String),
}

impl BusWatch {
    /// Watches a name on the bus of the unit's manager.
    pub fn over(name: &str, settings: &Settings) -> Result<BusWatch> {
        let (news, tell) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        let pid = fork_process(|| {
            // A guard that waits for the end of the first process must not wait for this one as well.
            let _ = set_parent_process_death_signal(Some(Signal::KILL));
            // What a terminal sends to all is for the first process, which ends this one.
            let _ = rustix::process::setsid();
            for signal in [Signal::HUP, Signal::INT, Signal::TERM, Signal::QUIT] {
                ignore_signal(signal.as_raw());
            }
            let say = |text: &str| send(&tell, text.as_bytes(), SendFlags::NOSIGNAL).is_ok();
            if let Err(e) = watch(name, settings.manager, say) {
                say(&e.to_string());
            }
            0
        })?;
        Ok(BusWatch { pid, news })
    }

    /// The process's number: it is none of the service's.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// What becomes readable when there is news.
    pub fn news(&self) -> BorrowedFd<'_> {
        self.news.as_fd()
    }

    /// What has been said already.
    pub fn next(&self) -> Option<BusNews> {
        let mut buffer = [0; 1024];
        loop {
            return match recv(&self.news, &mut buffer[..], RecvFlags::DONTWAIT) {
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => None,
                Err(_) | Ok((0, _)) => Some(BusNews::Unreachable("the connection ended".to_owned())),
                Ok((length, _)) => Some(match &buffer[..length] {
                    b"owned" => BusNews::Owned,
                    b"free" => BusNews::Free,
                    why => BusNews::Unreachable(String::from_utf8_lossy(why).into_owned()),
                }),
            };
        }
    }
}

impl Drop for BusWatch {
    fn drop(&mut self) {
        let _ = kill_process(self.pid, Signal::KILL);
        while let Err(Errno::INTR) = waitpid(Some(self.pid), WaitOptions::empty()) {}
    }
}

/// Says who owns the name now, and from then on each change, for as long as somebody listens.
fn watch(name: &str, manager: Manager, say: impl Fn(&str) -> bool) -> zbus::Result<()> {
    let bus: Connection = match manager {
        Manager::System => connection::Builder::system()?,
        Manager::User => connection::Builder::session()?,
    }
    .build()?;
    let daemon = DBusProxy::new(&bus)?;
    let changes = daemon.receive_name_owner_changed_with_args(&[(0, name)])?;
    let owned = daemon.name_has_owner(BusName::try_from(name)?)?;
    let mut listens = say(if owned { "owned" } else { "free" });
    for change in changes {
        if !listens {
            break;
        }
        listens = say(if change.args()?.new_owner.is_some() { "owned" } else { "free" });
    }
    Ok(())
}
