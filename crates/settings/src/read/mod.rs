//! From one assignment to a typed value.

mod base64;
mod bind;
mod capabilities;
mod command;
mod control;
mod credentials;
mod directory;
mod environment;
mod images;
mod kept;
mod line;
mod notation;
mod path_list;
mod place;
mod process;
mod resource;
mod scalar;
mod scheduling;
mod security;
mod service;
mod socket;
mod stdio;
mod syscalls;
mod temporary;
mod unit;

pub(crate) use bind::{bind, show_binds};
pub(crate) use capabilities::{capabilities, show_capabilities};
pub(crate) use command::{commands, show_commands};
pub(crate) use control::{addresses, delegate, device_allow, filter_path, show_devices};
pub(crate) use credentials::{Content, Family, credential, show_credentials};
pub(crate) use directory::{directories, show_directories};
pub(crate) use environment::{
    Unset, Variable, VariableName, environment, environment_file, pass_environment, show_environment_files,
    unset_environment,
};
pub(crate) use images::{Entry, images};
pub(crate) use kept::{keep, kept, removed, show_kept, show_nothing};
pub(crate) use line::{Line, Refusal, VERBATIM};
pub(crate) use notation::{
    AbsolutePath, Architecture, Boolean, Bounded, BusName, Keyword, Mode, Nanoseconds, Never, NonEmpty,
    Notation, Signal, SocketName, Span, Text, Unsigned, UserName, Word,
};
pub(crate) use path_list::{access, show_access};
pub(crate) use place::{search_path, show_search_path, show_working_directory, working_directory};
pub(crate) use process::{coredump_filter, limit, show_coredump_filter, show_limit};
pub(crate) use resource::{BlockWeight, CpuWeight, Memory, Percentage, Quota, Shares, Tasks, Weight};
pub(crate) use scalar::{
    entries, optional, scalar, show_each, show_list, show_optional, show_scalar, some, words,
};
pub(crate) use scheduling::{
    Class, IoPriority, Policy, cpu_affinity, cpu_policy, io, io_class, numa_mask, show_cpu_affinity,
    show_numa_mask,
};
pub(crate) use security::{LogNamespaceName, label, secure_bits, show_label, show_secure_bits};
pub(crate) use service::{
    abort_timeout, exit_statuses, kill_mode, pid_file, show_abort_timeout, show_exit_statuses, timeout,
};
pub(crate) use socket::{listen, show_listen, show_symlinks, symlinks};
pub(crate) use stdio::{
    Stream, input, input_data, input_text, output, show_input, show_input_data, show_output,
};
pub(crate) use syscalls::{merged, show_merged};
pub(crate) use temporary::{show_temporary, temporary};
pub(crate) use unit::{
    Action, Parameter, UnitNames, condition, joins_namespace_of, show_conditions, success_action,
};
