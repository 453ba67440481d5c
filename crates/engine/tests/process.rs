//! Who a process is and what it may do, seen from inside, against the real kernel. Needs root.

mod lab;

use lab::{fails, holds, prints, root_or_skip};

fn status_line(lines: &str, name: &str) -> String {
    prints(lines, &format!("grep '^{name}:' /proc/self/status | cut -f2-"))
}

#[test]
fn the_user_and_its_groups_are_set() {
    if !root_or_skip() {
        return;
    }
    assert_eq!(prints("User=nobody", "id -u; id -g; id -G"), "65534\n65534\n65534");
    assert_eq!(
        prints("User=nobody\nGroup=daemon\nSupplementaryGroups=adm", "id -u; id -g; id -G"),
        "65534\n1\n1 4"
    );
    assert_eq!(prints("User=nobody", "echo $USER:$LOGNAME:$HOME:$SHELL"), "nobody:nobody::");
    let failure = fails("User=nobody-of-that-name");
    assert_eq!(failure.status(), 217);
    assert!(failure.hint.unwrap().contains("useradd"));
    assert_eq!(fails("Group=nobody-of-that-name").status(), 216);
}

#[test]
fn a_dynamic_user_owns_its_directories() {
    if !root_or_skip() {
        return;
    }
    let name = format!("ringfence-test-{}", std::process::id());
    let lines = format!("DynamicUser=yes\nStateDirectory={name}");
    holds(
        &lines,
        &format!(
            "test $(id -u) -ge 61184 && test $(id -u) -le 65519
             touch /var/lib/{name}/x && test \"$(stat -c %u /var/lib/{name}/x)\" = \"$(id -u)\"
             test \"$STATE_DIRECTORY\" = /var/lib/{name} && test \"$(readlink /var/lib/{name})\" = private/{name}
             ! touch /var/lib/y 2>/dev/null && ! touch /etc/y 2>/dev/null"
        ),
    );
    let owner = std::os::unix::fs::MetadataExt::uid(
        &std::fs::metadata(format!("/var/lib/private/{name}/x")).unwrap(),
    );
    assert_eq!(owner, 65534, "on disk the files belong to nobody");
    std::fs::remove_dir_all(format!("/var/lib/private/{name}")).unwrap();
    std::fs::remove_file(format!("/var/lib/{name}")).unwrap();
}

#[test]
fn capabilities_are_taken_and_given() {
    if !root_or_skip() {
        return;
    }
    let set = "CapabilityBoundingSet=CAP_CHOWN CAP_KILL";
    assert_eq!(status_line(set, "CapBnd"), "0000000000000021");
    assert_eq!(status_line(set, "CapEff"), "0000000000000021", "root gets what the bounding set leaves");
    let user = format!("{set}\nUser=nobody");
    assert_eq!(status_line(&user, "CapEff"), "0000000000000000");
    let ambient = "User=nobody\nAmbientCapabilities=CAP_NET_BIND_SERVICE";
    for name in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(status_line(ambient, name), "0000000000000400", "{name}");
    }
    let filtered = "User=nobody\nRestrictRealtime=yes\nCapabilityBoundingSet=CAP_CHOWN";
    assert_eq!(status_line(filtered, "CapBnd"), "0000000000000001");
    assert_eq!(status_line(filtered, "CapPrm"), "0000000000000000");
    assert_eq!(
        status_line(filtered, "NoNewPrivs"),
        "0",
        "a filter does not imply it under the system manager"
    );
    assert_eq!(
        status_line("User=nobody\nRestrictRealtime=yes", "CapInh"),
        "0000000000200100",
        "as under systemd"
    );
}

#[test]
fn no_new_privileges_and_secure_bits_are_set() {
    if !root_or_skip() {
        return;
    }
    assert_eq!(status_line("NoNewPrivileges=yes", "NoNewPrivs"), "1");
    assert_eq!(status_line("SecureBits=noroot", "CapEff"), "0000000000000000", "root is nobody special");
}

