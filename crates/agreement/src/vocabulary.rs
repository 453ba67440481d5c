//! The words that random units are made of. `{}` is a unit's own place, `{name}` its name.

/// What every unit meets.
pub const TREE: &str = "
dir {}
dir {}/d1/sub/deep
file {}/d1/f
run {}/d1/run-x
file {}/d1/sub/g
file {}/d1/sub/deep/h
dir {}/d2 0750 1:1
file {}/d2/f 0640 1:1
run {}/d2/run-y
file {}/secret 0600
dir {}/closed 0700
file {}/closed/f
dir {}/open 1777
link {}/link {}/d1
link {}/relative d2
link {}/d1/up ../d2
link {}/dangling {}/nowhere
link {}/file-link {}/d1/f
link {}/loop {}/loop
fifo {}/pipe
dir /home/{name}
file /home/{name}/f
dir /mnt/{name}
";

/// What half of them meet: mounts below other mounts.
pub const MOUNTS: &str = "
tmpfs {}/m
file {}/m/in
run {}/m/run-z
tmpfs {}/m/sub noexec,nosuid
run {}/m/sub/run-z
bind {}/rom {}/d2 ro
";

/// What is made for `RootDirectory=`.
pub const ROOT: &str = "
probe {}/root/agreement/probe
dir {}/root/d1
file {}/root/d1/f
file {}/root/etc/passwd
dir {}/root/tmp 1777
dir {}/root/var/tmp 1777
dir {}/root/var/lib
dir {}/root/home/x
dir {}/root/usr/bin
link {}/root/link d1
tmpfs {}/root/m
";

/// Paths in the unit's own place.
pub const PLACES: &str = "
{} {}/d1 {}/d1 {}/d1/sub {}/d1/sub {}/d1/sub/deep {}/d1/f {}/d1/run-x {}/d2 {}/d2 {}/d2/f {}/secret {}/closed
{}/open {}/link {}/link/sub {}/relative {}/d1/up {}/file-link {}/dangling {}/loop {}/pipe /home/{name}
/mnt/{name} /a {}/./d1//sub/
";

/// Directories, to bind to one another.
pub const DIRECTORIES: &str = "
{} {}/d1 {}/d1/sub {}/d2 {}/open {}/closed {}/link /home/{name} /mnt/{name} /usr /etc /var /home /srv /opt /run
/run/systemd /tmp /dev /proc /sys /bin /var/lib
";

/// Files, to bind to one another.
pub const FILES: &str = "
{}/d1/f {}/d1/run-x {}/secret {}/file-link /etc/passwd /dev/null {}/d2/f /proc/kallsyms
";

/// Mount points, where the fixture has mounts, and what lies in them.
pub const MOUNT_PLACES: &str = "
{}/m {}/m/sub {}/rom {}/m/in {}/m/sub/run-z {}/root/m
";

/// Paths that are not there.
pub const MISSING: &str = "
{}/none {}/none/at/all {}/d1/none {}/d1/f/below /mnt/{name}/none
";

/// Places for new mount points.
pub const NEW_PLACES: &str = "
{}/agr-made {}/agr-made/deep/er {}/d1/agr-made {}/d1/sub/agr-made /mnt/{name}/agr-made /mnt/{name}
{}/closed/agr-made {}/agr-made /home/{name}/agr-made {}/link/agr-made
";

/// Paths that the settings of systemd are about.
pub const SYSTEM: &str = "
/ / /usr /usr /usr/bin /usr/lib /bin /lib64 /etc /etc /etc/passwd /var /var /var/lib /var/lib/{name} /var/cache
/var/log /var/tmp /tmp /home /home /root /run /run /run/user /run/systemd /run/{name} /run/lock /srv /opt /boot
/dev /dev/shm /dev/null /dev/pts /dev/mqueue /proc /proc/sys /proc/sys/kernel /proc/sys/kernel/hostname
/proc/kallsyms /sys /sys/fs/cgroup /sys/kernel /sys/fs/bpf /agreement /run/credentials /run/systemd/journal
/run/systemd/incoming
";

