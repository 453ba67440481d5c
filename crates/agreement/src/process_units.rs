//! Random units about what a process is rather than what it sees: identity, privileges, limits, scheduling, environment,
//! standard streams, filters. The probe looks at itself and makes system calls; no directive here hides a file.

use crate::generate::Draft;
use crate::process_lines::LINES;
use fastrand::Rng;

/// What a unit's fixture holds: files for its streams and its environment.
const FIXTURE: &str = "
dir {} 0777
file {}/in 0666
file {}/out 0666
dir {}/closed 0700
dir {}/open 1777
";

/// How the command is written.
const PREFIXES: &str = "          + ! !! - : @ -: @: +: !: -! @- ";

/// What may follow the probe's own arguments.
const ARGUMENTS: [&str; 10] = [
    "",
    "",
    "",
    " $ONE ${TWO} x${TWO}y",
    " $TWO $NONE ${NONE} $$ONE",
    " \"a b\" 'c d' e\\x20f",
    " %n %N %p %i %u %U %h %s",
    " %t %S %C %L %d %E %T %V %g %G %%",
    " ${HOME} ${USER} $SHELL $LOGNAME ${PATH}",
    " %j %J %y %Y %H %l %q",
];

/// What lists of system calls are made of. Those groups are not among them that all allowed lists have or are in: a list
/// that loses its last call ends systemd's own set-up (`seccomp_filter_set_add_by_name` asserts that there is a list).
const CALLS: &str = "@aio @basic-io @chown @clock @cpu-emulation @debug @file-system @io-event @ipc @keyring \
@memlock @module @mount @network-io @obsolete @pkey @privileged @process @raw-io @reboot @resources @sandbox @setuid \
@signal @swap @sync @timer socket unshare setns personality mmap chmod fchmodat keyctl bpf ptrace \
sched_setscheduler open_by_handle_at ioprio_get prctl clone3";

/// What a call may be answered with.
const ANSWERS: &str = "EPERM EACCES ENOSYS kill 11 ENOANO";

const CAPABILITIES: &str = "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_KILL CAP_SETGID CAP_SETUID CAP_SETPCAP CAP_NET_ADMIN \
CAP_NET_RAW CAP_IPC_LOCK CAP_SYS_MODULE CAP_SYS_CHROOT CAP_SYS_PTRACE CAP_SYS_ADMIN CAP_SYS_BOOT CAP_SYS_NICE \
CAP_SYS_RESOURCE CAP_SYS_TIME CAP_SETFCAP CAP_SYSLOG CAP_BPF CAP_PERFMON";

const FAMILIES: &str = "AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET AF_ALG AF_VSOCK AF_BLUETOOTH AF_SMC";

const NAMESPACES: &str = "cgroup ipc net mnt pid user uts";

const SECURE_BITS: &str =
    "keep-caps keep-caps-locked no-setuid-fixup no-setuid-fixup-locked noroot noroot-locked";

const LIMITS: &str =
    "CPU FSIZE DATA STACK CORE RSS NOFILE AS NPROC MEMLOCK LOCKS SIGPENDING MSGQUEUE NICE RTPRIO RTTIME";

/// Large enough for the probe to run.
const AMOUNTS: &str = "infinity 4294967296 8589934592 12884901888";

/// What a value is quoted with, and what is within.
const QUOTED: [&str; 16] = [
    "A=plain",
    "\"B=two words\"",
    "'C=single $A \"inside\"'",
    "D=a\\x41b",
    "E=\\ttab",
    "\"F=\\u00e9\"",
    "G=%n:%p",
    "H=$A${B}",
    "I=",
    "J=a=b",
    "\"K=back\\\\slash\"",
    "L=\\101",
    "M=a\"b\"",
    "N='",
    "O=\\s",
    "P=50%%",
];

const WORDS: [&str; 18] = [
    "$A", "${A}", "\"$A\"", "x${B}y", "$A$B", "'${B}'", "$$A", "$", "${", "${NONE}", "$NONE", "\"a b\"",
    "a\\ b", "\\x41", "%%", "${A}${B}", "\"\"", "$0",
];

struct Draw(Rng);

