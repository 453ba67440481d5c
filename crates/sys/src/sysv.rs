//! System V IPC objects (sysvipc(7)).

use crate::last_error;
use rustix::io::Result;

/// The kinds of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Shared memory.
    SharedMemory,
    /// A set of semaphores.
    Semaphores,
    /// A message queue.
    MessageQueue,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 3] = [Kind::SharedMemory, Kind::Semaphores, Kind::MessageQueue];
}

/// Removes the object with a number (`IPC_RMID`).
pub fn remove(kind: Kind, id: i32) -> Result<()> {
    // SAFETY: IPC_RMID reads and writes no memory of the caller's.
    let result = unsafe {
        match kind {
            Kind::SharedMemory => libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut()),
            Kind::Semaphores => libc::semctl(id, 0, libc::IPC_RMID),
            Kind::MessageQueue => libc::msgctl(id, libc::IPC_RMID, std::ptr::null_mut()),
        }
    };
    if result == 0 { Ok(()) } else { Err(last_error()) }
}