/// Lines without a path to draw.
pub const FIXED: &str = "
ProtectSystem=yes; ProtectSystem=full; ProtectSystem=strict; ProtectSystem=strict; ProtectSystem=strict;
ProtectSystem=no; ProtectHome=yes; ProtectHome=read-only; ProtectHome=tmpfs; ProtectHome=no; PrivateTmp=yes;
PrivateTmp=disconnected; PrivateTmp=no; PrivateDevices=yes; PrivateDevices=yes; ProtectKernelTunables=yes;
ProtectKernelTunables=yes; ProtectKernelModules=yes; ProtectKernelLogs=yes; ProtectControlGroups=yes;
ProtectControlGroups=private; ProtectControlGroups=strict; ProtectProc=noaccess; ProtectProc=invisible;
ProtectProc=ptraceable; ProcSubset=pid; ProtectHostname=yes; ProtectClock=yes; MountAPIVFS=yes; MountAPIVFS=no;
BindLogSockets=yes; BindLogSockets=no; PrivateMounts=yes; PrivateMounts=no; MountFlags=slave; MountFlags=private;
MountFlags=shared; PrivateNetwork=yes; PrivateIPC=yes; PrivateUsers=yes; PrivateUsers=identity; PrivatePIDs=yes;
NoNewPrivileges=yes; RestrictSUIDSGID=yes; LockPersonality=yes; MemoryDenyWriteExecute=yes; RestrictRealtime=yes;
RestrictNamespaces=yes; RestrictNamespaces=net user; SystemCallFilter=@system-service;
SystemCallFilter=~@mount @swap; SystemCallArchitectures=native; RestrictAddressFamilies=AF_UNIX;
SetCredential=key:value; UMask=0077; UMask=0027; WorkingDirectory={}/d1; WorkingDirectory=-{}/none;
WorkingDirectory=/tmp; WorkingDirectory={}/closed; WorkingDirectory=~; KeyringMode=shared; Nice=5;
OOMScoreAdjust=100; LimitNOFILE=1000:2000; LimitCORE=0; IgnoreSIGPIPE=no; Environment=ONE=1 \"TWO=a b\";
TimerSlackNSec=1ms; CPUSchedulingPolicy=batch; IOSchedulingClass=idle; RemoveIPC=yes;
LoadCredential=other:/etc/passwd; LoadCredential=none:{}/none; RuntimeDirectoryPreserve=yes; SetLoginEnvironment=yes;
SetLoginEnvironment=no; EnvironmentFile=-{}/d1/f; EnvironmentFile={}/none; UnsetEnvironment=ONE USER; CPUAffinity=0;
Personality=x86-64; SystemCallErrorNumber=EPERM; SystemCallFilter=~chmod:EACCES; PrivateUsers=self; CoredumpFilter=0x1;
LimitNPROC=1000; LogNamespace=; ProtectSystem=full; NoNewPrivileges=no; RestrictFileSystems=ext4; PermissionsStartOnly=yes;
RootDirectoryStartOnly=yes; DevicePolicy=closed; DevicePolicy=strict; DeviceAllow=/dev/null rw; DeviceAllow=/dev/zero r;
DeviceAllow=char-mem w
";

/// Mounts in `RootDirectory={}/root`, and bind mounts from inside it.
pub const IN_ROOT: &str = "
TemporaryFileSystem=/d1; TemporaryFileSystem=/home/x; TemporaryFileSystem=/m/new; ReadOnlyPaths=+/d1;
ReadOnlyPaths=-+/home/x; InaccessiblePaths=+/d1/f; NoExecPaths=+/home; ReadWritePaths=+/m; BindPaths={}/d1:/home/x;
BindPaths={}/d1:/m/new; BindPaths={}/root/d1:/home; BindPaths={}/root/d1:/home/x:norbind;
BindReadOnlyPaths={}/root/home:/zed; BindPaths={}/root/home:/zed:norbind; BindPaths={}/root/home/x:/zed/x;
BindPaths={}/root/m:/zed; BindPaths={}/root/m:/home/x; BindPaths={}/root/link:/zed; BindPaths={}/root:/zed/all;
BindPaths=-{}/root/zed:/zz; BindReadOnlyPaths={}/root/d1/f:/zed/f; BindPaths={}/root/home:/d1
";

/// Mounts in the unit's own place, and bind mounts from above them, for `RootDirectory=/`.
pub const IN_PLACE: &str = "
TemporaryFileSystem={}/d1/sub; TemporaryFileSystem={}/d1/sub/deep; ReadOnlyPaths={}/d1/sub; InaccessiblePaths={}/d1/f;
NoExecPaths={}/d1; BindPaths={}/d2:{}/d1/sub/deep; BindPaths={}/d2:{}/d1/sub; BindPaths={}:/mnt/{name};
BindPaths={}/d1:/mnt/{name}; BindPaths={}/d1:{}/open; BindPaths={}/d1:{}/open:norbind;
BindReadOnlyPaths={}/d1:/home/{name}/agr-made; BindPaths={}/d1/sub:{}/open; BindPaths={}/open:/mnt/{name}/agr-made
";

/// Lines about who runs.
pub const IDENTITY: &str = "
DynamicUser=yes; User=daemon; User=daemon; User=www-data; User=nobody; User=root; User=1; Group=daemon;
Group=games; SupplementaryGroups=games mail; CapabilityBoundingSet=;
CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH; CapabilityBoundingSet=~CAP_SYS_ADMIN;
CapabilityBoundingSet=~CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH; AmbientCapabilities=CAP_DAC_READ_SEARCH;
AmbientCapabilities=CAP_NET_BIND_SERVICE CAP_DAC_OVERRIDE; SecureBits=keep-caps
";

/// Lines that reset a list, and lines that are wrong.
pub const RESETS: &str = "
ReadOnlyPaths= ReadWritePaths= InaccessiblePaths= BindPaths= BindReadOnlyPaths= TemporaryFileSystem=
ProtectSystem= ProtectHome=nonsense NoExecPaths= StateDirectory= MountAPIVFS= ReadOnlyPaths=relative
ReadWritePaths={}/../x TemporaryFileSystem=-/srv
";
