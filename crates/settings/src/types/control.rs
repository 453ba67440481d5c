//! The part of systemd.resource-control(5) that the exposure reads. `DevicePolicy=`, `DeviceAllow=` and `Delegate=` are
//! in [`crate::Sandbox`].

use ringfence_terms::{AbsPath, Sourced};
use std::fmt;
use std::net::IpAddr;

/// Who the service may exchange packets with. Not enforced.
#[derive(Clone, Debug, Default)]
pub struct Control {
    /// `IPAddressAllow=`, keywords expanded.
    pub ip_allow: Vec<Sourced<AddressPrefix>>,
    /// `IPAddressDeny=`, keywords expanded.
    pub ip_deny: Vec<Sourced<AddressPrefix>>,
    /// `IPIngressFilterPath=`.
    pub ip_ingress_filters: Vec<Sourced<AbsPath>>,
    /// `IPEgressFilterPath=`.
    pub ip_egress_filters: Vec<Sourced<AbsPath>>,
}

/// A network: an address of which only the leading bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddressPrefix {
    address: IpAddr,
    length: u8,
}

impl AddressPrefix {
    /// The network of an address; bits after the first `length` are cleared. `None` when the address has fewer bits.
    pub fn new(address: IpAddr, length: u8) -> Option<AddressPrefix> {
        let address = match address {
            IpAddr::V4(v4) if length <= 32 => {
                IpAddr::V4((v4.to_bits() & u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0)).into())
            }
            IpAddr::V6(v6) if length <= 128 => IpAddr::V6(
                (v6.to_bits() & u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0)).into(),
            ),
            IpAddr::V4(_) | IpAddr::V6(_) => return None,
        };
        Some(AddressPrefix { address, length })
    }

    /// The network's address.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// How many leading bits count.
    pub fn length(&self) -> u8 {
        self.length
    }

    /// Whether this is `0.0.0.0/0` or `::/0`: every address of its family.
    pub fn is_everything(&self) -> bool {
        self.length == 0
    }
}

impl fmt::Display for AddressPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}