#[test]
fn system_calls_are_filtered() {
    if !root_or_skip() {
        return;
    }
    let (status, printed) = lab::script(
        "SystemCallFilter=~chmod fchmodat fchmodat2",
        "f=$(mktemp) && chmod 700 $f; status=$?; rm $f; exit $status",
    );
    assert_eq!(status, Some(159), "SIGSYS kills: {printed}");
    holds(
        "SystemCallFilter=~@chown\nSystemCallErrorNumber=EPERM",
        "d=$(mktemp -d) && ! chown 1 $d 2>/dev/null; status=$?; rmdir $d; exit $status",
    );
    holds("SystemCallFilter=@system-service", "true");
    holds("User=nobody\nSystemCallFilter=@system-service\nNoNewPrivileges=yes", "test $(id -u) = 65534");
    holds("RestrictNamespaces=yes", "! unshare --mount true 2>/dev/null");
    holds(
        "RestrictSUIDSGID=yes",
        "f=$(mktemp) && ! chmod u+s $f 2>/dev/null; status=$?; rm $f; exit $status",
    );
    holds("ProtectHostname=yes", "! hostname ringfence-test 2>/dev/null");
}

#[test]
fn memory_is_not_both_writable_and_executable() {
    if !root_or_skip() {
        return;
    }
    holds("MemoryDenyWriteExecute=yes", "true");
}

#[test]
fn limits_and_scheduling_are_set() {
    if !root_or_skip() {
        return;
    }
    assert_eq!(prints("LimitNOFILE=100:200", "ulimit -Sn; ulimit -Hn"), "100\n200");
    assert_eq!(prints("LimitCORE=0", "ulimit -Hc"), "0");
    assert_eq!(prints("", "ulimit -Sn"), "1024", "what a service has by default");
    assert_eq!(prints("UMask=0077", "umask"), "0077");
    assert_eq!(prints("Nice=7", "nice"), "7");
    assert_eq!(prints("CPUAffinity=0", "grep Cpus_allowed_list /proc/self/status | cut -f2"), "0");
    let node = std::fs::read_to_string("/sys/devices/system/node/node0/cpulist").unwrap();
    let cpus = "grep Cpus_allowed_list /proc/self/status | cut -f2";
    assert_eq!(prints("CPUAffinity=numa\nNUMAMask=0", cpus), node.trim());
    assert_eq!(fails("CPUAffinity=numa").status(), 215, "no node, no CPU");
    let policy = "grep -o -m1 'bind:[0-9]*' /proc/self/numa_maps";
    assert_eq!(prints("NUMAPolicy=bind\nNUMAMask=all", policy), "bind:0");
    assert_eq!(prints("OOMScoreAdjust=123", "cat /proc/self/oom_score_adj"), "123");
    assert_eq!(prints("CPUSchedulingPolicy=batch", "cut -d' ' -f41 /proc/self/stat"), "3");
    assert_eq!(prints("TimerSlackNSec=123456", "cat /proc/self/timerslack_ns"), "123456");
    assert_eq!(prints("IOSchedulingClass=idle", "ionice"), "idle");
    assert_eq!(prints("Personality=x86", "uname -m"), "i686");
    // The C library's own two signals (32 and 33) stay as they are.
    let ignored = |lines| u64::from_str_radix(&status_line(lines, "SigIgn"), 16).unwrap() & !0x1_8000_0000;
    assert_eq!(ignored(""), 0x1000, "SIGPIPE is ignored");
    assert_eq!(ignored("IgnoreSIGPIPE=no"), 0);
}

#[test]
fn namespaces_are_its_own() {
    if !root_or_skip() {
        return;
    }
    assert_eq!(prints("PrivateNetwork=yes", "ls /sys/class/net"), "lo");
    // IFF_UP and IFF_LOOPBACK.
    assert_eq!(prints("PrivateNetwork=yes", "cat /sys/class/net/lo/flags"), "0x9");
    assert_eq!(prints("PrivatePIDs=yes", "echo $$"), "1");
    assert_eq!(prints("PrivatePIDs=yes", "cd /proc && echo [0-9]*"), "1");
    assert_eq!(prints("PrivateUsers=yes", "cat /proc/self/uid_map | tr -s ' '"), " 0 0 1");
    assert_eq!(
        prints("PrivateUsers=yes\nUser=nobody", "cat /proc/self/uid_map | tr -s ' '; id -u"),
        " 0 0 1\n 65534 65534 1\n65534"
    );
    assert_eq!(prints("PrivateUsers=identity", "cat /proc/self/uid_map | tr -s ' '"), " 0 0 65536");
    let own = |kind: &str| std::fs::read_link(format!("/proc/self/ns/{kind}")).unwrap().display().to_string();
    for (lines, kind) in
        [("PrivateIPC=yes", "ipc"), ("ProtectHostname=yes", "uts"), ("PrivateMounts=yes", "mnt")]
    {
        assert_ne!(prints(lines, &format!("readlink /proc/self/ns/{kind}")), own(kind), "{lines}");
    }
    holds("PrivateIPC=yes", "grep -q ' /dev/mqueue .* - mqueue' /proc/self/mountinfo");
}

