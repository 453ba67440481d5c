//! From one assignment to a typed value.

mod bind;
mod capabilities;
mod command;
mod directory;
mod kept;
mod line;
mod notation;
mod path_list;
mod place;
mod process;
mod scalar;
mod service;
mod syscalls;
mod temporary;

pub(crate) use bind::{bind, show_binds};
pub(crate) use capabilities::{capabilities, show_capabilities};
pub(crate) use command::{commands, show_commands};
pub(crate) use directory::{directories, show_directories};
pub(crate) use kept::{keep, show_kept, show_nothing};
pub(crate) use line::{Line, Refusal, VERBATIM};
pub(crate) use notation::{
    AbsolutePath, Architecture, Boolean, Bounded, BusName, Keyword, Mode, Nanoseconds, Never, Notation,
    Signal, SocketName, Span, Text, Unsigned, UserName, Word,
};
pub(crate) use path_list::{access, show_access};
pub(crate) use place::{search_path, show_search_path, show_working_directory, working_directory};
pub(crate) use process::{coredump_filter, limit, show_coredump_filter, show_limit};
pub(crate) use scalar::{entries, optional, scalar, show_list, show_optional, show_scalar, some, words};
pub(crate) use service::{
    abort_timeout, exit_statuses, kill_mode, pid_file, show_abort_timeout, show_exit_statuses, timeout,
};
pub(crate) use syscalls::{merged, show_merged};
pub(crate) use temporary::{show_temporary, temporary};
