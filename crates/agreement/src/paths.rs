//! The paths that are tried.

/// Paths that settings of systemd are about, and some beside them that they are not about. `new` is the name of the
/// files that are not there yet: units that run at the same time must not see one another's.
pub fn standard(new: &str) -> Vec<String> {
    let named = |path: &str| match path.strip_suffix("/new") {
        Some(dir) => format!("{dir}/{new}"),
        None => path.to_owned(),
    };
    STANDARD.split_whitespace().map(named).collect()
}

const STANDARD: &str = "
/ /new /etc /etc/new /etc/passwd /usr /usr/new /usr/bin/true /usr/lib /bin /lib /lib64 /sbin
/boot /home /home/new /root /root/new /run /run/new /run/user /run/lock /run/systemd /run/systemd/incoming
/run/credentials /run/systemd/journal/socket /run/systemd/journal/stdout /run/systemd/journal/dev-log
/run/systemd/notify /var /var/lib /var/lib/private /var/cache /var/cache/private /var/log /var/log/private
/var/tmp /var/tmp/new /tmp /tmp/new /srv /srv/new /mnt /opt /dev /dev/new /dev/null /dev/zero /dev/full /dev/random
/dev/urandom /dev/tty /dev/ptmx /dev/console /dev/log /dev/fd /dev/pts /dev/shm /dev/shm/new /dev/mqueue
/dev/hugepages /dev/stdin /proc /proc/1/environ /proc/1/root /proc/self/environ /proc/cpuinfo /proc/kallsyms
/proc/kcore /proc/kmsg /proc/sys /proc/sys/kernel /proc/sys/kernel/hostname /proc/sys/kernel/domainname
/proc/sys/vm/swappiness /proc/sysrq-trigger /proc/irq /proc/bus /proc/acpi /proc/scsi /proc/fs /proc/mtrr
/proc/apm /proc/asound /proc/latency_stats /proc/timer_stats /proc/sys/fs/binfmt_misc
/sys /sys/kernel /sys/kernel/mm /sys/kernel/debug /sys/kernel/tracing /sys/fs /sys/fs/bpf /sys/fs/cgroup
/sys/fs/cgroup/new /sys/fs/selinux /sys/fs/fuse/connections /sys/kernel/uevent_seqnum /sys/kernel/mm/ksm/run
";

/// Paths like those that are missing on many a machine. The probe makes and removes a missing file, so that only units
/// that run alone may try them.
pub const RARE: [&str; 4] = ["/efi", "/run/host", "/dev/kmsg", "/usr/lib/modules"];

/// Every absolute path that the unit's lines name, prefixes and options cut off; and below directories of the unit's
/// own, their usual places.
pub fn named_in(unit: &[String], new: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for line in unit {
        let Some((directive, value)) = line.split_once('=') else { continue };
        let base = match directive.trim() {
            "RuntimeDirectory" => Some("/run"),
            "StateDirectory" => Some("/var/lib"),
            "CacheDirectory" => Some("/var/cache"),
            "LogsDirectory" => Some("/var/log"),
            "ConfigurationDirectory" => Some("/etc"),
            _ => None,
        };
        for word in value.split_whitespace().flat_map(|word| word.split(':')) {
            let word = word.trim_start_matches(['-', '+']);
            if word.starts_with('/') {
                let parts = word.split('/').filter(|part| !part.is_empty() && *part != ".");
                let path: String = parts.map(|part| format!("/{part}")).collect();
                paths.push(if path.is_empty() { "/".to_owned() } else { path.clone() });
                paths.push(format!("{path}/{new}"));
            } else if let Some(base) = base
                && !word.is_empty()
                && word != "ro"
            {
                paths.push(format!("{base}/{word}"));
                paths.push(format!("{base}/{word}/{new}"));
                paths.push(format!("{base}/private/{word}"));
            }
        }
    }
    paths
}