#[test]
fn a_session_keyring_is_its_own() {
    if !root_or_skip() {
        return;
    }
    // Its only key is the invocation's.
    holds("", "test $(grep -c 'invocation' /proc/keys) -ge 1");
}

#[test]
fn directories_are_made_with_their_owner_and_mode() {
    if !root_or_skip() {
        return;
    }
    let name = format!("ringfence-test-{}", std::process::id());
    holds(
        &format!("User=nobody\nRuntimeDirectory={name}/a {name}/b\nRuntimeDirectoryMode=0750"),
        &format!(
            "test \"$RUNTIME_DIRECTORY\" = /run/{name}/a:/run/{name}/b
             test \"$(stat -c %a:%U /run/{name}/a)\" = 750:nobody && test \"$(stat -c %a:%U /run/{name})\" = 755:root
             touch /run/{name}/b/x"
        ),
    );
    assert!(!std::path::Path::new(&format!("/run/{name}/a")).exists(), "removed on stop");
    std::fs::remove_dir(format!("/run/{name}")).unwrap();
}

#[test]
fn credentials_are_for_the_service_alone() {
    if !root_or_skip() {
        return;
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "loaded").unwrap();
    let lines = format!(
        "User=nobody\nPrivateMounts=yes\nSetCredential=set:text\nSetCredential=both:text\nLoadCredential=both:{}",
        file.path().display()
    );
    assert_eq!(prints(&lines, "cd $CREDENTIALS_DIRECTORY && cat set both"), "textloaded");
    holds(
        &lines,
        "stat -c %a $CREDENTIALS_DIRECTORY/set | grep -qx 440 && ! touch $CREDENTIALS_DIRECTORY/x 2>/dev/null",
    );
    assert_eq!(fails("LoadCredential=x:/nope").status(), 243);
}

#[test]
fn the_environment_is_systemd_s() {
    if !root_or_skip() {
        return;
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "A=file\nB=\"b b\"\n").unwrap();
    let lines = format!(
        "Environment=A=line C=c D=d\nEnvironmentFile={}\nUnsetEnvironment=D C=other\nPassEnvironment=CARGO_PKG_NAME",
        file.path().display()
    );
    assert_eq!(prints(&lines, "echo $A:$B:$C:$D:$CARGO_PKG_NAME"), "file:b b:c::ringfence-engine");
    holds(
        "",
        "test \"$USER\" = root && test -z \"$HOME\" && test ${#INVOCATION_ID} = 32 && test $SYSTEMD_EXEC_PID = $$",
    );
    assert_eq!(prints("ExecSearchPath=/usr/bin:/bin", "echo $PATH"), "/usr/bin:/bin");
    let failure = fails("EnvironmentFile=/nope");
    assert_eq!(failure.path.unwrap().to_str(), Some("/nope"));
}

#[test]
fn standard_streams_lead_where_the_unit_says() {
    if !root_or_skip() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let out = d.join("out");
    let write = |kind: &str| {
        holds(&format!("StandardOutput={kind}:{}\nProtectSystem=strict", out.display()), "echo x");
        std::fs::read_to_string(&out).unwrap()
    };
    assert_eq!(write("truncate"), "x\n");
    assert_eq!(write("append"), "x\nx\n");
    assert_eq!(write("truncate"), "x\n");
    std::fs::write(&out, "longer\n").unwrap();
    assert_eq!(write("file"), "x\nnger\n", "written from the start and not cut");
    std::fs::write(d.join("in"), "content").unwrap();
    assert_eq!(
        prints(&format!("StandardInput=file:{}\nStandardOutput=journal", d.join("in").display()), "cat"),
        "content"
    );
    assert_eq!(prints("StandardInput=data\nStandardInputText=some text", "cat"), "some text");
    assert_eq!(prints("", "readlink /proc/self/fd/0"), "/dev/null");
    assert_eq!(prints("StandardOutput=null\nStandardError=journal", "echo out; echo err >&2"), "err");
    assert_eq!(fails("StandardInput=file:/nope").status(), 208);
    assert_eq!(fails("StandardOutput=file:/nope/x").status(), 209);
    assert_eq!(fails("StandardError=file:/nope/x").status(), 222);
}

