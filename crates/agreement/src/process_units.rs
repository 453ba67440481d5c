//! Random units about what a process is rather than what it sees: identity, privileges, limits, scheduling, environment,
//! standard streams, filters. The probe looks at itself and makes system calls; no directive here hides a file.

use crate::generate::Draft;
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

/// Lines, a kind of thing in each row; a row is drawn first, then a line of it.
const LINES: &[&[&str]] = &[
    &[
        "User=daemon",
        "User=www-data",
        "User=nobody",
        "User=root",
        "User=1",
        "User=0",
        "User=games",
        "DynamicUser=yes",
    ],
    &["User=daemon", "User=nobody", "User=65534", "DynamicUser=yes", "User=", "User=none-such"],
    &["Group=daemon", "Group=games", "Group=0", "Group=12", "Group=none-such"],
    &[
        "SupplementaryGroups=games mail",
        "SupplementaryGroups=root",
        "SupplementaryGroups=daemon 60",
        "SupplementaryGroups=",
    ],
    &["SetLoginEnvironment=yes", "SetLoginEnvironment=no"],
    &[
        "CapabilityBoundingSet=",
        "CapabilityBoundingSet=CAP_CHOWN CAP_NET_BIND_SERVICE CAP_SETUID",
        "CapabilityBoundingSet=~CAP_SYS_ADMIN",
        "CapabilityBoundingSet=~CAP_SETPCAP",
        "CapabilityBoundingSet=~CAP_SETUID CAP_SETGID",
        "CapabilityBoundingSet=~",
        "CapabilityBoundingSet=CAP_SYS_ADMIN CAP_SETPCAP",
        "CapabilityBoundingSet=~CAP_SYS_NICE CAP_SYS_RESOURCE",
    ],
    &[
        "AmbientCapabilities=CAP_NET_BIND_SERVICE",
        "AmbientCapabilities=CAP_NET_RAW CAP_SYS_ADMIN",
        "AmbientCapabilities=~CAP_SYS_ADMIN",
        "AmbientCapabilities=",
        "AmbientCapabilities=CAP_SETPCAP CAP_CHOWN",
    ],
    &[
        "SecureBits=keep-caps",
        "SecureBits=noroot",
        "SecureBits=noroot noroot-locked",
        "SecureBits=no-setuid-fixup no-setuid-fixup-locked keep-caps",
        "SecureBits=",
        "SecureBits=keep-caps-locked",
    ],
    &["NoNewPrivileges=yes", "NoNewPrivileges=yes", "NoNewPrivileges=no"],
    &[
        "SystemCallFilter=@system-service",
        "SystemCallFilter=@system-service @mount",
        "SystemCallFilter=~@mount @swap @reboot",
        "SystemCallFilter=~@privileged @resources",
        "SystemCallFilter=~@clock @module @raw-io @obsolete @debug",
        "SystemCallFilter=~@cpu-emulation @keyring @io-event @ipc",
        "SystemCallFilter=~@network-io @file-system:EACCES",
        "SystemCallFilter=~socket:EBUSY unshare:kill @chown:ENOENT",
        "SystemCallFilter=~personality setns bpf:9",
        "SystemCallFilter=@system-service ~@resources @privileged",
        "SystemCallFilter=@default @basic-io @process @file-system @io-event @signal",
        "SystemCallFilter=~@known:ENOANO",
        "SystemCallFilter=~@sandbox @pkey @timer @memlock @aio @setuid",
        "SystemCallFilter=",
        "SystemCallFilter=@known",
        "SystemCallFilter=~execve",
    ],
    &[
        "SystemCallFilter=~@mount",
        "SystemCallFilter=@mount:EPERM",
        "SystemCallFilter=~chroot:ELOOP",
        "SystemCallFilter=@swap",
    ],
    &[
        "SystemCallErrorNumber=EPERM",
        "SystemCallErrorNumber=EPERM",
        "SystemCallErrorNumber=kill",
        "SystemCallErrorNumber=ENOTTY",
        "SystemCallErrorNumber=111",
    ],
    &[
        "SystemCallArchitectures=native",
        "SystemCallArchitectures=native x86",
        "SystemCallArchitectures=x86-64 x32",
        "SystemCallArchitectures=arm64",
        "SystemCallArchitectures=",
    ],
    &["SystemCallLog=@mount", "SystemCallLog=~@system-service", "SystemCallLog=socket unshare"],
    &[
        "RestrictAddressFamilies=AF_UNIX",
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
        "RestrictAddressFamilies=~AF_PACKET AF_NETLINK",
        "RestrictAddressFamilies=none",
        "RestrictAddressFamilies=",
        "RestrictAddressFamilies=~AF_INET",
        "RestrictAddressFamilies=~AF_UNSPEC AF_VSOCK",
    ],
    &[
        "RestrictNamespaces=yes",
        "RestrictNamespaces=no",
        "RestrictNamespaces=user net",
        "RestrictNamespaces=~user mnt",
        "RestrictNamespaces=~cgroup",
        "RestrictNamespaces=",
        "RestrictNamespaces=uts pid",
    ],
    &["MemoryDenyWriteExecute=yes"],
    &["RestrictSUIDSGID=yes"],
    &["RestrictRealtime=yes"],
    &["LockPersonality=yes"],
    &[
        "ProtectClock=yes",
        "ProtectKernelLogs=yes",
        "ProtectKernelModules=yes",
        "ProtectHostname=yes",
        "ProtectHostname=yes",
    ],
    &[
        "PrivateNetwork=yes",
        "PrivateIPC=yes",
        "PrivateUsers=yes",
        "PrivateUsers=identity",
        "PrivatePIDs=yes",
        "PrivateMounts=yes",
    ],
    &[
        "LimitNOFILE=1000:2000",
        "LimitNOFILE=infinity",
        "LimitNOFILE=4096",
        "LimitNPROC=1000",
        "LimitNPROC=500:infinity",
    ],
    &[
        "LimitCORE=0",
        "LimitCORE=1M:2G",
        "LimitFSIZE=1G",
        "LimitDATA=2G",
        "LimitSTACK=16M:infinity",
        "LimitAS=8G",
        "LimitRSS=1T",
    ],
    &[
        "LimitCPU=60",
        "LimitCPU=1min:2h",
        "LimitRTTIME=1s:2s",
        "LimitRTTIME=500000",
        "LimitLOCKS=50",
        "LimitSIGPENDING=100",
    ],
    &[
        "LimitNICE=+5",
        "LimitNICE=-10:-15",
        "LimitNICE=25",
        "LimitRTPRIO=10:20",
        "LimitRTPRIO=0",
        "LimitMSGQUEUE=1M",
        "LimitMEMLOCK=0",
        "LimitMEMLOCK=1G",
    ],
    &["Nice=5", "Nice=-7", "Nice=19", "Nice=-20"],
    &["OOMScoreAdjust=100", "OOMScoreAdjust=-500", "OOMScoreAdjust=0", "OOMScoreAdjust=1000"],
    &[
        "CPUSchedulingPolicy=batch",
        "CPUSchedulingPolicy=idle",
        "CPUSchedulingPolicy=fifo",
        "CPUSchedulingPolicy=rr",
        "CPUSchedulingPolicy=other",
    ],
    &[
        "CPUSchedulingPriority=10",
        "CPUSchedulingPriority=99",
        "CPUSchedulingResetOnFork=yes",
        "CPUSchedulingResetOnFork=no",
        "CPUSchedulingPriority=1",
    ],
    &[
        "IOSchedulingClass=idle",
        "IOSchedulingClass=best-effort",
        "IOSchedulingClass=realtime",
        "IOSchedulingClass=none",
        "IOSchedulingClass=3",
    ],
    &["IOSchedulingPriority=0", "IOSchedulingPriority=7", "IOSchedulingPriority=2"],
    &[
        "CPUAffinity=0",
        "CPUAffinity=1",
        "CPUAffinity=0-1",
        "CPUAffinity=0,9",
        "CPUAffinity=",
        "CPUAffinity=numa",
    ],
    &[
        "NUMAPolicy=local",
        "NUMAPolicy=default",
        "NUMAPolicy=preferred",
        "NUMAMask=0",
        "NUMAPolicy=bind",
        "NUMAPolicy=interleave",
    ],
    &["UMask=0077", "UMask=027", "UMask=0", "UMask=0777"],
    &["TimerSlackNSec=1ms", "TimerSlackNSec=5us", "TimerSlackNSec=0", "TimerSlackNSec=1s"],
    &[
        "CoredumpFilter=0x1",
        "CoredumpFilter=all",
        "CoredumpFilter=default elf-headers",
        "CoredumpFilter=private-anonymous shared-dax",
        "CoredumpFilter=00",
    ],
    &["Personality=x86-64", "Personality=x86"],
    &["KeyringMode=shared", "KeyringMode=private", "KeyringMode=inherit"],
    &["IgnoreSIGPIPE=no", "IgnoreSIGPIPE=yes"],
    &["MemoryKSM=yes", "MemoryKSM=no"],
    &[
        "Environment=ONE=1 \"TWO=a b\"",
        "Environment=TWO=\"x  y\" THREE=%n-%i",
        "Environment=\"FOUR=a\\tb\\x41\" 'FIVE=$ONE'",
        "Environment=PATH=/bin HOME=/nowhere",
        "Environment=USER=me LANG=C",
        "Environment=",
        "Environment=1BAD=x GOOD=y =z \"A-B=c\"",
        "Environment=TWO=\"C:\\\\dir\" SIX=%%",
        "Environment=INVOCATION_ID=mine",
    ],
    &[
        "EnvironmentFile=/etc/os-release",
        "EnvironmentFile=-{}/none",
        "EnvironmentFile={}/in",
        "EnvironmentFile={}/none",
        "EnvironmentFile=/etc/*release",
        "EnvironmentFile=/etc/default/useradd",
    ],
    &[
        "PassEnvironment=LANG PATH container",
        "PassEnvironment=HOME NOTHING",
        "PassEnvironment=container",
        "PassEnvironment=",
    ],
    &[
        "UnsetEnvironment=ONE USER",
        "UnsetEnvironment=PATH LANG",
        "UnsetEnvironment=INVOCATION_ID \"TWO=a b\"",
        "UnsetEnvironment=HOME LOGNAME SHELL",
    ],
    &["ExecSearchPath=/agreement:/usr/bin", "ExecSearchPath=/bin /sbin", "ExecSearchPath="],
    &[
        "WorkingDirectory={}",
        "WorkingDirectory=-{}/none",
        "WorkingDirectory={}/none",
        "WorkingDirectory=~",
        "WorkingDirectory=-~",
        "WorkingDirectory={}/closed",
        "WorkingDirectory=/tmp",
    ],
    &[
        "StandardInput=null",
        "StandardInput=file:{}/in",
        "StandardInput=data",
        "StandardInputText=some text",
        "StandardInputData=aGVsbG8=",
        "StandardInput=tty",
        "StandardInput=file:{}/none",
    ],
    &[
        "StandardOutput=null",
        "StandardOutput=file:{}/out",
        "StandardOutput=append:{}/out",
        "StandardOutput=truncate:{}/new",
        "StandardOutput=inherit",
        "StandardOutput=file:{}/in",
        "StandardOutput=journal",
        "StandardOutput=file:{}/none/at/all",
    ],
    &[
        "StandardError=null",
        "StandardError=file:{}/out",
        "StandardError=append:{}/out",
        "StandardError=inherit",
        "StandardError=journal",
        "StandardError=truncate:{}/open/new",
        "StandardError=file:{}/in",
    ],
    &[
        "OpenFile={}/in:name",
        "OpenFile={}/in::read-only",
        "OpenFile={}/none::graceful",
        "OpenFile={}/out:o:append",
        "OpenFile={}/none",
    ],
    &[
        "RuntimeDirectory={name}",
        "StateDirectory={name} {name}/x",
        "CacheDirectory={name}",
        "ConfigurationDirectory={name}",
        "LogsDirectory={name}",
    ],
    &["SetCredential=key:value", "LogNamespace=", "SyslogIdentifier=other", "Slice=system.slice"],
    &["PermissionsStartOnly=yes", "RootDirectoryStartOnly=yes"],
];

/// Draws the unit of this number.
pub fn draft_of_process(seed: u64, number: u64) -> Draft {
    let mut rng =
        Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(number) ^ 0x70_726f_6365_7373);
    let mut lines = Vec::new();
    for _ in 0..rng.usize(1..=8) {
        let row = LINES[rng.usize(..LINES.len())];
        lines.push(row[rng.usize(..row.len())].to_owned());
    }
    let prefixes: Vec<&str> = PREFIXES.split(' ').collect();
    let prefix = prefixes[rng.usize(..prefixes.len())];
    let zero = if prefix.contains('@') { " zero" } else { "" };
    let program = if lines.iter().any(|line| line.starts_with("ExecSearchPath=")) && rng.bool() {
        "probe"
    } else {
        "/agreement/probe"
    };
    let arguments = ARGUMENTS[rng.usize(..ARGUMENTS.len())];
    lines.push(format!("ExecStart={prefix}{program}{zero} self /agreement/out/{{name}}{arguments}"));
    // Done when it is started: its report is whole when systemd says so.
    lines.push("Type=oneshot".to_owned());
    let fixture = FIXTURE.trim().lines().map(str::to_owned).collect();
    Draft { lines, fixture }
}
