//! systemd.resource-control(5).

use super::field::{Field, REMOVED, kept, scalar, words_only};
use super::{Directive, Kind, Manual, Merge, Propose, Section};
use crate::DevicePolicy;
use crate::read::{
    AbsolutePath, BlockWeight, Boolean, CpuWeight, Memory, NonEmpty, Notation, Percentage, Quota, Shares,
    Span, Tasks, Text, Weight, Word, addresses, delegate, device_allow, filter_path, show_devices, show_each,
    show_list,
};

const fn here(name: &'static str, chapter: &'static str, field: Field, doc: &'static str) -> Directive {
    Directive::new(
        name,
        Section::CONTROL,
        Manual { page: "systemd.resource-control(5)", chapter },
        field,
        doc,
    )
}

const CPU: &str = "Options/CPU Accounting and Control";
const MEMORY: &str = "Options/Memory Accounting and Control";
const PROCESSES: &str = "Options/Process Accounting and Control";
const IO: &str = "Options/IO Accounting and Control";
const NETWORK: &str = "Options/Network Accounting and Control";
const BPF: &str = "Options/BPF Programs";
const DEVICES: &str = "Options/Device Access";
const GROUPS: &str = "Options/Control Group Management";
const PRESSURE: &str = "Options/Memory Pressure Control";
const COREDUMPS: &str = "Options/Coredump Control";
const DEPRECATED: &str = "Deprecated Options";

const NO_CPU_LIMIT: &str =
    "CPU time is not limited or weighed: the service can use as much as the machine has";
const NO_MEMORY_LIMIT: &str =
    "memory is neither limited nor protected: the service can use as much as the machine has";
const NO_IO_LIMIT: &str = "disks are not limited or weighed: the service can use as much as they give";
const NO_PACKET_FILTER: &str =
    "packets are not filtered: the service can reach every address that the machine can";
const NO_BIND_FILTER: &str =
    "binding is not filtered: the service can bind to every port that its privileges allow";
const NO_OOM_MANAGER: &str = "nothing acts on memory pressure for the service";

macro_rules! networks {
    ($field:ident) => {
        Field {
            kind: Kind::Form(
                "addresses, networks such as `10.0.0.0/8`, `any`, `localhost`, `link-local`, `multicast`",
            ),
            merge: Merge::List,
            kept: false,
            read: |line, settings| addresses(line, &mut settings.control.$field),
            show: |settings| show_each(&settings.control.$field, |prefix| prefix.to_string()),
        }
    };
}

macro_rules! filters {
    ($field:ident) => {
        Field {
            kind: AbsolutePath::KIND,
            merge: Merge::List,
            kept: false,
            read: |line, settings| filter_path(line, &mut settings.control.$field),
            show: |settings| show_list::<AbsolutePath>(&settings.control.$field),
        }
    };
}

words_only!(
    /// What systemd-oomd does with a unit.
    OomMode: "auto" "kill"
);
words_only!(
    /// `ManagedOOMPreference=`.
    OomPreference: "none" "avoid" "omit"
);
words_only!(
    /// `MemoryPressureWatch=`.
    PressureWatch: "no" "off" "0" "auto" "on" "yes" "1" "skip"
);

