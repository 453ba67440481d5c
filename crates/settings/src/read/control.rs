//! systemd.resource-control(5): devices, addresses, delegation.

use super::{
    Line, Refusal,
    line::{UNQUOTED, VERBATIM},
    scalar::show_each,
};
use crate::catalogue::Shown;
use crate::value::{self, number};
use crate::{AddressPrefix, DeviceAccess, Settings};
use ringfence_terms::{AbsPath, Sourced};
use ringfence_unit::Specifiers;
use ringfence_unit::words::{WHITESPACE, Words};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `NODE [RIGHTS]`, one a line (systemd: `config_parse_device_allow`).
pub(crate) fn device_allow(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    let list = &mut settings.sandbox.device_allow;
    if line.value.is_empty() {
        list.clear();
        return Ok(());
    }
    let mut words = Words::new(line.value);
    let node = match words.next(WHITESPACE, UNQUOTED) {
        Ok(node) => node.unwrap_or_default(),
        Err(error) => {
            line.broken(line.value, error);
            return Ok(());
        }
    };
    let Some(node) = line.expand(&node) else { return Ok(()) };
    let node = if node.starts_with("block-") || node.starts_with("char-") {
        node
    } else {
        let places = ["/dev", "/run/systemd/inaccessible"];
        match AbsPath::parse(&node) {
            Ok(path) if places.iter().any(|place| path.as_path().starts_with(place)) => path.to_string(),
            _ => {
                let message = format!("DeviceAllow= ignores `{node}`, which is no device node");
                line.warn(
                    &node,
                    message,
                    Some("write a path below /dev, or `char-NAME` or `block-NAME` for a class".into()),
                );
                return Ok(());
            }
        }
    };
    let rights = words.rest().unwrap_or_default();
    if let Some(wrong) = rights.chars().find(|c| !matches!(c, 'r' | 'w' | 'm')) {
        let message =
            format!("DeviceAllow= ignores the line: `{wrong}` is none of the rights `r`, `w` and `m`");
        line.warn(rights, message, None);
        return Ok(());
    }
    // No rights at all means every one of them (`cgroup_context_add_device_allow`).
    let has = |right| rights.is_empty() || rights.contains(right);
    list.push(line.sourced(DeviceAccess { node, read: has('r'), write: has('w'), mknod: has('m') }));
    Ok(())
}

pub(crate) fn show_devices(settings: &Settings) -> Vec<Shown> {
    show_each(&settings.sandbox.device_allow, |device| {
        let rights = [(device.read, 'r'), (device.write, 'w'), (device.mknod, 'm')];
        let rights: String = rights.iter().filter(|(has, _)| *has).map(|(_, right)| right).collect();
        format!("{} {rights}", super::line::quoted(&Specifiers::escape(&device.node), UNQUOTED))
    })
}

/// A boolean, or controllers; nothing means yes (systemd: `config_parse_delegate`).
pub(crate) fn delegate(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    if !matches!(settings.unit.suffix(), "service" | "scope") {
        line.warn("Delegate", "Delegate= is for services and scopes only".into(), None);
        return Ok(());
    }
    let on = match value::boolean(line.value) {
        Some(on) => on,
        None => {
            let Some(words) = line.all_words(UNQUOTED) else { return Ok(()) };
            for word in words {
                if !CONTROLLERS.contains(&&*word) {
                    let help = crate::suggest::nearest(&word, CONTROLLERS)
                        .map(|name| format!("did you mean `{name}`?"));
                    line.warn(&word, format!("Delegate= passes over `{word}`, which is no controller"), help);
                }
            }
            true
        }
    };
    settings.sandbox.delegate = line.sourced(on);
    Ok(())
}

/// systemd: `cgroup_controller_table`.
const CONTROLLERS: [&str; 13] = [
    "cpu",
    "cpuacct",
    "cpuset",
    "io",
    "blkio",
    "memory",
    "devices",
    "pids",
    "bpf-firewall",
    "bpf-devices",
    "bpf-foreign",
    "bpf-socket-bind",
    "bpf-restrict-network-interfaces",
];

