//! The kernel's names for numbers that profiles show.

use ringfence_settings::Capability;

/// A table of the kernel's names for numbers. A number without a name is written in digits.
pub(crate) struct Names(&'static [(u32, &'static str)]);

impl Names {
    /// The name of a number, or its digits.
    pub(crate) fn name(&self, number: u32) -> String {
        self.0.iter().find(|row| row.0 == number).map_or_else(|| number.to_string(), |row| row.1.to_owned())
    }

    /// The number of a name, or of digits.
    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        self.0.iter().find(|row| row.1 == name).map(|row| row.0).or_else(|| name.parse().ok())
    }
}

/// A capability's name.
pub(crate) fn capability(number: u8) -> String {
    Capability::from_number(number).map_or_else(|| number.to_string(), |c| c.name())
}

/// A capability's number.
pub(crate) fn to_capability(name: &str) -> Option<u8> {
    Capability::parse(name).map(Capability::number)
}

/// Socket types (`linux/net.h`).
pub(crate) static SOCKET_TYPES: Names = Names(&[
    (1, "SOCK_STREAM"),
    (2, "SOCK_DGRAM"),
    (3, "SOCK_RAW"),
    (4, "SOCK_RDM"),
    (5, "SOCK_SEQPACKET"),
    (6, "SOCK_DCCP"),
    (10, "SOCK_PACKET"),
]);

/// Scheduling policies (`uapi/linux/sched.h`).
pub(crate) static POLICIES: Names = Names(&[
    (0, "SCHED_OTHER"),
    (1, "SCHED_FIFO"),
    (2, "SCHED_RR"),
    (3, "SCHED_BATCH"),
    (5, "SCHED_IDLE"),
    (6, "SCHED_DEADLINE"),
    (7, "SCHED_EXT"),
]);

/// Socket families (`linux/socket.h`); where two names share a number, systemd's (`af-to-name`).
pub(crate) static FAMILIES: Names = Names(&[
    (0, "AF_UNSPEC"),
    (1, "AF_UNIX"),
    (2, "AF_INET"),
    (3, "AF_AX25"),
    (4, "AF_IPX"),
    (5, "AF_APPLETALK"),
    (6, "AF_NETROM"),
    (7, "AF_BRIDGE"),
    (8, "AF_ATMPVC"),
    (9, "AF_X25"),
    (10, "AF_INET6"),
    (11, "AF_ROSE"),
    (12, "AF_DECnet"),
    (13, "AF_NETBEUI"),
    (14, "AF_SECURITY"),
    (15, "AF_KEY"),
    (16, "AF_NETLINK"),
    (17, "AF_PACKET"),
    (18, "AF_ASH"),
    (19, "AF_ECONET"),
    (20, "AF_ATMSVC"),
    (21, "AF_RDS"),
    (22, "AF_SNA"),
    (23, "AF_IRDA"),
    (24, "AF_PPPOX"),
    (25, "AF_WANPIPE"),
    (26, "AF_LLC"),
    (27, "AF_IB"),
    (28, "AF_MPLS"),
    (29, "AF_CAN"),
    (30, "AF_TIPC"),
    (31, "AF_BLUETOOTH"),
    (32, "AF_IUCV"),
    (33, "AF_RXRPC"),
    (34, "AF_ISDN"),
    (35, "AF_PHONET"),
    (36, "AF_IEEE802154"),
    (37, "AF_CAIF"),
    (38, "AF_ALG"),
    (39, "AF_NFC"),
    (40, "AF_VSOCK"),
    (41, "AF_KCM"),
    (42, "AF_QIPCRTR"),
    (43, "AF_SMC"),
    (44, "AF_XDP"),
    (45, "AF_MCTP"),
]);
