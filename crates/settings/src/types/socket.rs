//! systemd.socket(5).

use super::sandbox::words;
use ringfence_terms::{AbsPath, Sourced};
use std::time::Duration;

/// What a socket unit listens on, and how. A unit of another type has only the defaults.
#[derive(Clone, Debug)]
pub struct Socket {
    /// `ListenStream=` and its kin, in order.
    pub listen: Vec<Sourced<Listen>>,
    /// `Accept=`.
    pub accept: Sourced<bool>,
    /// `Service=`; without it the service has the socket unit's name.
    pub service: Sourced<Option<String>>,
    /// `SocketMode=`.
    pub mode: Sourced<u32>,
    /// `DirectoryMode=`.
    pub directory_mode: Sourced<u32>,
    /// `SocketUser=`.
    pub user: Sourced<Option<String>>,
    /// `SocketGroup=`.
    pub group: Sourced<Option<String>>,
    /// `Backlog=`.
    pub backlog: Sourced<u32>,
    /// `BindIPv6Only=`.
    pub bind_ipv6_only: Sourced<BindIpv6Only>,
    /// `MaxConnections=`.
    pub max_connections: Sourced<u32>,
    /// `KeepAlive=`.
    pub keep_alive: Sourced<bool>,
    /// `KeepAliveTimeSec=`.
    pub keep_alive_time: Sourced<Option<Duration>>,
    /// `KeepAliveIntervalSec=`.
    pub keep_alive_interval: Sourced<Option<Duration>>,
    /// `KeepAliveProbes=`; 0 is the kernel's default.
    pub keep_alive_probes: Sourced<u32>,
    /// `NoDelay=`.
    pub no_delay: Sourced<bool>,
    /// `Broadcast=`.
    pub broadcast: Sourced<bool>,
    /// `PassCredentials=`.
    pub pass_credentials: Sourced<bool>,
    /// `ReusePort=`.
    pub reuse_port: Sourced<bool>,
    /// `FreeBind=`.
    pub free_bind: Sourced<bool>,
    /// `TCPCongestion=`.
    pub tcp_congestion: Sourced<Option<String>>,
    /// `FileDescriptorName=`.
    pub descriptor_name: Sourced<Option<String>>,
    /// `Symlinks=`.
    pub symlinks: Vec<Sourced<AbsPath>>,
    /// `RemoveOnStop=`.
    pub remove_on_stop: Sourced<bool>,
    /// `TriggerLimitBurst=`; `None` is 20, or 200 with `Accept=yes`.
    pub trigger_limit: Sourced<Option<u32>>,
    /// `TriggerLimitIntervalSec=`; 0 is no limit, and `None` (infinity) the default (systemd: `socket_add_extras`).
    pub trigger_interval: Sourced<Option<Duration>>,
}

/// What one `Listen…=` line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// Which directive it is.
    pub kind: ListenKind,
    /// The address as written, specifiers replaced: a path, `@NAME`, a port, an address and a port.
    pub address: String,
}

words! {
    /// The `Listen…=` directives of sockets and pipes, by what comes after `Listen`.
    ListenKind {
        /// Connections.
        #[default] Stream = "Stream",
        /// Messages.
        Datagram = "Datagram",
        /// Connections that keep messages apart.
        SequentialPacket = "SequentialPacket",
        /// A named pipe.
        Fifo = "FIFO",
    }
}

words! {
    /// `BindIPv6Only=`.
    BindIpv6Only {
        /// As the kernel has it (`/proc/sys/net/ipv6/bindv6only`).
        #[default] Default = "default",
        /// IPv4 connections too.
        Both = "both",
        /// IPv6 alone.
        Ipv6Only = "ipv6-only",
    }
}

impl Default for Socket {
    fn default() -> Self {
        Socket {
            listen: Vec::new(),
            accept: Sourced::default(),
            service: Sourced::default(),
            mode: Sourced::built_in(0o666),
            directory_mode: Sourced::built_in(0o755),
            user: Sourced::default(),
            group: Sourced::default(),
            backlog: Sourced::built_in(i32::MAX.unsigned_abs()),
            bind_ipv6_only: Sourced::default(),
            max_connections: Sourced::built_in(64),
            keep_alive: Sourced::default(),
            keep_alive_time: Sourced::default(),
            keep_alive_interval: Sourced::default(),
            keep_alive_probes: Sourced::default(),
            no_delay: Sourced::default(),
            broadcast: Sourced::default(),
            pass_credentials: Sourced::default(),
            reuse_port: Sourced::default(),
            free_bind: Sourced::default(),
            tcp_congestion: Sourced::default(),
            descriptor_name: Sourced::default(),
            symlinks: Vec::new(),
            remove_on_stop: Sourced::default(),
            trigger_limit: Sourced::default(),
            trigger_interval: Sourced::built_in(Some(Duration::from_secs(2))),
        }
    }
}
