//! What random services are made of. Laid out by hand.

/// How values of a directive are made.
pub enum Form {
    /// One of these.
    One(&'static [&'static str]),
    /// Some of these, separated by blanks.
    Words(&'static [&'static str]),
    /// Some of these, perhaps after `~`.
    Signed(&'static [&'static str]),
    /// Paths with prefixes.
    Access,
    /// Sources, destinations, options.
    Bind,
    /// Paths with mount options.
    Tmpfs,
    /// A command line.
    Command,
}
use Form::*;

/// Paths, good and bad.
pub const PATHS: &[&str] = &[
    "/", "/a", "/a/b", "//x//y/", "/x/./y", "/etc", "rel", "/../up", "/a/../b", "/sp ace", "/q\"uote",
    "\"/in quotes\"", "'/sq'", "/back\\\\slash", "/esc\\x41", "/%p", "/%i", "/%%", "/%z", "/%", "/%t/x",
    "/col:on", "/col\\:on", "/tr/", "/ünï", "", "/a;b", "~", "/dollar$HOME",
];
const BOOLEANS: &[&str] = &[
    "yes", "no", "1", "0", "true", "FALSE", "On", "off", "y", "n", "T", "", "maybe", "yes no", "\"yes\"",
];
const CAPABILITIES: &[&str] = &[
    "CAP_KILL", "cap_chown", "CAP_SYS_ADMIN", "5", "62", "63", "0x10", "-1", "KILL", "CAP_NOPE",
    "\"CAP_KILL\"", "CAP_NET_RAW", "CAP_MKNOD", "\"CAP_FOWNER CAP_KILL\"", "\\CAP_KILL", "\"CAP_SETUID",
];
const SPANS: &[&str] = &[
    "5", "1min 30s", "1.5s", ".5", "infinity", "0", "-1", "5x", "1h2m", "10 20", "1y", "500ms", "3.sec",
    "1.", "", "1000000000000000000000", "infinity 1", "5us", "5µs", "2 d", "1M", "1 ns", "0.0000001",
    "99999999y", "+5", "1s -2", "min30", "12.34.56", "12.34 .56", "0x10",
];
const SIZES: &[&str] = &[
    "1", "1K", "1.5M", "10.M", "1G 512M", "1K1M", "16E", "infinity", "-1", "", "K", "4 K", "1Ki", "0x10",
    "010", "+5", "1B", "K 1", "1:2", "2:1", "1K:2M", "infinity:5", "5:infinity", "1:2:3", ":", "1:", "0.5",
    "18446744073709551615", "18446744073709551614", "1T1", "1e3", "1.1.1",
];
const NUMBERS: &[&str] = &[
    "0", "1", "5", "-5", "+5", "19", "20", "-20", "-21", "99", "100", "0x10", "010", "0b11", "0o17", "1.5",
    "", "x", "1 2", "1000", "1001", "-1000", "2147483648", "4294967296", " 7",
];
const MODES: &[&str] = &[
    "0755", "755", "0", "7777", "10000", "0o755", "+755", "-1", "", "rwx", "789", " 700", "0700 ",
    "00000000755",
];
const SIGNALS: &[&str] = &[
    "SIGTERM", "TERM", "15", "0", "64", "65", "sigterm", "SIGRTMIN", "RTMIN+3", "RTMIN+30", "RTMIN+31",
    "RTMIN-1", "RTMAX", "RTMAX-2", "RTMAX+1", "SIG", "", "CLD", "POLL", "SIGIO", "STKFLT", "0x9", "09",
    "-1", "SIGSIGTERM", "RTMIN+", "RTMAX-30", "RTMAX-31",
];
const DIRECTORIES: &[&str] = &[
    "a", "a/b", "b", "c:d", "c:e", "e::ro", "f:g:ro", "f::rw", "/abs", "../up", "private", "private/x",
    "private2", "a//b/", "./c", ".", "x\\:y", "\"q r\"", "%p", "%z", "a:b:c:d", "é", "a\\x41", "a\\q",
    "l::ro:x", ":x", "n:/abs", "n:../u",
];
const USERS: &[&str] = &[
    "root", "www-data", "0", "1000", "01", "4294967295", "65535", "-1", "a:b", "a/b", "..", ".", "%p",
    "%z", "a b", "\"x\"", "ü", "", "a\\b", " x ", "99999999999", "$x", "00", "-x", "1x",
];
const OUTPUTS: &[&str] = &[
    "journal", "null", "inherit", "file:/x", "file:x", "append:/a//b", "truncate:/%p", "file:%z", "fd:a:b",
    "fd:", "fd", "syslog", "kmsg", "socket", "tty", "", "nonsense", "JOURNAL", "file:/..",
];
const CREDENTIALS: &[&str] = &[
    "a:b", "a:x\\n", "a:\\x00", "b:c:d", "a:", "a", "", ":x", "x/y:z", "%p:v", "%z:v", "c:%p", "a:\\q",
    "a\\:b:c", "d:  lead", "é:x", "a:\"q\"", "..:x", "e:é", "f:\\xff", "g:a\\",
];
/// Arguments of commands.
pub const WORDS: &[&str] = &[
    "a", "\"b c\"", "'d'", "\\x41", "\\n", "$X", "${Y}", "%i", "%%", "%z", "\\;", ";", "\";\"", "x;",
    "\"open", "\\q", "\\\\", "e\\ f", "'g\"h'", "\\u00e9", "--opt=\"v w\"", "\\101", "\\s", "%n",
];
/// Paths of commands.
pub const PROGRAMS: &[&str] = &[
    "/bin/true", "/bin/true", "/usr/bin/echo", "true", "bin/true", "/bin/", "/bin/..", "/", "/bin//x/./y",
    "/bin/../z", "\"/bin/tr ue\"", "/bin/tr\\x41ue", "%z", "/%p", "/bin/\\\"x", "", "..", "/bi\\x01n",
    "/b\"in\"/t",
];