impl Draw {
    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.0.usize(..of.len())]
    }

    fn word<'a>(&mut self, of: &'a str) -> &'a str {
        self.one(&of.split_whitespace().collect::<Vec<_>>())
    }

    fn some(&mut self, most: usize, of: &str) -> String {
        let count = self.0.usize(1..=most);
        (0..count).map(|_| self.word(of)).collect::<Vec<_>>().join(" ")
    }

    fn inverse(&mut self) -> &'static str {
        if self.0.bool() { "~" } else { "" }
    }

    fn line(&mut self) -> String {
        match self.0.u8(..20) {
            0 => {
                let calls = self.some(4, CALLS);
                let answer =
                    if self.0.u8(..3) == 0 { format!(":{}", self.word(ANSWERS)) } else { String::new() };
                // A list of what is allowed leaves little; what the probe needs is mostly with it.
                match self.0.u8(..4) {
                    0 => format!("SystemCallFilter=@system-service {calls}"),
                    _ => format!("SystemCallFilter=~{calls}{answer}"),
                }
            }
            1 => format!("CapabilityBoundingSet={}{}", self.inverse(), self.some(5, CAPABILITIES)),
            2 => format!("AmbientCapabilities={}{}", self.inverse(), self.some(4, CAPABILITIES)),
            3 => format!("RestrictAddressFamilies={}{}", self.inverse(), self.some(4, FAMILIES)),
            4 => format!("RestrictNamespaces={}{}", self.inverse(), self.some(4, NAMESPACES)),
            5 => format!("SecureBits={}", self.some(3, SECURE_BITS)),
            6 => {
                let (soft, hard) = (self.word(AMOUNTS), self.word(AMOUNTS));
                let soft = if self.0.bool() { format!("{soft}:") } else { String::new() };
                format!("Limit{}={soft}{hard}", self.word(LIMITS))
            }
            7 | 8 => {
                let count = self.0.usize(1..=3);
                let all: Vec<&str> = (0..count).map(|_| self.one(&QUOTED)).collect();
                format!("Environment={}", all.join(" "))
            }
            _ => {
                let row = LINES[self.0.usize(..LINES.len())];
                self.one(row).to_owned()
            }
        }
    }

    /// The line that runs the probe, and the program that is the unit's main one if the probe is not.
    fn command(&mut self, search: bool, filtered: bool) -> Vec<String> {
        let prefix = self.one(&PREFIXES.split(' ').collect::<Vec<_>>());
        let zero = if prefix.contains('@') { " zero" } else { "" };
        let program = if search && self.0.bool() { "probe" } else { "/agreement/probe" };
        let mut arguments = self.one(&ARGUMENTS).to_owned();
        if self.0.u8(..3) == 0 {
            let count = self.0.usize(1..=4);
            arguments = (0..count).map(|_| format!(" {}", self.one(&WORDS))).collect();
        }
        if filtered && arguments.contains('$') {
            // systemd warns of variables that are not set when the filter is loaded already, and dies of that where the
            // filter forbids to reach the journal. ringfence need not.
            arguments.clear();
        }
        let kind = self.one(&["", "", "", "", "", "Condition", "Pre", "Post", "Stop", "StopPost"]);
        let directive = match kind {
            "Condition" | "Stop" | "StopPost" => format!("Exec{kind}"),
            _ => format!("ExecStart{kind}"),
        };
        let command = format!("{directive}={prefix}{program}{zero} self /agreement/out/{{name}}{arguments}");
        match kind {
            "" => vec![command],
            _ => vec![command, "ExecStart=/bin/true".to_owned()],
        }
    }
}

/// Draws the unit of this number.
pub fn draft_of_process(seed: u64, number: u64) -> Draft {
    let seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(number) ^ 0x70_726f_6365_7373;
    let mut draw = Draw(Rng::with_seed(seed));
    let mut lines = Vec::new();
    for _ in 0..draw.0.usize(1..=9) {
        lines.extend(draw.line().split('\n').map(str::to_owned));
    }
    let search = lines.iter().any(|line| line.starts_with("ExecSearchPath="));
    let filtered = lines.iter().any(|line| line.starts_with("SystemCallFilter="));
    lines.extend(draw.command(search, filtered));
    lines.push(format!("Type={}", draw.one(&["oneshot", "oneshot", "simple", "exec"])));
    let fixture = FIXTURE.trim().lines().map(str::to_owned).collect();
    Draft { lines, fixture }
}
