//! Conditions on the machine and its kernel.

use super::Answer;
use crate::Accounts;
use glob::Pattern;
use std::path::Path;

/// `None` for a condition of another kind.
pub fn answer(check: &str, parameter: &str) -> Option<Answer> {
    Some(match check {
        "User" => user(parameter),
        "Group" => group(parameter),
        "Host" => host(parameter),
        "Architecture" => architecture(parameter),
        "KernelCommandLine" => kernel_command_line(parameter).into(),
        "KernelVersion" | "Version" => kernel_version(parameter),
        "Virtualization" => Answer::Unknown("what the machine is virtualised by is not looked at"),
        "Security" => security(parameter),
        "Capability" => Answer::Unknown("the capabilities of systemd's own process do not count here"),
        "ACPower" => ac_power(parameter),
        "FirstBoot" => (Path::new("/run/systemd/first-boot").exists() == is_true(parameter)).into(),
        "Environment" => environment(parameter).into(),
        "Memory" => amount(parameter, memory()),
        "CPUs" => amount(parameter, std::thread::available_parallelism().ok().map(|n| n.get() as u64)),
        "CPUFeature" => read("/proc/cpuinfo")
            .lines()
            .any(|line| line.starts_with("flags") && line.split_whitespace().any(|flag| flag == parameter))
            .into(),
        "OSRelease" => os_release(parameter),
        "NeedsUpdate" => needs_update(parameter),
        "ControlGroupController" => control_group_controller(parameter),
        "Credential" | "MemoryPressure" | "CPUPressure" | "IOPressure" | "Firmware"
        | "KernelModuleLoaded" => Answer::Unknown("ringfence does not check this one"),
        _ => return None,
    })
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn is_true(word: &str) -> bool {
    ["1", "yes", "y", "true", "t", "on"].iter().any(|yes| word.eq_ignore_ascii_case(yes))
}

/// `condition_test_user`: a number, a name, or `@system`. It is about the manager: root for the system's.
fn user(parameter: &str) -> Answer {
    let uid = rustix::process::geteuid().as_raw();
    if parameter == "@system" {
        return (uid < 1000 || uid == 65534).into();
    }
    let account = Accounts::read(Path::new("/")).ok().and_then(|accounts| accounts.user(parameter));
    (parameter.parse() == Ok(uid) || account.is_some_and(|user| user.uid == uid)).into()
}

fn group(parameter: &str) -> Answer {
    let own = rustix::process::getgroups().unwrap_or_default();
    let own: Vec<u32> =
        own.into_iter().map(|g| g.as_raw()).chain([rustix::process::getegid().as_raw()]).collect();
    let wanted = Accounts::read(Path::new("/")).ok().and_then(|accounts| accounts.group(parameter));
    wanted.is_some_and(|gid| own.contains(&gid)).into()
}

fn host(parameter: &str) -> Answer {
    let name = rustix::system::uname();
    let name = name.nodename().to_string_lossy();
    let by_name = Pattern::new(&parameter.to_lowercase()).is_ok_and(|p| p.matches(&name.to_lowercase()));
    (by_name || read("/etc/machine-id").trim() == parameter).into()
}

/// systemd's words for architectures that ringfence is built for.
fn architecture(parameter: &str) -> Answer {
    let own = match std::env::consts::ARCH {
        "x86_64" => "x86-64",
        "x86" => "x86",
        "aarch64" => "arm64",
        "arm" => "arm",
        "riscv64" => "riscv64",
        "loongarch64" => "loongarch64",
        _ => return Answer::Unknown("this machine's architecture has no name here"),
    };
    (parameter == own || parameter == "native").into()
}

/// A word, or `NAME=VALUE`; a bare name also matches with a value (`condition_test_kernel_command_line`).
fn kernel_command_line(parameter: &str) -> bool {
    read("/proc/cmdline").split_whitespace().any(|word| {
        word == parameter
            || !parameter.contains('=')
                && word.strip_prefix(parameter).is_some_and(|rest| rest.starts_with('='))
    })
}

/// Comparisons such as `>=5.4`, all of which must hold; else a pattern.
fn kernel_version(parameter: &str) -> Answer {
    let name = rustix::system::uname();
    let release = name.release().to_string_lossy();
    let words: Vec<&str> = parameter.split_whitespace().collect();
    if words.len() == 1 && !parameter.starts_with(['<', '>', '=', '!', '$']) {
        return Pattern::new(parameter).is_ok_and(|p| p.matches(&release)).into();
    }
    let holds = |word: &&str| match compared(word) {
        Some((operator, wanted)) => ordered(operator, numbers(&release).cmp(&numbers(wanted))),
        None => false,
    };
    words.iter().all(holds).into()
}

fn compared(word: &str) -> Option<(&str, &str)> {
    let operator = ["<=", ">=", "!=", "<>", "==", "<", ">", "="].into_iter().find(|o| word.starts_with(o))?;
    Some((operator, word[operator.len()..].trim()))
}

fn ordered(operator: &str, order: std::cmp::Ordering) -> bool {
    match operator {
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        ">=" => order.is_ge(),
        "!=" | "<>" => order.is_ne(),
        _ => order.is_eq(),
    }
}

/// The leading numbers of a version: `6.18.44-fc` is 6, 18, 44.
fn numbers(version: &str) -> Vec<u64> {
    let plain = version.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
    plain.split('.').filter_map(|n| n.parse().ok()).collect()
}

fn security(parameter: &str) -> Answer {
    let exists = |path: &str| Path::new(path).exists();
    match parameter {
        "selinux" => exists("/sys/fs/selinux/enforce").into(),
        "apparmor" => read("/sys/module/apparmor/parameters/enabled").starts_with('Y').into(),
        "smack" => exists("/sys/fs/smackfs").into(),
        "tomoyo" => exists("/sys/kernel/security/tomoyo/version").into(),
        "ima" => exists("/sys/kernel/security/ima/policy").into(),
        "uefi-secureboot" | "tpm2" | "cvm" | "measured-uki" | "audit" => {
            Answer::Unknown("this security technology is not looked at")
        }
        _ => Answer::Fails,
    }
}

fn ac_power(parameter: &str) -> Answer {
    let supplies = glob::glob("/sys/class/power_supply/*/online").ok();
    let online: Vec<String> = supplies
        .into_iter()
        .flatten()
        .flatten()
        .map(|path| std::fs::read_to_string(path).unwrap_or_default().trim().to_owned())
        .collect();
    // A machine without power supplies to look at is taken to be plugged in (`on_ac_power`).
    let on_ac = online.is_empty() || online.iter().any(|state| state == "1");
    (on_ac == is_true(parameter)).into()
}

fn environment(parameter: &str) -> bool {
    match parameter.split_once('=') {
        Some((name, value)) => std::env::var(name).is_ok_and(|set| set == value),
        None => std::env::var_os(parameter).is_some(),
    }
}

/// Bytes of memory.
fn memory() -> Option<u64> {
    let info = read("/proc/meminfo");
    let kilobytes = info.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    kilobytes.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kb| kb * 1024)
}