/// Directives and their values.
pub static DIRECTIVES: &[(&str, Form)] = &[
    ("ReadWritePaths", Access),
    ("ReadOnlyPaths", Access),
    ("ReadOnlyDirectories", Access),
    ("InaccessiblePaths", Access),
    ("ExecPaths", Access),
    ("NoExecPaths", Access),
    ("BindPaths", Bind),
    ("BindReadOnlyPaths", Bind),
    ("TemporaryFileSystem", Tmpfs),
    ("CapabilityBoundingSet", Signed(CAPABILITIES)),
    ("AmbientCapabilities", Signed(CAPABILITIES)),
    ("Environment", Words(&[
        "A=1", "B=2", "A=3", "\"C=x y\"", "D='q'", "E=\\n\\x41", "1A=2", "A", "F=%p", "G=%z", "H=$A", "I=",
        "=x", "J=\\q", "K=\"open", "ü=1", "L=é", "M=%%", "N=a\\", "'O=1 2'",
    ])),
    ("EnvironmentFile", One(&[
        "/a", "-/a", "rel", "-rel", "/a*", "%p", "/%p", "-/%z", "", "/a /b", "\"/q\"", "--/a", "/a/../b",
        "/x//y/",
    ])),
    ("PassEnvironment", Words(&["A", "B", "C=1", "1A", "\"D E\"", "%p", "é", "F", "\\G", "A-B"])),
    ("UnsetEnvironment", Words(&[
        "A", "B", "C=1", "1A", "\"D=E F\"", "%p", "é", "F", "G=\\n", "A-B", "\\x41", "=x",
    ])),
    ("ExecStop", Command),
    ("ExecStartPre", Command),
    ("TimeoutSec", One(SPANS)),
    ("TimeoutStartSec", One(SPANS)),
    ("TimeoutStopSec", One(SPANS)),
    ("TimeoutAbortSec", One(SPANS)),
    ("RuntimeMaxSec", One(SPANS)),
    ("WatchdogSec", One(&["0", "5", "1min", "x", ""])),
    ("TimerSlackNSec", One(SPANS)),
    ("LimitMEMLOCK", One(SIZES)),
    ("LimitCORE", One(SIZES)),
    ("LimitNOFILE", One(NUMBERS)),
    ("LimitCPU", One(SPANS)),
    ("LimitRTTIME", One(SPANS)),
    ("LimitNICE", One(&[
        "+5", "-5", "+19", "+20", "-20", "-21", "0", "40", "41", "infinity", "1:2", "+1:-1", "", "x",
        "+0x1", "++5",
    ])),
    ("LimitRTPRIO", One(NUMBERS)),
    ("Nice", One(NUMBERS)),
    ("OOMScoreAdjust", One(NUMBERS)),
    ("CPUSchedulingPriority", One(NUMBERS)),
    ("CPUSchedulingPolicy", One(&[
        "other", "fifo", "rr", "idle", "batch", "ext", "0", "1", "2", "3", "5", "", "FIFO", "deadline",
    ])),
    ("UMask", One(MODES)),
    ("StateDirectoryMode", One(MODES)),
    ("RuntimeDirectoryMode", One(MODES)),
    ("KillSignal", One(SIGNALS)),
    ("FinalKillSignal", One(SIGNALS)),
    ("ReloadSignal", One(SIGNALS)),
    ("SuccessExitStatus", Words(&[
        "0", "1", "255", "256", "TEMPFAIL", "EXEC", "203", "SIGKILL", "KILL", "nonsense", "\"5\"",
        "NAMESPACE", "-1", "0x10", "USAGE", "EXCEPTION", "SIGRTMIN+1", "\\7",
    ])),
    ("StateDirectory", Words(DIRECTORIES)),
    ("RuntimeDirectory", Words(DIRECTORIES)),
    ("ConfigurationDirectory", Words(DIRECTORIES)),
    ("RuntimeDirectoryPreserve", One(&["yes", "no", "restart", "Restart", "", "on"])),
    ("SupplementaryGroups", Words(&["root", "a", "0", "1000", "ok", "a\\b", "%p", "%%"])),
    ("CPUAffinity", One(&[
        "0", "0-3", "0,2,4", "0 2", "3-1", "1-", "-1", "x", "0-3 5", "", "1,x", "8191", "8192", "0x2",
        "%%", "0-1,,2", "\"1 2\"", "5-5", "1-2-3",
    ])),
    ("RestrictNamespaces", Signed(&[
        "net", "user", "mnt", "uts", "ipc", "pid", "cgroup", "time", "NET", "nope", "\"net\"", "yes", "no",
    ])),
    ("RestrictAddressFamilies", Signed(&[
        "AF_INET", "af_inet6", "AF_UNIX", "AF_LOCAL", "AF_NETLINK", "AF_PACKET", "AF_UNSPEC", "INET",
        "AF_NOPE", "\"AF_INET AF_UNIX\"", "AF_ALG", "AF_MCTP", "\\AF_INET", "none",
    ])),
    ("DeviceAllow", One(&[
        "/dev/null", "/dev/null rw", "/dev/null rwm", "/dev/sda x", "char-pts", "block-* r", "/etc/passwd",
        "/dev/", "/dev", "/dev/../etc", "\"/dev/a b\" r", "/dev/%p", "/dev/%z", "null r", "char-", "",
        "/run/systemd/inaccessible/chr r", "/dev/null  r", "/dev/null r w", "/dev//x/ m", "\"/dev/x",
    ])),
    ("DevicePolicy", One(&["auto", "closed", "strict", "", "open"])),
    ("Delegate", One(&[
        "yes", "no", "", "memory pids", "nonsense", "memory nope", "\"memory", "true", "\"memory\"",
        "cpu\tio",
    ])),
    ("SecureBits", Words(&[
        "keep-caps", "noroot", "noroot-locked", "no-setuid-fixup", "nope", "\"keep-caps-locked\"",
        "KEEP-CAPS",
    ])),
    ("SetCredential", One(CREDENTIALS)),
    ("LoadCredential", One(&[
        "a:/etc/x", "a", "b:c", "a:/x/../y", "a:x/y", "", "a:/%p", "a:%z", "%p:/x", "a:/x:y", "c:/x//y/",
        "a\\:b", "x/y:/z", ":/x", "d:", "e:/",
    ])),
    ("StandardInputData", One(&["aGVsbG8=", "aGVs bG8=", "aGVsbG8", "!!", "", "aGVsbG9=", "YQ=="])),
    ("StandardInputText", One(&["hello", "a\\nb", "\\q", "%p", "%z", "", "\\x41", "é", "a\\", "\"q\""])),
    ("StandardOutput", One(OUTPUTS)),
    ("StandardError", One(OUTPUTS)),
    ("WorkingDirectory", One(&[
        "/a", "~", "-~", "-/a", "-rel", "/x//y/", "", "/%p", "-%z", "/", "-", "/ok", "/ok", "rel",
    ])),
    ("RootDirectory", One(&["/r", "/", "", "/r//s/", "/%p", "/a b", "/r", "rel"])),
    ("PIDFile", One(&[
        "x.pid", "/run/x.pid", "/var/run/x.pid", "", "%p.pid", "%z", "a/b.pid", "/x//y", "/var/run//z",
        "/proc/1",
    ])),
    ("BusName", One(&[
        "org.x", "a.b.c", "nodots", "a..b", ".a.b", "a.b.", ":1.5", "1a.b", "a.1b", "%p.x", "", "a-b.c",
        "a.b c", "é.b", "%z.x",
    ])),
    ("IPAddressDeny", Words(&[
        "any", "localhost", "link-local", "multicast", "10.0.0.1", "10.1.2.3/8", "::1", "fe80::1/64",
        "10.0.0.0/33", "ANY", "LocalHost", "x.localhost", "10.0.0", "1.2.3.4/0", "::/0", "::ffff:1.2.3.4",
        "010.0.0.1", "1.2.3.4/", "\"any\"", "localhost.", "10.0.0.1/+8", "fe80::1%lo",
    ])),
    ("CoredumpFilter", Words(&[
        "default", "all", "private-anonymous", "shared-dax", "0x40", "40", "zz", "elf-headers",
        "\"default\"", "-1",
    ])),
    ("KillMode", One(&["mixed", "process", "control-group", "none", "", "Mixed"])),
    ("KeyringMode", One(&["private", "shared", "inherit", "", "x"])),
    ("ProtectSystem", One(&["yes", "no", "full", "strict", "STRICT", "", "1"])),
    ("ProtectHome", One(&["yes", "no", "read-only", "tmpfs", "readonly", ""])),
    ("PrivateTmp", One(&["yes", "no", "connected", "disconnected", "", "x"])),
    ("PrivateUsers", One(&["yes", "no", "self", "identity", ""])),
    ("ProtectControlGroups", One(&["yes", "no", "private", "strict", "x"])),
    ("ProtectProc", One(&["invisible", "noaccess", "default", "ptraceable", "yes", ""])),
    ("ProcSubset", One(&["all", "pid", "no"])),
    ("PrivateDevices", One(BOOLEANS)),
    ("ProtectClock", One(BOOLEANS)),
    ("ProtectKernelModules", One(BOOLEANS)),
    ("ProtectKernelLogs", One(BOOLEANS)),
    ("NoNewPrivileges", One(BOOLEANS)),
    ("RestrictSUIDSGID", One(BOOLEANS)),
    ("RemoveIPC", One(BOOLEANS)),
    ("IgnoreSIGPIPE", One(BOOLEANS)),
    ("Personality", One(&["x86-64", "x86", "arm", "", "X86"])),
    ("NotifyAccess", One(&["main", "exec", "all", "none", ""])),
];

/// Directives of which many values refuse the unit; they come seldom, so that most units load.
pub static SELDOM: &[(&str, Form)] = &[
    ("User", One(USERS)),
    ("Group", One(USERS)),
    ("DynamicUser", One(BOOLEANS)),
    ("Type", One(&[
        "simple", "exec", "oneshot", "forking", "notify", "dbus", "idle", "notify-reload", "", "Simple",
    ])),
    ("ExecStart", Command),
];
