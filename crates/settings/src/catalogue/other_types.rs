//! The directives of unit types that ringfence does not run: systemd.socket(5), systemd.mount(5), systemd.automount(5),
//! systemd.swap(5), systemd.timer(5), systemd.path(5), systemd.scope(5). They are known and their values are checked.

use super::field::kept;
use super::{Directive, Manual, Section};
use crate::read::{AbsolutePath, Boolean, Mode, Never, NonEmpty, Span, Text, Unsigned, UserName};

/// Declares a part of the catalogue: name, notation, merging, documentation.
macro_rules! part {
    ($list:ident, $page:literal, $sections:expr; $($name:literal $notation:ident $merge:ident $doc:literal,)*) => {
        pub(super) static $list: &[Directive] = &[$(
            Directive::new(
                $name,
                $sections,
                Manual { page: $page, chapter: "Options" },
                kept!($notation, $merge),
                $doc,
            )
            .not_concerned(),
        )*];
    };
}

part! { SOCKET, "systemd.socket(5)", &[Section::Socket];
    "ListenStream" Text List "An address for stream sockets: a path, a port, or an address and a port.",
    "ListenDatagram" Text List "An address for datagram sockets.",
    "ListenSequentialPacket" Text List "An address for sockets of ordered packets.",
    "ListenFIFO" Text List "A named pipe to listen on.",
    "ListenSpecial" Text List "A device or file of the kernel to listen on.",
    "ListenNetlink" Text List "A netlink family to listen on.",
    "ListenMessageQueue" Text List "A POSIX message queue to listen on.",
    "ListenUSBFunction" Text List "A USB function to listen on.",
    "SocketProtocol" NonEmpty Last "The protocol of Internet sockets, where it is not the usual one.",
    "BindIPv6Only" NonEmpty Last "Whether IPv6 sockets take IPv4 connections too.",
    "Backlog" Unsigned Last "How many connections may wait.",
    "BindToDevice" Text LastOrUnset "The network interface that the socket is bound to.",
    "SocketUser" UserName LastOrUnset "The owner of sockets and pipes in the file system.",
    "SocketGroup" UserName LastOrUnset "The group of sockets and pipes in the file system.",
    "SocketMode" Mode Last "The mode of sockets and pipes in the file system.",
    "DirectoryMode" Mode Last "The mode of directories made for them.",
    "Accept" Boolean Last "Whether every connection gets a service of its own.",
    "Writable" Boolean Last "Whether ListenSpecial= is opened for writing too.",
    "FlushPending" Boolean Last "Whether what waits is thrown away when the service ends.",
    "MaxConnections" Unsigned Last "How many services may run for connections at once.",
    "MaxConnectionsPerSource" Unsigned Last "As MaxConnections=, for each address that connects.",
    "KeepAlive" Boolean Last "Whether idle connections are probed.",
    "KeepAliveTimeSec" Span Last "After how long idle connections are probed.",
    "KeepAliveIntervalSec" Span Last "How long to wait between probes.",
    "KeepAliveProbes" Unsigned Last "After how many probes a connection is given up.",
    "NoDelay" Boolean Last "Whether small packets are sent at once.",
    "Priority" NonEmpty Last "The priority of packets.",
    "DeferAcceptSec" Span Last "How long a connection may be silent before the service hears of it.",
    "ReceiveBuffer" NonEmpty Last "The size of the buffer for what comes in.",
    "SendBuffer" NonEmpty Last "The size of the buffer for what goes out.",
    "IPTOS" Text LastOrUnset "The type of service of packets.",
    "IPTTL" NonEmpty Last "How far packets may travel.",
    "Mark" NonEmpty Last "The mark of packets for the firewall.",
    "ReusePort" Boolean Last "Whether others may bind to the same port.",
    "SmackLabel" Text LastOrUnset "The SMACK label of a pipe.",
    "SmackLabelIPIn" Text LastOrUnset "The SMACK label of what comes in.",
    "SmackLabelIPOut" Text LastOrUnset "The SMACK label of what goes out.",
    "SELinuxContextFromNet" Boolean Last "Whether the service's SELinux context comes from the peer.",
    "PipeSize" NonEmpty Last "The size of a pipe's buffer.",
    "MessageQueueMaxMessages" NonEmpty Last "How many messages a queue holds.",
    "MessageQueueMessageSize" NonEmpty Last "How large a queue's messages may be.",
    "FreeBind" Boolean Last "Whether addresses may be bound that the machine does not have.",
    "Transparent" Boolean Last "Whether the socket is a transparent proxy's.",
    "Broadcast" Boolean Last "Whether broadcasts may be sent.",
    "PassCredentials" Boolean Last "Whether messages tell who sent them.",
    "PassFileDescriptorsToExec" Boolean Last "Whether Exec…= commands get the sockets.",
    "PassSecurity" Boolean Last "Whether messages tell their sender's security context.",
    "PassPacketInfo" Boolean Last "Whether packets tell how they came.",
    "Timestamping" NonEmpty Last "Whether packets tell when they came.",
    "TCPCongestion" Text LastOrUnset "The algorithm against congestion.",
    "ExecStartPre" Text List "Commands to run before the sockets are made.",
    "ExecStartPost" Text List "Commands to run after the sockets are made.",
    "ExecStopPre" Text List "Commands to run before the sockets are closed.",
    "ExecStopPost" Text List "Commands to run after the sockets are closed.",
    "TimeoutSec" Never Last "How long the commands may take.",
    "Service" NonEmpty Last "The service that the sockets are for.",
    "RemoveOnStop" Boolean Last "Whether sockets and pipes are removed from the file system at the end.",
    "Symlinks" Text List "Symlinks to the socket or pipe.",
    "FileDescriptorName" Text LastOrUnset "The name by which the service knows the socket.",
    "TriggerLimitIntervalSec" Span Last "The time in which TriggerLimitBurst= activations are allowed.",
    "TriggerLimitBurst" Unsigned Last "How many activations are allowed in TriggerLimitIntervalSec=.",
    "PollLimitIntervalSec" Span Last "The time in which PollLimitBurst= events are looked at.",
    "PollLimitBurst" Unsigned Last "How many events are looked at in PollLimitIntervalSec=.",
}

