//! The types that directives have, one file for each section of the manual.

mod capabilities;
mod commands;
mod control;
mod credentials;
mod directories;
mod environment;
mod identity;
mod mounts;
mod process;
mod sandbox;
mod service;
mod settings;
mod socket;
mod stdio;
mod syscalls;

pub use capabilities::{Capability, CapabilitySet};
pub use commands::{Command, Privileges};
pub use control::{AddressPrefix, Control};
pub use credentials::{Credential, Credentials};
pub use directories::{DirectoryKind, ExecDirectories, ExecDirectory, Preserve};
pub use environment::{Environment, EnvironmentFile};
pub use identity::Identity;
pub use mounts::{
    AccessPath, BindMount, PathAccess, Paths, Propagation, TemporaryFileSystem, WorkingDirectory,
    WorkingDirectoryTarget,
};
pub use process::{CpuPolicy, IoClass, KeyringMode, Limit, NumaPolicy, Process, Resource, Scheduling};
pub use sandbox::{
    DeviceAccess, DevicePolicy, PrivateTmp, PrivateUsers, ProcSubset, ProtectControlGroups, ProtectHome,
    ProtectProc, ProtectSystem, Sandbox,
};
pub use service::{
    ExitStatusSet, ExitType, Kill, KillMode, NotifyAccess, RestartPolicy, Service, ServiceType, TimeoutMode,
};
pub use settings::{BadSetting, Condition, NotEnforced, Settings, UnitSection};
pub use socket::{BindIpv6Only, Listen, ListenKind, Socket};
pub use stdio::{InputSource, OutputTarget, Stdio, TerminalSettings};
pub use syscalls::{Merged, Syscalls};
