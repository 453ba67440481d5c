//! The claims.

/// One claim: lines of a unit, a script that it runs, and how that ends.
pub struct Claim {
    pub code: &'static str,
    pub about: &'static str,
    /// Lines of `[Service]`.
    pub lines: &'static str,
    /// What `/bin/sh` runs; empty when the lines hold the command.
    pub script: &'static str,
    pub ends: Ends,
    /// What is done to the machine before, and undone after.
    pub around: (&'static str, &'static str),
}

/// How a unit ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// The script succeeds.
    Well,
    /// With this exit status.
    With(u8),
    /// With this result of systemd's.
    Result(&'static str),
    /// systemd refuses to load the unit.
    NotLoaded,
    /// With this in the log.
    Logs(&'static str),
}

impl Claim {
    /// The whole unit file.
    pub fn unit(&self) -> String {
        let kind = if self.lines.contains("Type=") { "" } else { "Type=oneshot\n" };
        let command = if self.script.is_empty() {
            String::new()
        } else {
            format!("ExecStart=/bin/sh -ec '{}'\n", self.script)
        };
        format!("[Service]\n{kind}{command}{}\n", self.lines)
    }
}

const fn claim(
    code: &'static str,
    about: &'static str,
    lines: &'static str,
    script: &'static str,
    ends: Ends,
) -> Claim {
    Claim { code, about, lines, script, ends, around: ("", "") }
}

/// A script that writes where `ProtectSystem=full` and `strict` would not let it.
const WRITES_ETC: &str = "touch /etc/ringfence-claim && rm /etc/ringfence-claim";

pub const CLAIMS: &[Claim] = &[
    claim("RF001", "a misspelt directive protects nothing", "ProtectSytem=strict", WRITES_ETC, Ends::Well),
    claim("RF001", "case counts", "protectsystem=strict", WRITES_ETC, Ends::Well),
    claim("RF002", "a line in the wrong section", "[Install]\nProtectSystem=strict", WRITES_ETC, Ends::Well),
    claim("RF003", "a section that there is not", "[Sandbox]\nProtectSystem=strict", WRITES_ETC, Ends::Well),
    claim("RF004", "no specifier in a command", "ExecStart=/bin/true %Z", "", Ends::NotLoaded),
    claim(
        "RF004",
        "no specifier in a list: the word is dropped",
        "InaccessiblePaths=/data%Z",
        "cat /data/file",
        Ends::Well,
    ),
    claim("RF007", "a comment makes the value wrong", "ProtectSystem=strict # all", WRITES_ETC, Ends::Well),
    claim(
        "RF008",
        "an empty value resets nothing",
        "ProtectSystem=full\nProtectSystem=",
        "! touch /etc/x",
        Ends::Well,
    ),
    claim(
        "RF009",
        "an unknown call in a deny list",
        "SystemCallFilter=~mkdirr mkdirrat",
        "mkdir /tmp/c && rmdir /tmp/c",
        Ends::Well,
    ),
    claim("RF009", "an unknown group in a deny list", "SystemCallFilter=~@clok", "true", Ends::Well),
    claim("RF010", "the last line counts", "ProtectSystem=strict\nProtectSystem=no", WRITES_ETC, Ends::Well),
    claim("RF018", "a relative command", "ExecStart=bin/app", "", Ends::NotLoaded),
    claim("RF019", "a value in capitals", "ProtectSystem=STRICT", WRITES_ETC, Ends::Well),
    claim(
        "RF019",
        "a relative path is dropped",
        "InaccessiblePaths=data /srv",
        "cat /data/file; ! ls /srv/app",
        Ends::Well,
    ),
    claim("RF101", "what nothing closes is writable", "ProtectSystem=full", "touch /srv/app/x", Ends::Well),
    claim(
        "RF108",
        "DynamicUser=yes makes /tmp private",
        "DynamicUser=yes\nPrivateTmp=no",
        "touch /tmp/a; ! ls /proc/1/root/tmp/a",
        Ends::Well,
    ),
    claim(
        "RF108",
        "DynamicUser=yes makes the tree read-only",
        "DynamicUser=yes\nProtectSystem=no",
        "grep -q \"^NoNewPrivs:.1\" /proc/self/status; ! touch /var/tmp/../x",
        Ends::Well,
    ),
    claim(
        "RF109",
        "one reset empties both lists",
        "BindPaths=/data:/mnt\nBindReadOnlyPaths=",
        "! test -e /mnt/file",
        Ends::Well,
    ),
    claim(
        "RF110",
        "allowed, but not there",
        "PrivateDevices=yes\nDeviceAllow=/dev/console rw",
        "! test -e /dev/console",
        Ends::Well,
    ),
    claim(
        "RF111",
        "write cannot be denied",
        "SystemCallFilter=~write:EIO",
        "echo x > /tmp/claim-write",
        Ends::Well,
    ),
    claim(
        "RF111",
        "an answer of its own in an allow list",
        "SystemCallFilter=@system-service\nSystemCallFilter=~write:EIO",
        "true",
        Ends::With(228),
    ),
    claim(
        "RF209",
        "PrivateTmp= below NoExecPaths=/",
        "NoExecPaths=/\nExecPaths=/usr\nPrivateTmp=yes",
        "cp /bin/true /tmp/t; /tmp/t",
        Ends::Well,
    ),
    claim(
        "RF209",
        "ReadWritePaths= below NoExecPaths=/",
        "NoExecPaths=/\nExecPaths=/usr\nReadWritePaths=/srv/app",
        "cp /bin/true /srv/app/t; /srv/app/t",
        Ends::Well,
    ),
    claim(
        "RF209",
        "StateDirectory= below NoExecPaths=/",
        "NoExecPaths=/\nExecPaths=/usr\nStateDirectory=claim",
        "cp /bin/true /var/lib/claim/t; /var/lib/claim/t",
        Ends::Well,
    ),
    claim(
        "RF209",
        "named in NoExecPaths= they are noexec",
        "NoExecPaths=/ /tmp /srv/app /var/lib/claim\nExecPaths=/usr\nPrivateTmp=yes\nReadWritePaths=/srv/app\nStateDirectory=claim",
        "for d in /tmp /srv/app /var/lib/claim; do cp /bin/true $$d/t; if $$d/t; then exit 1; fi; done",
        Ends::Well,
    ),
    claim(
        "RF212",
        "each command has its own tmpfs",
        "TemporaryFileSystem=/srv\nExecStartPre=/bin/mkdir /srv/made",
        "! test -e /srv/made",
        Ends::Well,
    ),
    claim(
        "RF212",
        "PrivateTmp=yes is shared",
        "PrivateTmp=yes\nExecStartPre=/bin/mkdir /tmp/made",
        "test -e /tmp/made",
        Ends::Well,
    ),
    claim(
        "RF212",
        "PrivateTmp=disconnected is not",
        "PrivateTmp=disconnected\nExecStartPre=/bin/mkdir /tmp/made",
        "! test -e /tmp/made",
        Ends::Well,
    ),
    Claim {
        code: "RF213",
        about: "PrivateTmp= over a read-only /tmp",
        lines: "PrivateTmp=yes",
        script: "! touch /tmp/x; touch /var/tmp/x; test -z \"$$(ls -A /tmp)\"",
        ends: Ends::Well,
        around: ("touch /tmp/of-the-host; mount -o remount,ro /tmp", "mount -o remount,rw /tmp"),
    },
    Claim {
        code: "RF213",
        about: "a file system of its own does not need the host's",
        lines: "PrivateTmp=disconnected",
        script: "touch /tmp/x",
        ends: Ends::Well,
        around: ("mount -o remount,ro /tmp", "mount -o remount,rw /tmp"),
    },
    claim(
        "RF302",
        "the notify socket is hidden",
        "Type=notify\nTimeoutStartSec=10\nTemporaryFileSystem=/run\nNotifyAccess=all",
        "test -n \"$$NOTIFY_SOCKET\"; test ! -e \"$$NOTIFY_SOCKET\"; exit 3",
        Ends::With(3),
    ),
    claim(
        "RF302",
        "it can be brought back",
        "Type=notify\nTemporaryFileSystem=/run\nBindReadOnlyPaths=/run/systemd/notify",
        "test -S \"$$NOTIFY_SOCKET\"; exit 3",
        Ends::With(3),
    ),
    claim(
        "RF303",
        "a hidden program",
        "TemporaryFileSystem=/srv\nExecStart=/srv/app/run",
        "",
        Ends::With(203),
    ),
    claim(
        "RF303",
        "a program that may not be run",
        "NoExecPaths=/bin /usr/bin\nExecStart=/bin/true",
        "",
        Ends::With(203),
    ),
    claim(
        "RF307",
        "the line gives no permission",
        "User=daemon\nProtectSystem=strict\nReadWritePaths=/data",
        "test ! -w /data; ! touch /data/x",
        Ends::Well,
    ),
    Claim {
        code: "RF215",
        about: "what is mounted after the start is not read-only",
        lines: "ProtectSystem=strict\nReadWritePaths=/srv",
        script: "touch /srv/started; until grep -q /mnt/late /proc/self/mountinfo; do sleep 0.1; done; touch /mnt/late/file",
        ends: Ends::Well,
        around: (
            "mkdir -p /mnt/late; rm -f /srv/started; (until test -e /srv/started; do sleep 0.1; done; mount -t tmpfs tmpfs /mnt/late) >/dev/null 2>&1 &",
            "umount /mnt/late; rm /srv/started",
        ),
    },
    claim(
        "RF308",
        "a missing environment file",
        "EnvironmentFile=/etc/default/nosuchfile",
        "true",
        Ends::Result("resources"),
    ),
    claim(
        "RF309",
        "a redirection is an argument",
        "ExecStart=/bin/sh -c \"test \\\"$$#\\\" = 2\" sh > /dev/full",
        "",
        Ends::Well,
    ),
    claim("RF309", "a wildcard is none", "ExecStart=/usr/bin/test /dat* = \"/dat*\"", "", Ends::Well),
    claim(
        "RF310",
        "$NAME/more disappears",
        "Environment=A=/srv\nExecStart=/bin/sh -c \"test \\\"$$#\\\" = 1\" sh one $A/more",
        "",
        Ends::Well,
    ),
    claim("RF310", "no default values", "ExecStart=/usr/bin/test ${A:-x} = \"$${A:-x}\"", "", Ends::Well),
    claim(
        "RF311",
        "no loader",
        "TemporaryFileSystem=/:ro\nBindReadOnlyPaths=/usr/bin/true\nExecStart=/usr/bin/true",
        "",
        Ends::With(203),
    ),
    claim(
        "RF311",
        "no libraries",
        "TemporaryFileSystem=/:ro\nBindReadOnlyPaths=/usr/bin/ls /lib64/ld-linux-x86-64.so.2\nExecStart=/usr/bin/ls",
        "",
        Ends::With(127),
    ),
    claim(
        "RF402",
        "a bind of /etc brings the passwords",
        "TemporaryFileSystem=/:ro\nBindReadOnlyPaths=/usr /lib64 /lib /bin /etc",
        "grep -q root /etc/shadow",
        Ends::Well,
    ),
    claim(
        "RF402",
        "an inaccessible file is empty",
        "TemporaryFileSystem=/:ro\nBindReadOnlyPaths=/usr /lib64 /lib /bin /etc\nInaccessiblePaths=-/etc/shadow",
        "! grep -q root /etc/shadow",
        Ends::Well,
    ),
    claim(
        "RF404",
        "written and run",
        "ProtectSystem=strict\nNoExecPaths=/\nExecPaths=/usr /srv\nReadWritePaths=/srv/app",
        "cp /bin/true /srv/app/t; /srv/app/t",
        Ends::Well,
    ),
    claim("RF405", "systemd warns of nobody", "User=nobody", "true", Ends::Logs("nobody")),
];