part! { MOUNT, "systemd.mount(5)", &[Section::Mount];
    "What" Text LastOrUnset "What is mounted.",
    "Where" AbsolutePath LastOrUnset "Where it is mounted.",
    "Type" Text LastOrUnset "The type of the file system.",
    "Options" Text LastOrUnset "The options that the mount is made with.",
    "SloppyOptions" Boolean Last "Whether unknown options are passed over.",
    "LazyUnmount" Boolean Last "Whether unmounting does not wait for those who use it.",
    "ReadWriteOnly" Boolean Last "Whether mounting fails rather than being read-only.",
    "ForceUnmount" Boolean Last "Whether unmounting is forced.",
    "DirectoryMode" Mode Last "The mode of directories made for the mount point.",
    "TimeoutSec" Never Last "How long mounting may take.",
}

part! { AUTOMOUNT, "systemd.automount(5)", &[Section::Automount];
    "Where" AbsolutePath LastOrUnset "Where it is mounted on first use.",
    "ExtraOptions" Text LastOrUnset "Mount options of the automatic mount itself.",
    "DirectoryMode" Mode Last "The mode of directories made for the mount point.",
    "TimeoutIdleSec" Never Last "After how long without use it is unmounted.",
}

part! { SWAP, "systemd.swap(5)", &[Section::Swap];
    "What" Text LastOrUnset "The device or file to swap to.",
    "Priority" Text LastOrUnset "Its place among others.",
    "Options" Text LastOrUnset "Options for swapping.",
    "TimeoutSec" Never Last "How long switching it on may take.",
}

part! { TIMER, "systemd.timer(5)", &[Section::Timer];
    "OnActiveSec" Text List "A time after the timer was started.",
    "OnBootSec" Text List "A time after the machine was started.",
    "OnStartupSec" Text List "A time after the manager was started.",
    "OnUnitActiveSec" Text List "A time after the unit was last started.",
    "OnUnitInactiveSec" Text List "A time after the unit last stopped.",
    "OnCalendar" Text List "Times of the calendar.",
    "AccuracySec" Span Last "How late the timer may be.",
    "RandomizedDelaySec" Span Last "How much a random delay may add.",
    "FixedRandomDelay" Boolean Last "Whether that delay is the same every time.",
    "DeferReactivation" Boolean Last "Whether a unit that still runs puts the next time off.",
    "OnClockChange" Boolean Last "Whether a jump of the clock sets the timer off.",
    "OnTimezoneChange" Boolean Last "Whether a change of the time zone sets the timer off.",
    "Unit" NonEmpty Last "The unit that the timer starts.",
    "Persistent" Boolean Last "Whether times missed while the machine was off are made up for.",
    "WakeSystem" Boolean Last "Whether the timer wakes the machine.",
    "RemainAfterElapse" Boolean Last "Whether the timer stays loaded when it has nothing left to do.",
}

part! { PATH, "systemd.path(5)", &[Section::Path];
    "PathExists" Text List "A path whose existence starts the unit.",
    "PathExistsGlob" Text List "Wildcards for such paths.",
    "PathChanged" Text List "A path whose change starts the unit, once it is closed.",
    "PathModified" Text List "A path whose every write starts the unit.",
    "DirectoryNotEmpty" Text List "A directory that starts the unit when something is in it.",
    "Unit" NonEmpty Last "The unit that is started.",
    "MakeDirectory" Boolean Last "Whether the directories to watch are made.",
    "DirectoryMode" Mode Last "The mode of directories made for that.",
    "TriggerLimitIntervalSec" Span Last "The time in which TriggerLimitBurst= activations are allowed.",
    "TriggerLimitBurst" Unsigned Last "How many activations are allowed in TriggerLimitIntervalSec=.",
}

part! { SCOPE, "systemd.scope(5)", &[Section::Scope];
    "RuntimeMaxSec" Span Last "How long the scope may run before it is stopped.",
    "RuntimeRandomizedExtraSec" Span Last "Adds a random time of up to this length.",
    "TimeoutStopSec" Span Last "How long stopping may take before the scope is killed.",
    "OOMPolicy" NonEmpty Last "What to do when the kernel killed a process of the scope for want of memory.",
}