/// A number with a comparison before it, `>=` when there is none; sizes may end in K, M, G, T.
fn amount(parameter: &str, have: Option<u64>) -> Answer {
    let Some(have) = have else { return Answer::Unknown("the machine does not tell") };
    let (operator, number) = compared(parameter).unwrap_or((">=", parameter));
    let (digits, unit) = number.split_at(number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len()));
    let factor = match unit.trim() {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        "T" => 1u64 << 40,
        _ => return Answer::Fails,
    };
    match digits.parse::<u64>().ok().and_then(|n| n.checked_mul(factor)) {
        Some(wanted) => ordered(operator, have.cmp(&wanted)).into(),
        None => Answer::Fails,
    }
}

/// `FIELD=VALUE`, or a comparison of versions.
fn os_release(parameter: &str) -> Answer {
    let text = read("/etc/os-release");
    let Some(at) = parameter.find(['=', '<', '>', '!']) else { return Answer::Fails };
    let (field, rest) = parameter.split_at(at);
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix('='))
        .map(|value| value.trim_matches(['"', '\'']))
        .unwrap_or_default();
    match compared(rest) {
        Some(("=", wanted)) => (value == wanted).into(),
        Some((operator, wanted)) => ordered(operator, numbers(value).cmp(&numbers(wanted))).into(),
        None => Answer::Fails,
    }
}

/// `/etc` or `/var` is older than `/usr` (`condition_test_needs_update`).
fn needs_update(parameter: &str) -> Answer {
    let changed = |path: &Path| std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
    let stamp = Path::new(parameter).join(".updated");
    match (changed(Path::new("/usr")), changed(&stamp)) {
        (Some(usr), Some(updated)) => (usr > updated).into(),
        (Some(_), None) => Answer::Holds,
        (None, _) => Answer::Fails,
    }
}

fn control_group_controller(parameter: &str) -> Answer {
    if parameter == "v1" || parameter == "v2" {
        return (Path::new("/sys/fs/cgroup/cgroup.controllers").exists() == (parameter == "v2")).into();
    }
    let there = read("/sys/fs/cgroup/cgroup.controllers");
    parameter.split_whitespace().all(|wanted| there.split_whitespace().any(|c| c == wanted)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert!(ordered(">=", numbers("6.18.44-fc").cmp(&numbers("6.9"))));
        assert_eq!(kernel_version(">=2.6"), Answer::Holds);
        assert_eq!(kernel_version(">=2.6 <3"), Answer::Fails);
    }

    #[test]
    fn amounts_have_units_and_operators() {
        assert_eq!(amount("1G", Some(2 << 30)), Answer::Holds);
        assert_eq!(amount("<1G", Some(2 << 30)), Answer::Fails);
        assert_eq!(amount("x", Some(1)), Answer::Fails);
    }
}
