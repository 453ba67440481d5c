//! `RestrictAddressFamilies=`: which kinds of socket may be made.

use crate::line::{Line, UNQUOTED, complaint};
use crate::list::{List, Standing};
use crate::{Ruling, Sense, Verdict};
use ringfence_terms::{Complaint, Errno, Origin};
use std::fmt;

/// An address family that systemd can name (`sys/socket.h`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddressFamily(u8);

impl AddressFamily {
    /// The highest number of a family that has a name.
    pub(crate) const HIGHEST: u32 = NAMES.len() as u32;

    /// The family of a name such as `AF_INET`, in any letter case; aliases such as `AF_LOCAL` are known.
    pub fn named(name: &str) -> Option<AddressFamily> {
        let alias = |name: &str| ALIASES.iter().find(|alias| alias.0.eq_ignore_ascii_case(name)).map(|a| a.1);
        let at = NAMES.iter().position(|known| known.eq_ignore_ascii_case(name));
        at.map(|at| at as u8 + 1).or_else(|| alias(name)).map(AddressFamily)
    }

    /// The family of a number, as `socket()` takes it.
    pub fn numbered(number: u64) -> Option<AddressFamily> {
        (1..=NAMES.len() as u64).contains(&number).then_some(AddressFamily(number as u8))
    }

    /// Every family, in the order of numbers.
    pub fn all() -> impl Iterator<Item = AddressFamily> {
        (1..=NAMES.len() as u8).map(AddressFamily)
    }

    /// The name, such as `AF_INET`.
    pub fn name(self) -> &'static str {
        NAMES[usize::from(self.0) - 1]
    }

    /// The number, as `socket()` takes it.
    pub fn number(self) -> u32 {
        u32::from(self.0)
    }
}

impl fmt::Display for AddressFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for AddressFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The names of the families from 1 on, without gaps. `AF_UNSPEC`, which is 0, systemd does not know.
#[rustfmt::skip]
static NAMES: [&str; 45] = [
    "AF_UNIX", "AF_INET", "AF_AX25", "AF_IPX", "AF_APPLETALK", "AF_NETROM", "AF_BRIDGE", "AF_ATMPVC", "AF_X25",
    "AF_INET6", "AF_ROSE", "AF_DECnet", "AF_NETBEUI", "AF_SECURITY", "AF_KEY", "AF_NETLINK", "AF_PACKET", "AF_ASH",
    "AF_ECONET", "AF_ATMSVC", "AF_RDS", "AF_SNA", "AF_IRDA", "AF_PPPOX", "AF_WANPIPE", "AF_LLC", "AF_IB", "AF_MPLS",
    "AF_CAN", "AF_TIPC", "AF_BLUETOOTH", "AF_IUCV", "AF_RXRPC", "AF_ISDN", "AF_PHONET", "AF_IEEE802154", "AF_CAIF",
    "AF_ALG", "AF_NFC", "AF_VSOCK", "AF_KCM", "AF_QIPCRTR", "AF_SMC", "AF_XDP", "AF_MCTP",
];

static ALIASES: [(&str, u8); 3] = [("AF_LOCAL", 1), ("AF_FILE", 1), ("AF_ROUTE", 16)];

/// The state of `RestrictAddressFamilies=` after some lines (systemd: `config_parse_address_families`).
///
/// Only `socket()` is watched: a socket that the service is handed, or makes with `socketpair()`, is not restricted, and
/// programs that use i386's `socketcall()` are not restricted at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressFamilies {
    state: State,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Unset,
    /// `none`: every family is denied, and the next line decides the sense anew.
    Nothing(Origin),
    Listed(List<AddressFamily>),
}

impl AddressFamilies {
    /// Takes in one line, and returns what systemd warns about in it.
    pub fn apply(&mut self, origin: &Origin) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if &*origin.value == "none" {
            self.state = State::Nothing(origin.clone());
            return complaints;
        }
        let Some(line) = Line::of(origin) else {
            self.state = State::Unset;
            return complaints;
        };
        let mut list = match std::mem::take(&mut self.state) {
            State::Listed(list) => list,
            State::Unset | State::Nothing(_) => List::opened(line.sense(), origin),
        };
        list.begin(origin);
        for word in line.words(UNQUOTED, &mut complaints) {
            match AddressFamily::named(&word) {
                Some(family) => list.mention([family], line.inverted, None),
                None => {
                    complaints.push(complaint(origin, &word, format!("no address family is named `{word}`")));
                }
            }
        }
        self.state = State::Listed(list);
        complaints
    }

    /// Whether the list says what is allowed or what is denied; `None` when there is no list.
    pub fn sense(&self) -> Option<Sense> {
        match &self.state {
            State::Unset => None,
            State::Nothing(_) => Some(Sense::Allow),
            State::Listed(list) => Some(list.sense),
        }
    }

    /// The line that decided the sense; `None` when there is no list.
    pub fn opened_by(&self) -> Option<&Origin> {
        match &self.state {
            State::Unset => None,
            State::Nothing(origin) => Some(origin),
            State::Listed(list) => Some(list.opened_by()),
        }
    }

    /// The families on the list, in the order of numbers.
    pub fn listed(&self) -> impl Iterator<Item = AddressFamily> {
        let list = match &self.state {
            State::Listed(list) => Some(list),
            State::Unset | State::Nothing(_) => None,
        };
        list.into_iter().flat_map(|list| list.listed().map(|(family, _)| family))
    }

    /// Whether systemd installs a filter at all (systemd: `context_has_address_families`).
    pub fn is_active(&self) -> bool {
        match &self.state {
            State::Unset => false,
            State::Nothing(_) => true,
            State::Listed(list) => list.is_active(),
        }
    }

    /// What `socket()` with this family answers, and which line decides that; `None` stands for any family that has no
    /// name here.
    pub fn verdict(&self, family: Option<AddressFamily>) -> Ruling<'_> {
        let denied = Verdict::Errno(Errno::EAFNOSUPPORT);
        let list = match &self.state {
            State::Unset => return Ruling::FREE,
            State::Nothing(origin) => return Ruling { verdict: denied, origin: Some(origin) },
            State::Listed(list) => list,
        };
        let entry = family.and_then(|family| list.entry(family));
        let listed = entry.is_some_and(|entry| entry.standing != Standing::Removed);
        let allowed = listed == (list.sense == Sense::Allow);
        let origin = match entry {
            Some(entry) => Some(entry.origin),
            None => (!allowed).then_some(list.opened_by()),
        };
        Ruling { verdict: if allowed { Verdict::Allowed } else { denied }, origin }
    }
}