/// Words, addresses, networks (systemd: `config_parse_in_addr_prefixes`).
pub(crate) fn addresses(line: &mut Line<'_>, list: &mut Vec<Sourced<AddressPrefix>>) -> Result<(), Refusal> {
    if line.value.is_empty() {
        list.clear();
        return Ok(());
    }
    for word in line.words(VERBATIM) {
        let prefixes = networks(&word);
        if prefixes.is_empty() {
            let message = format!("{} ignores `{word}`, which is no address", line.name());
            let words = ["any", "localhost", "link-local", "multicast"];
            let meant =
                crate::suggest::nearest(&word, words).map(|meant| format!("did you mean `{meant}`? "));
            let help = format!("{}write {}", meant.unwrap_or_default(), line.directive.kind.expected());
            line.warn(&word, message, Some(help));
        }
        for prefix in prefixes {
            if !list.iter().any(|known| known.value == prefix) {
                list.push(line.sourced(prefix));
            }
        }
    }
    Ok(())
}

fn networks(word: &str) -> Vec<AddressPrefix> {
    let v4 = |a, b, length| AddressPrefix::new(IpAddr::V4(Ipv4Addr::new(a, b, 0, 0)), length);
    let v6 = |first, last, length| {
        AddressPrefix::new(IpAddr::V6(Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, last)), length)
    };
    let both = match word {
        "any" => [v4(0, 0, 0), v6(0, 0, 0)],
        "link-local" => [v4(169, 254, 16), v6(0xfe80, 0, 64)],
        "multicast" => [v4(224, 0, 4), v6(0xff00, 0, 8)],
        word if is_localhost(word) => [v4(127, 0, 8), v6(0, 1, 128)],
        word => [network(word), None],
    };
    both.into_iter().flatten().collect()
}

/// An address, perhaps with a prefix length.
fn network(word: &str) -> Option<AddressPrefix> {
    let (address, length) = match word.split_once('/') {
        Some((address, length)) => (address, Some(u8::try_from(number::unsigned(length).ok()?).ok()?)),
        None => (word, None),
    };
    let address: IpAddr = address.parse().ok()?;
    AddressPrefix::new(address, length.unwrap_or(if address.is_ipv4() { 32 } else { 128 }))
}

/// systemd: `is_localhost`.
fn is_localhost(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let word = word.strip_suffix('.').unwrap_or(&word);
    ["localhost", "localhost.localdomain"]
        .iter()
        .any(|name| word.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('.')))
}

/// One path a line, each once (systemd: `config_parse_ip_filter_bpf_progs`).
pub(crate) fn filter_path(line: &mut Line<'_>, list: &mut Vec<Sourced<AbsPath>>) -> Result<(), Refusal> {
    if line.value.is_empty() {
        list.clear();
        return Ok(());
    }
    if let Some(path) = line.path(line.value)
        && !list.iter().any(|known| known.value == path)
    {
        list.push(line.sourced(path));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::networks;

    #[test]
    fn words_and_networks() {
        for (word, expected) in [
            ("any", "0.0.0.0/0 ::/0"),
            ("localhost", "127.0.0.0/8 ::1/128"),
            ("LocalHost.", "127.0.0.0/8 ::1/128"),
            ("a.localhost.localdomain", "127.0.0.0/8 ::1/128"),
            ("link-local", "169.254.0.0/16 fe80::/64"),
            ("multicast", "224.0.0.0/4 ff00::/8"),
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("10.1.2.3", "10.1.2.3/32"),
            ("::1", "::1/128"),
            ("fe80::1/64", "fe80::/64"),
            ("10.0.0.0/33", ""),
            ("ANY", ""),
            ("10.0.0", ""),
            ("notlocalhost", ""),
        ] {
            let found: Vec<_> = networks(word).iter().map(ToString::to_string).collect();
            assert_eq!(found.join(" "), expected, "{word}");
        }
    }
}
