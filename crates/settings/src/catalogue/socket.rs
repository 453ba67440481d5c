//! systemd.socket(5).

use super::field::{Field, kept, optional, scalar};
use super::{Directive, Kind, Manual, Merge, Section};
use crate::read::{
    Boolean, Mode, Never, NonEmpty, Notation, Span, Text, Unsigned, UserName, Word, listen, show_listen,
    show_optional, show_symlinks, some, symlinks,
};
use crate::{BindIpv6Only, ListenKind};

const MANUAL: Manual = Manual { page: "systemd.socket(5)", chapter: "Options" };

const fn here(name: &'static str, field: Field, doc: &'static str) -> Directive {
    Directive::new(name, &[Section::Socket], MANUAL, field, doc)
}

/// A list of addresses, one a line.
macro_rules! addresses {
    ($kind:ident) => {
        Field {
            kind: Kind::Form("a path, `@` and a name, a port, or an address and a port"),
            merge: Merge::List,
            kept: false,
            read: |line, settings| listen(line, settings, ListenKind::$kind),
            show: |settings| show_listen(settings, ListenKind::$kind),
        }
    };
}

const NOT_MADE: &str = "ringfence makes no such socket: the service does not get it";
const NOT_SET: &str = "ringfence does not set this option of the socket";
const NOT_RUN: &str = "ringfence does not run the socket unit's own commands";
const LABEL: &str = "ringfence sets no such label on the socket";