#[test]
fn the_working_directory_is_entered_as_the_user() {
    if !root_or_skip() {
        return;
    }
    assert_eq!(prints("", "pwd"), "/");
    assert_eq!(prints("WorkingDirectory=/usr", "pwd"), "/usr");
    assert_eq!(prints("WorkingDirectory=-/nope", "pwd"), "/");
    let failure = fails("WorkingDirectory=/nope");
    assert_eq!((failure.status(), failure.path.as_deref()), (200, Some("/nope".as_ref())));
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let closed = dir.path().display();
    assert_eq!(
        fails(&format!("User=nobody\nWorkingDirectory={closed}")).status(),
        200,
        "it may not enter it"
    );
}

#[test]
fn a_program_that_is_not_there_is_named() {
    if !root_or_skip() {
        return;
    }
    use ringfence_engine::SandboxError;
    let run = |lines: &str, program: &str| match lab::sandbox(lines).output([program]) {
        Err(SandboxError::SetUp(failure)) => failure,
        other => panic!("{other:?}"),
    };
    let failure = run("", "/nope");
    assert_eq!((failure.status(), failure.path.as_deref()), (203, Some("/nope".as_ref())));
    assert_eq!(run("", "/etc/passwd").status(), 203);
    assert_eq!(run("", "/").status(), 203);
    assert_eq!(run("TemporaryFileSystem=/", "/bin/true").status(), 203);
    let no_loader = "TemporaryFileSystem=/\nBindReadOnlyPaths=/bin/true";
    assert!(run(no_loader, "/bin/true").hint.unwrap().contains("loader"));
    // Another process writes it: a file that this one has open for writing is busy as long as the child of a test beside
    // has not executed its own program.
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("script").display().to_string();
    let write = ["-c", "echo no magic > \"$0\" && chmod 755 \"$0\"", &path];
    assert!(std::process::Command::new("/bin/sh").args(write).status().unwrap().success());
    assert_eq!(run("", &path).errno.unwrap().name(), Some("ENOEXEC"));
}

#[test]
fn files_are_opened_for_the_service() {
    if !root_or_skip() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    std::fs::write(d.join("first"), "one").unwrap();
    std::fs::write(d.join("second"), "two").unwrap();
    std::fs::set_permissions(d, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let p = d.display();
    let lines = format!(
        "User=nobody\nOpenFile={p}/first:a:read-only\nOpenFile={p}/nope:x:graceful\nOpenFile={p}/second"
    );
    assert_eq!(
        prints(&lines, "echo $LISTEN_FDS:$LISTEN_FDNAMES; test $LISTEN_PID = $$ && cat <&3 && cat <&4"),
        "2:a:second\nonetwo",
        "opened as root, read by a user who could not"
    );
    assert_eq!(fails(&format!("OpenFile={p}/nope")).status(), 202);
}

#[test]
fn devices_are_filtered_by_number_where_there_is_a_control_group() {
    if !root_or_skip() {
        return;
    }
    let script = "cd $(mktemp -d) && mknod null c 1 3 && head -c1 null && ! mknod log c 1 11 && ! mknod disk b 8 0 \
                  && sed -n 's/^0:://p' /proc/self/cgroup";
    let sandbox = ringfence_engine::Sandbox::new().set("DevicePolicy", "closed").set("PrivateTmp", "yes");
    let (ended, printed) = sandbox.output(["/bin/sh", "-c", script]).unwrap();
    if let Some(shortfall) = ended.shortfalls.iter().find(|missing| missing.directive == "DevicePolicy") {
        eprintln!("SKIP: {}", shortfall.why);
        assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "this test must run");
        return;
    }
    let printed = String::from_utf8_lossy(&printed).into_owned();
    assert_eq!(ended.status.exit_status(), Some(0), "{printed}");
    let group = printed.lines().last().unwrap_or_default();
    assert!(group.contains("/ringfence-"), "{printed}");
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    let mounts = mounts.lines().filter(|line| line.contains(" - cgroup2 "));
    let mut places = mounts.filter_map(|line| line.split(' ').nth(4)).map(|place| format!("{place}{group}"));
    assert!(places.all(|place| !std::path::Path::new(&place).exists()), "the group is still there");
}
