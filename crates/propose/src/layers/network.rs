//! Sockets: `RestrictAddressFamilies=`, and `PrivateNetwork=` where no network is used.

use crate::{Case, Level, Proposal};
use ringfence_profile::{Address, Privilege};
use ringfence_seccomp::AddressFamily;
use ringfence_unit::Manager;
use std::collections::BTreeSet;
use std::net::IpAddr;

const AF_UNIX: u16 = 1;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
const AF_NETLINK: u16 = 16;

pub(super) fn propose(case: &Case<'_>, proposal: &mut Proposal) {
    if !case.broker.is_empty() {
        return;
    }
    let used: BTreeSet<u16> = case
        .needs
        .privileges()
        .filter_map(|p| if let Privilege::Socket { family, .. } = p { Some(*family) } else { None })
        .collect();
    network(case, proposal, &used);
    addresses(case, proposal, &used);
    families(case, proposal, used);
}

/// A unit that gets its sockets from a socket unit listens without ever making one: its network must stay.
fn network(case: &Case<'_>, proposal: &mut Proposal, used: &BTreeSet<u16>) {
    const DIRECTIVE: &str = "PrivateNetwork";
    if case.settings.sandbox.private_network.value
        || case.settings.sandbox.network_namespace_path.value.is_some()
        || !case.settings.service.sockets.is_empty()
    {
        return;
    }
    let reaches_out = |p: &Privilege| match p {
        Privilege::Socket { family, .. } => ![AF_UNIX, AF_NETLINK].contains(family),
        // Abstract sockets are a network namespace's own, so they too would be out of reach.
        Privilege::Bind(address) | Privilege::Connect(address) => {
            matches!(address, Address::Abstract(_) | Address::Inet { .. })
        }
        _ => false,
    };
    let evidence = case.needs.privilege_evidence(reaches_out);
    if !evidence.is_empty() || used.iter().any(|family| ![AF_UNIX, AF_NETLINK].contains(family)) {
        proposal.leave_open(DIRECTIVE, "it uses the network", evidence);
    } else if case.is_relaxed(DIRECTIVE) {
        proposal.leave_open(DIRECTIVE, "the service did not work with it", evidence);
    } else if case.options.level == Level::Standard && case.needs.interprets_scripts() {
        proposal.leave_open(
            DIRECTIVE,
            "it runs scripts, which may use the network in moments that no exercise shows",
            evidence,
        );
    } else if case.options.exercised {
        proposal.restrict(DIRECTIVE, "yes", "no network was used");
    } else {
        proposal.leave_open(DIRECTIVE, "without an exercise, not using the network proves little", evidence);
    }
}

/// At the tight level: a service that was spoken to on the loopback device only, or not at all, hears from nowhere else.
fn addresses(case: &Case<'_>, proposal: &mut Proposal, used: &BTreeSet<u16>) {
    const DIRECTIVE: &str = "IPAddressDeny";
    // The filter is the control group's, which an ordinary user may not attach one to (bpf(2)).
    if case.settings.manager == Manager::User {
        return;
    }
    let said = !case.settings.control.ip_deny.is_empty() || !case.settings.control.ip_allow.is_empty();
    if case.options.level != Level::Tight || !case.options.exercised || said {
        return;
    }
    if case.is_relaxed(DIRECTIVE) || !case.settings.service.sockets.is_empty() {
        proposal.leave_open(DIRECTIVE, "its sockets come from elsewhere", Vec::new());
        return;
    }
    // A socket that is bound to no address and no port is one that will connect.
    let stays_here =
        |ip: &IpAddr, port: u16| ip.to_canonical().is_loopback() || ip.is_unspecified() && port == 0;
    let remote = case.needs.privilege_evidence(|p| match p {
        Privilege::Bind(Address::Inet { ip, port }) | Privilege::Connect(Address::Inet { ip, port }) => {
            !stays_here(ip, *port)
        }
        _ => false,
    });
    if !remote.is_empty() {
        proposal.leave_open(DIRECTIVE, "it speaks with other machines, or listens for them", remote);
        return;
    }
    proposal.restrict(DIRECTIVE, "any", "it neither listens for other machines nor speaks to them");
    if used.contains(&AF_INET) || used.contains(&AF_INET6) {
        proposal.grant("IPAddressAllow", "localhost", "it is used over the loopback device", Vec::new());
    }
}

/// The standard list has `AF_UNIX` always: logging, name lookup and readiness use it in moments that an exercise may not
/// show; and the internet families come in a pair, since which of them is used depends on the other side.
fn families(case: &Case<'_>, proposal: &mut Proposal, mut used: BTreeSet<u16>) {
    const DIRECTIVE: &str = "RestrictAddressFamilies";
    if case.settings.syscalls.address_families.value.is_active() {
        return;
    }
    if case.is_relaxed(DIRECTIVE) {
        proposal.leave_open(DIRECTIVE, "the service did not work with it", Vec::new());
        return;
    }
    if used.contains(&AF_INET) || used.contains(&AF_INET6) {
        used.extend([AF_INET, AF_INET6]);
    }
    if case.options.level == Level::Standard {
        used.insert(AF_UNIX);
        if case.needs.interprets_scripts() {
            used.extend([AF_INET, AF_INET6]);
        }
        if used.contains(&AF_INET) && !case.options.exercised {
            used.insert(AF_NETLINK);
        }
    }
    let names: Vec<&str> =
        used.iter().filter_map(|n| AddressFamily::numbered(u64::from(*n))).map(|f| f.name()).collect();
    if names.len() < used.len() {
        proposal.leave_open(DIRECTIVE, "it uses a socket family that has no name in a unit", Vec::new());
        return;
    }
    let evidence = case.needs.privilege_evidence(|p| matches!(p, Privilege::Socket { .. }));
    let value = if names.is_empty() { "none".to_owned() } else { names.join(" ") };
    proposal.lines.push(crate::Line {
        directive: DIRECTIVE,
        value,
        strength: crate::Strength::Restricts,
        why: "these kinds of sockets were made, or are made in passing".to_owned(),
        evidence,
        caution: None,
    });
}