pub(super) static ALL: &[Directive] = &[
    here(
        "ListenStream",
        addresses!(Stream),
        "An address for stream sockets: a path, a port, or an address and a port.",
    ),
    here("ListenDatagram", addresses!(Datagram), "An address for datagram sockets."),
    here(
        "ListenSequentialPacket",
        addresses!(SequentialPacket),
        "An address for sockets of ordered packets.",
    ),
    here("ListenFIFO", addresses!(Fifo), "A named pipe to listen on."),
    here("ListenSpecial", kept!(Text, List), "A device or file of the kernel to listen on.").cannot(NOT_MADE),
    here("ListenNetlink", kept!(Text, List), "A netlink family to listen on.").cannot(NOT_MADE),
    here("ListenMessageQueue", kept!(Text, List), "A POSIX message queue to listen on.").cannot(NOT_MADE),
    here("ListenUSBFunction", kept!(Text, List), "A USB function to listen on.").cannot(NOT_MADE),
    here(
        "SocketProtocol",
        kept!(NonEmpty, Last),
        "The protocol of Internet sockets, where it is not the usual one.",
    )
    .cannot("ringfence makes TCP and UDP sockets only"),
    here(
        "BindIPv6Only",
        scalar!(Word<BindIpv6Only>: socket.bind_ipv6_only),
        "Whether IPv6 sockets take IPv4 connections too.",
    ),
    here("Backlog", scalar!(Unsigned: socket.backlog), "How many connections may wait."),
    here("BindToDevice", kept!(Text, LastOrUnset), "The network interface that the socket is bound to.")
        .cannot("ringfence binds the socket to no interface"),
    here(
        "SocketUser",
        optional!(UserName: socket.user),
        "The owner of sockets and pipes in the file system.",
    ),
    here(
        "SocketGroup",
        optional!(UserName: socket.group),
        "The group of sockets and pipes in the file system.",
    ),
    here("SocketMode", scalar!(Mode: socket.mode), "The mode of sockets and pipes in the file system."),
    here("DirectoryMode", scalar!(Mode: socket.directory_mode), "The mode of directories made for them."),
    here("Accept", scalar!(Boolean: socket.accept), "Whether every connection gets a service of its own."),
    here("Writable", kept!(Boolean, Last), "Whether ListenSpecial= is opened for writing too.")
        .not_concerned(),
    here("FlushPending", kept!(Boolean, Last), "Whether what waits is thrown away when the service ends.")
        .cannot("ringfence leaves what waits in the socket"),
    here(
        "MaxConnections",
        scalar!(Unsigned: socket.max_connections),
        "How many services may run for connections at once.",
    ),
    here(
        "MaxConnectionsPerSource",
        kept!(Unsigned, Last),
        "As MaxConnections=, for each address that connects.",
    )
    .cannot("ringfence does not count connections by where they come from"),
    here("KeepAlive", scalar!(Boolean: socket.keep_alive), "Whether idle connections are probed."),
    here(
        "KeepAliveTimeSec",
        scalar!(Span: socket.keep_alive_time),
        "After how long idle connections are probed.",
    ),
    here(
        "KeepAliveIntervalSec",
        scalar!(Span: socket.keep_alive_interval),
        "How long to wait between probes.",
    ),
    here(
        "KeepAliveProbes",
        scalar!(Unsigned: socket.keep_alive_probes),
        "After how many probes a connection is given up.",
    ),
    here("NoDelay", scalar!(Boolean: socket.no_delay), "Whether small packets are sent at once."),
    here("Priority", kept!(NonEmpty, Last), "The priority of packets.").cannot(NOT_SET),
    here(
        "DeferAcceptSec",
        kept!(Span, Last),
        "How long a connection may be silent before the service hears of it.",
    )
    .cannot(NOT_SET),
    here("ReceiveBuffer", kept!(NonEmpty, Last), "The size of the buffer for what comes in.").cannot(NOT_SET),
    here("SendBuffer", kept!(NonEmpty, Last), "The size of the buffer for what goes out.").cannot(NOT_SET),
    here("IPTOS", kept!(Text, LastOrUnset), "The type of service of packets.").cannot(NOT_SET),
    here("IPTTL", kept!(NonEmpty, Last), "How far packets may travel.").cannot(NOT_SET),
    here("Mark", kept!(NonEmpty, Last), "The mark of packets for the firewall.").cannot(NOT_SET),
    here("ReusePort", scalar!(Boolean: socket.reuse_port), "Whether others may bind to the same port."),
    here("SmackLabel", kept!(Text, LastOrUnset), "The SMACK label of a pipe.").cannot(LABEL),
    here("SmackLabelIPIn", kept!(Text, LastOrUnset), "The SMACK label of what comes in.").cannot(LABEL),
    here("SmackLabelIPOut", kept!(Text, LastOrUnset), "The SMACK label of what goes out.").cannot(LABEL),
    here(
        "SELinuxContextFromNet",
        kept!(Boolean, Last),
        "Whether the service's SELinux context comes from the peer.",
    )
    .cannot("the service's SELinux context does not come from the peer"),
    here("PipeSize", kept!(NonEmpty, Last), "The size of a pipe's buffer.").cannot(NOT_SET),
    here("MessageQueueMaxMessages", kept!(NonEmpty, Last), "How many messages a queue holds.")
        .not_concerned(),
    here("MessageQueueMessageSize", kept!(NonEmpty, Last), "How large a queue's messages may be.")
        .not_concerned(),
    here(
        "FreeBind",
        scalar!(Boolean: socket.free_bind),
        "Whether addresses may be bound that the machine does not have.",
    ),
    here("Transparent", kept!(Boolean, Last), "Whether the socket is a transparent proxy's.").cannot(NOT_SET),
    here("Broadcast", scalar!(Boolean: socket.broadcast), "Whether broadcasts may be sent."),
    here(
        "PassCredentials",
        scalar!(Boolean: socket.pass_credentials),
        "Whether messages tell who sent them.",
    ),
    here("PassFileDescriptorsToExec", kept!(Boolean, Last), "Whether Exec…= commands get the sockets.")
        .not_concerned(),
    here("PassSecurity", kept!(Boolean, Last), "Whether messages tell their sender's security context.")
        .cannot(NOT_SET),
    here("PassPacketInfo", kept!(Boolean, Last), "Whether packets tell how they came.").cannot(NOT_SET),
    here("Timestamping", kept!(NonEmpty, Last), "Whether packets tell when they came.").cannot(NOT_SET),
    here("TCPCongestion", optional!(Text: socket.tcp_congestion), "The algorithm against congestion."),
    here("ExecStartPre", kept!(Text, List), "Commands to run before the sockets are made.").cannot(NOT_RUN),
    here("ExecStartPost", kept!(Text, List), "Commands to run after the sockets are made.").cannot(NOT_RUN),
    here("ExecStopPre", kept!(Text, List), "Commands to run before the sockets are closed.").cannot(NOT_RUN),
    here("ExecStopPost", kept!(Text, List), "Commands to run after the sockets are closed.").cannot(NOT_RUN),
    here("TimeoutSec", kept!(Never, Last), "How long the commands may take.").not_concerned(),
    here("Service", optional!(NonEmpty: socket.service), "The service that the sockets are for."),
    here(
        "RemoveOnStop",
        scalar!(Boolean: socket.remove_on_stop),
        "Whether sockets and pipes are removed from the file system at the end.",
    ),
    here(
        "Symlinks",
        Field {
            kind: Kind::Form("absolute paths"),
            merge: Merge::List,
            kept: false,
            read: symlinks,
            show: show_symlinks,
        },
        "Symlinks to the socket or pipe.",
    ),
    here(
        "FileDescriptorName",
        optional!(Text: socket.descriptor_name),
        "The name by which the service knows the socket.",
    ),
    here(
        "TriggerLimitIntervalSec",
        scalar!(Span: socket.trigger_interval),
        "The time in which TriggerLimitBurst= activations are allowed.",
    ),
    here(
        "TriggerLimitBurst",
        Field {
            kind: <Unsigned as Notation>::KIND,
            merge: Merge::Last,
            kept: false,
            read: |line, settings| some::<Unsigned>(line, &mut settings.socket.trigger_limit),
            show: |settings| show_optional::<Unsigned>(&settings.socket.trigger_limit),
        },
        "How many activations are allowed in TriggerLimitIntervalSec=.",
    ),
    here(
        "PollLimitIntervalSec",
        kept!(Span, Last),
        "The time in which PollLimitBurst= events are looked at.",
    )
    .not_concerned(),
    here("PollLimitBurst", kept!(Unsigned, Last), "How many events are looked at in PollLimitIntervalSec=.")
        .not_concerned(),
];