pub(super) static ALL: &[Directive] = &[
    here("CPUAccounting", CPU, kept!(Boolean, Last), "Whether CPU time is counted.").not_concerned(),
    here("CPUWeight", CPU, kept!(CpuWeight, LastOrUnset), "The share of CPU time when it is short.")
        .since(232)
        .cannot(NO_CPU_LIMIT),
    here(
        "StartupCPUWeight",
        CPU,
        kept!(CpuWeight, LastOrUnset),
        "As CPUWeight=, while the system starts and stops.",
    )
    .since(232)
    .cannot(NO_CPU_LIMIT),
    here("CPUQuota", CPU, kept!(Quota, LastOrUnset), "The most CPU time that the unit may use.")
        .since(213)
        .cannot(NO_CPU_LIMIT),
    here("CPUQuotaPeriodSec", CPU, kept!(Span, LastOrUnset), "Over which time CPUQuota= is measured.")
        .since(242)
        .cannot(NO_CPU_LIMIT),
    here("AllowedCPUs", CPU, kept!(Text, List), "The CPUs that the unit may use.")
        .since(244)
        .cannot(NO_CPU_LIMIT),
    here("StartupAllowedCPUs", CPU, kept!(Text, List), "As AllowedCPUs=, while the system starts and stops.")
        .since(252)
        .cannot(NO_CPU_LIMIT),
    here("MemoryAccounting", MEMORY, kept!(Boolean, Last), "Whether memory is counted.").not_concerned(),
    here("MemoryMin", MEMORY, kept!(Memory, LastOrUnset), "Memory that is never taken from the unit.")
        .since(240)
        .cannot(NO_MEMORY_LIMIT),
    here("MemoryLow", MEMORY, kept!(Memory, LastOrUnset), "Memory that is taken from the unit only at need.")
        .since(231)
        .cannot(NO_MEMORY_LIMIT),
    here(
        "StartupMemoryLow",
        MEMORY,
        kept!(Memory, LastOrUnset),
        "As MemoryLow=, while the system starts and stops.",
    )
    .since(252)
    .cannot(NO_MEMORY_LIMIT),
    here("DefaultMemoryMin", MEMORY, kept!(Memory, LastOrUnset), "MemoryMin= for units below this one.")
        .since(240)
        .cannot(NO_MEMORY_LIMIT),
    here("DefaultMemoryLow", MEMORY, kept!(Memory, LastOrUnset), "MemoryLow= for units below this one.")
        .since(240)
        .cannot(NO_MEMORY_LIMIT),
    here(
        "DefaultStartupMemoryLow",
        MEMORY,
        kept!(Memory, LastOrUnset),
        "StartupMemoryLow= for units below this one.",
    )
    .since(252)
    .cannot(NO_MEMORY_LIMIT),
    here("MemoryHigh", MEMORY, kept!(Memory, LastOrUnset), "Memory above which the unit is slowed down.")
        .since(231)
        .cannot(NO_MEMORY_LIMIT),
    here(
        "StartupMemoryHigh",
        MEMORY,
        kept!(Memory, LastOrUnset),
        "As MemoryHigh=, while the system starts and stops.",
    )
    .since(252)
    .cannot(NO_MEMORY_LIMIT),
    here("MemoryMax", MEMORY, kept!(Memory, LastOrUnset), "The most memory that the unit may use.")
        .since(231)
        .cannot(NO_MEMORY_LIMIT),
    here(
        "StartupMemoryMax",
        MEMORY,
        kept!(Memory, LastOrUnset),
        "As MemoryMax=, while the system starts and stops.",
    )
    .since(252)
    .cannot(NO_MEMORY_LIMIT),
    here("MemorySwapMax", MEMORY, kept!(Memory, LastOrUnset), "The most swap that the unit may use.")
        .since(232)
        .cannot(NO_MEMORY_LIMIT),
    here(
        "StartupMemorySwapMax",
        MEMORY,
        kept!(Memory, LastOrUnset),
        "As MemorySwapMax=, while the system starts and stops.",
    )
    .since(252)
    .cannot(NO_MEMORY_LIMIT),
    here(
        "MemoryZSwapMax",
        MEMORY,
        kept!(Memory, LastOrUnset),
        "The most compressed swap that the unit may use.",
    )
    .since(253)
    .cannot(NO_MEMORY_LIMIT),
    here(
        "StartupMemoryZSwapMax",
        MEMORY,
        kept!(Memory, LastOrUnset),
        "As MemoryZSwapMax=, while the system starts and stops.",
    )
    .since(253)
    .cannot(NO_MEMORY_LIMIT),
    here("MemoryZSwapWriteback", MEMORY, kept!(Boolean, Last), "Whether compressed swap may go to disk.")
        .since(256)
        .cannot(NO_MEMORY_LIMIT),
    here("AllowedMemoryNodes", MEMORY, kept!(Text, List), "The NUMA nodes whose memory the unit may use.")
        .since(244)
        .cannot(NO_MEMORY_LIMIT),
    here(
        "StartupAllowedMemoryNodes",
        MEMORY,
        kept!(Text, List),
        "As AllowedMemoryNodes=, while the system starts and stops.",
    )
    .since(252)
    .cannot(NO_MEMORY_LIMIT),
    here("TasksAccounting", PROCESSES, kept!(Boolean, Last), "Whether processes and threads are counted.")
        .since(227)
        .not_concerned(),
    here(
        "TasksMax",
        PROCESSES,
        kept!(Tasks, LastOrUnset),
        "How many processes and threads the unit may have.",
    )
    .since(227)
    .cannot("processes and threads are not limited in number"),
    here("IOAccounting", IO, kept!(Boolean, Last), "Whether use of disks is counted.")
        .since(230)
        .not_concerned(),
    here("IOWeight", IO, kept!(Weight, LastOrUnset), "The share of disks when they are busy.")
        .since(230)
        .cannot(NO_IO_LIMIT),
    here(
        "StartupIOWeight",
        IO,
        kept!(Weight, LastOrUnset),
        "As IOWeight=, while the system starts and stops.",
    )
    .since(230)
    .cannot(NO_IO_LIMIT),
    here("IODeviceWeight", IO, kept!(Text, List), "As IOWeight=, for one device.")
        .since(230)
        .cannot(NO_IO_LIMIT),
    here("IOReadBandwidthMax", IO, kept!(Text, List), "How much may be read from a device in a second.")
        .since(230)
        .cannot(NO_IO_LIMIT),
    here("IOWriteBandwidthMax", IO, kept!(Text, List), "How much may be written to a device in a second.")
        .since(230)
        .cannot(NO_IO_LIMIT),
    here("IOReadIOPSMax", IO, kept!(Text, List), "How often a device may be read from in a second.")
        .since(230)
        .cannot(NO_IO_LIMIT),
    here("IOWriteIOPSMax", IO, kept!(Text, List), "How often a device may be written to in a second.")
        .since(230)
        .cannot(NO_IO_LIMIT),
    here("IODeviceLatencyTargetSec", IO, kept!(Text, List), "How long a device may take to answer.")
        .since(240)
        .cannot(NO_IO_LIMIT),
    here("IPAccounting", NETWORK, kept!(Boolean, Last), "Whether packets are counted.")
        .since(235)
        .not_concerned(),
    here(
        "IPAddressAllow",
        NETWORK,
        networks!(ip_allow),
        "Addresses that the unit may reach and be reached from whatever IPAddressDeny= says.",
    )
    .since(235)
    .exposure(&["IPAddressDeny"])
    .cannot(NO_PACKET_FILTER),
    here(
        "IPAddressDeny",
        NETWORK,
        networks!(ip_deny),
        "Addresses that the unit may neither reach nor be reached from.",
    )
    .since(235)
    .exposure(&["IPAddressDeny"])
    .propose(Propose::FromEvidence)
    .cannot(NO_PACKET_FILTER),
    here(
        "SocketBindAllow",
        NETWORK,
        kept!(Text, List),
        "Ports that sockets may be bound to whatever SocketBindDeny= says.",
    )
    .since(249)
    .cannot(NO_BIND_FILTER),
    here("SocketBindDeny", NETWORK, kept!(Text, List), "Ports that sockets may not be bound to.")
        .since(249)
        .cannot(NO_BIND_FILTER),
    here(
        "RestrictNetworkInterfaces",
        NETWORK,
        kept!(Text, Signed),
        "Which network interfaces the unit may use.",
    )
    .since(250)
    .cannot("network interfaces are not restricted: the service can use every one"),
    here("NFTSet", NETWORK, kept!(Text, List), "Sets of nftables that the unit's control group is put into.")
        .since(255)
        .cannot("the firewall's sets are not changed: its rules do not know the service"),
    here(
        "IPIngressFilterPath",
        BPF,
        filters!(ip_ingress_filters),
        "BPF programs that filter packets to the unit.",
    )
    .since(243)
    .exposure(&["IPAddressDeny"])
    .cannot(NO_PACKET_FILTER),
    here(
        "IPEgressFilterPath",
        BPF,
        filters!(ip_egress_filters),
        "BPF programs that filter packets from the unit.",
    )
    .since(243)
    .exposure(&["IPAddressDeny"])
    .cannot(NO_PACKET_FILTER),
    here("BPFProgram", BPF, kept!(Text, List), "BPF programs that are attached to the unit's control group.")
        .since(249)
        .cannot("the program is not attached"),
    here(
        "DeviceAllow",
        DEVICES,
        Field {
            kind: Kind::Form(
                "a device node's path, `char-NAME` or `block-NAME`, then rights of `r`, `w` and `m`",
            ),
            merge: Merge::List,
            kept: false,
            read: device_allow,
            show: show_devices,
        },
        "Devices that the unit may use where DevicePolicy= forbids it, and what it may do with them.",
    )
    .exposure(&["DeviceAllow"])
    .propose(Propose::FromEvidence),
    here(
        "DevicePolicy",
        DEVICES,
        scalar!(Word<DevicePolicy>: sandbox.device_policy),
        "Which devices the unit may use besides those of DeviceAllow=.",
    )
    .exposure(&["DeviceAllow"])
    .propose(Propose::WhenUnused),
    here("Slice", GROUPS, kept!(NonEmpty, Last), "The slice that the unit's control group is in.")
        .not_concerned(),
    here(
        "Delegate",
        GROUPS,
        Field {
            kind: Kind::Form("`yes`, `no`, or controllers such as `memory pids`"),
            merge: Merge::Last,
            kept: false,
            read: delegate,
            show: |settings| crate::read::show_scalar::<Boolean>(&settings.sandbox.delegate),
        },
        "Lets the unit manage its own part of the control groups.",
    )
    .since(218)
    .exposure(&["Delegate"])
    .cannot("no control group is handed over to the service"),
    here(
        "DelegateSubgroup",
        GROUPS,
        kept!(Text, LastOrUnset),
        "The subgroup that the unit's processes start in.",
    )
    .since(254)
    .cannot("no control group is handed over to the service"),
    here(
        "DisableControllers",
        GROUPS,
        kept!(Text, List),
        "Controllers that units below this one cannot use.",
    )
    .since(240)
    .not_concerned(),
    here(
        "ManagedOOMSwap",
        PRESSURE,
        kept!(Word<OomMode>, LastOrUnset),
        "Whether systemd-oomd acts when swap runs out.",
    )
    .since(247)
    .cannot(NO_OOM_MANAGER),
    here(
        "ManagedOOMMemoryPressure",
        PRESSURE,
        kept!(Word<OomMode>, LastOrUnset),
        "Whether systemd-oomd acts on memory pressure.",
    )
    .since(247)
    .cannot(NO_OOM_MANAGER),
    here(
        "ManagedOOMMemoryPressureLimit",
        PRESSURE,
        kept!(Percentage, LastOrUnset),
        "How much pressure that takes.",
    )
    .since(247)
    .cannot(NO_OOM_MANAGER),
    here("ManagedOOMMemoryPressureDurationSec", PRESSURE, kept!(Span, LastOrUnset), "How long that takes.")
        .since(257)
        .cannot(NO_OOM_MANAGER),
    here(
        "ManagedOOMPreference",
        PRESSURE,
        kept!(Word<OomPreference>, Last),
        "Whether systemd-oomd spares the unit.",
    )
    .since(248)
    .cannot(NO_OOM_MANAGER),
    here(
        "MemoryPressureWatch",
        PRESSURE,
        kept!(Word<PressureWatch>, LastOrUnset),
        "Whether the service is told how to watch memory pressure.",
    )
    .since(254)
    .cannot("the service is not told how to watch memory pressure"),
    here(
        "MemoryPressureThresholdSec",
        PRESSURE,
        kept!(Span, Last),
        "From which pressure on the service is told.",
    )
    .since(254)
    .cannot("the service is not told how to watch memory pressure"),
    here(
        "CoredumpReceive",
        COREDUMPS,
        kept!(Boolean, Last),
        "Whether core dumps of a container reach this unit.",
    )
    .since(255)
    .cannot("core dumps stay with the host"),
    here("CPUShares", DEPRECATED, kept!(Shares, LastOrUnset), "An old form of CPUWeight=.")
        .cannot(NO_CPU_LIMIT),
    here("StartupCPUShares", DEPRECATED, kept!(Shares, LastOrUnset), "An old form of StartupCPUWeight=.")
        .cannot(NO_CPU_LIMIT),
    here("MemoryLimit", DEPRECATED, kept!(Memory, LastOrUnset), "An old form of MemoryMax=.")
        .cannot(NO_MEMORY_LIMIT),
    here("BlockIOAccounting", DEPRECATED, kept!(Boolean, Last), "An old form of IOAccounting=.")
        .not_concerned(),
    here("BlockIOWeight", DEPRECATED, kept!(BlockWeight, LastOrUnset), "An old form of IOWeight=.")
        .cannot(NO_IO_LIMIT),
    here(
        "StartupBlockIOWeight",
        DEPRECATED,
        kept!(BlockWeight, LastOrUnset),
        "An old form of StartupIOWeight=.",
    )
    .cannot(NO_IO_LIMIT),
    here("BlockIODeviceWeight", DEPRECATED, kept!(Text, List), "An old form of IODeviceWeight=.")
        .cannot(NO_IO_LIMIT),
    here("BlockIOReadBandwidth", DEPRECATED, kept!(Text, List), "An old form of IOReadBandwidthMax=.")
        .cannot(NO_IO_LIMIT),
    here("BlockIOWriteBandwidth", DEPRECATED, kept!(Text, List), "An old form of IOWriteBandwidthMax=.")
        .cannot(NO_IO_LIMIT),
    here("NetClass", DEPRECATED, REMOVED, "Removed from systemd, as the controller is from the kernel.")
        .not_concerned(),
];
