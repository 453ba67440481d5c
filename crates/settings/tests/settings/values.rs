//! Directives with rules of their own, beyond paths and commands.

use crate::from_text::unit;
use crate::lines::{clean, service};
use ringfence_settings::{
    CpuPolicy, Credential, ExitStatusSet, InputSource, IoClass, KillMode, Limit, NotifyAccess, OutputTarget,
    Resource, Settings,
};
use std::time::Duration;

/// What `Settings::explicit` says of one directive.
#[track_caller]
fn shown(lines: &str, directive: &str) -> Vec<String> {
    service(lines)
        .0
        .explicit()
        .into_iter()
        .filter(|s| s.directive.name == directive)
        .map(|s| s.value)
        .collect()
}

/// Every case: lines, the directive to look at, its values, and how many complaints.
#[track_caller]
fn check(cases: &[(&str, &str, &[&str], usize)]) {
    for (lines, directive, values, complaints) in cases {
        assert_eq!(shown(lines, directive), *values, "{lines}");
        let (settings, found) = service(lines);
        assert_eq!(found.len(), *complaints, "{lines}: {found:#?}");
        assert!(settings.refused.is_empty(), "{lines}: {:?}", settings.refused);
    }
}

#[test]
fn environment() {
    check(&[
        ("Environment=A=1 \"B=two words\" C=%p", "Environment", &["A=1", "\"B=two words\"", "C=x"], 0),
        ("Environment=A=1 B=2\nEnvironment=A=3", "Environment", &["A=3", "B=2"], 0),
        ("Environment=A=1\nEnvironment=", "Environment", &[], 0),
        ("Environment=1A=1 A-B=1 noequals OK=", "Environment", &["OK="], 3),
        ("Environment=A=$B", "Environment", &["A=$B"], 0),
        ("Environment=A=1 \"open", "Environment", &["A=1"], 1),
        (
            "EnvironmentFile=-/etc/default/%p\nEnvironmentFile=/a*",
            "EnvironmentFile",
            &["-/etc/default/x", "/a*"],
            0,
        ),
        ("EnvironmentFile=relative", "EnvironmentFile", &[], 1),
        ("PassEnvironment=A B A\nPassEnvironment=B C", "PassEnvironment", &["A", "B", "C"], 0),
        ("UnsetEnvironment=A B=1 'C D'", "UnsetEnvironment", &["A", "B=1"], 1),
    ]);
}

#[test]
fn standard_streams() {
    let stdio = clean("StandardInputText=a\\tb\nStandardInputData=aGk=\nStandardOutput=append:/log/%p\nStandardError=fd:e\n").stdio;
    assert_eq!(stdio.input.value, InputSource::Data);
    assert_eq!(stdio.input_data, b"a\tb\nhi");
    assert_eq!(stdio.output.value, OutputTarget::Append("/log/x".parse().expect("a path")));
    assert_eq!(stdio.error.value, OutputTarget::Fd("e".into()));
    check(&[
        ("StandardOutput=file:relative", "StandardOutput", &[], 1),
        ("StandardOutput=", "StandardOutput", &[], 1),
        ("StandardOutput=syslog", "StandardOutput", &["journal"], 1),
        ("StandardInput=fd", "StandardInput", &["fd:stdin"], 0),
        ("StandardInput=journal", "StandardInput", &[], 1),
        ("StandardInputText=a\nStandardInputText=", "StandardInputText", &[], 0),
    ]);
}

#[test]
fn credentials() {
    let all = |lines: &str| clean(lines).credentials.all.into_iter().map(|c| c.value).collect::<Vec<_>>();
    assert_eq!(
        all("SetCredential=a:x\\ny\nLoadCredential=b:/etc/%p\nLoadCredential=c\nImportCredential=d.*:e.\n"),
        [
            Credential::Set { name: "a".into(), data: b"x\ny".to_vec() },
            Credential::LoadFile { name: "b".into(), path: "/etc/x".parse().expect("a path") },
            Credential::LoadByName { name: "c".into(), source: "c".into() },
            Credential::Import { glob: "d.*".into(), rename: Some("e.".into()) },
        ]
    );
    assert_eq!(
        all("SetCredential=a:1\nSetCredential=a:2\nLoadCredential=a:/x\nSetCredential=b:\\x00"),
        [
            Credential::Set { name: "a".into(), data: b"2".to_vec() },
            Credential::LoadFile { name: "a".into(), path: "/x".parse().expect("a path") },
            Credential::Set { name: "b".into(), data: vec![0] },
        ]
    );
    assert_eq!(all("SetCredential=a:1\nLoadCredential=b:/x\nSetCredential=\n").len(), 1);
    check(&[
        ("SetCredential=a", "SetCredential", &[], 1),
        ("LoadCredential=a:/x//y", "LoadCredential", &[], 1),
        ("SetCredential=a/b:c", "SetCredential", &[], 1),
        ("SetCredentialEncrypted=a:!!", "SetCredentialEncrypted", &[], 1),
        ("ImportCredential=a*b", "ImportCredential", &[], 1),
        ("LoadCredential=a:b/c", "LoadCredential", &[], 1),
    ]);
    assert_eq!(clean("LoadCredentialEncrypted=a:/x").not_enforced.len(), 1);
}

#[test]
fn limits_and_the_process() {
    let process = clean("LimitNOFILE=1024:4096\nLimitCORE=infinity\nUMask=077\nOOMScoreAdjust=-5\nCoredumpFilter=default\nCoredumpFilter=0x40\nTimerSlackNSec=50us").process;
    assert_eq!(process.limits[&Resource::Nofile].value, Limit { soft: 1024, hard: 4096 });
    assert_eq!(process.limits[&Resource::Core].value, Limit { soft: u64::MAX, hard: u64::MAX });
    assert_eq!(process.umask.value, 0o077);
    assert_eq!(process.oom_score_adjust.value, Some(-5));
    assert_eq!(process.coredump_filter.value, Some(0x73));
    assert_eq!(process.timer_slack_ns.value, Some(50_000));
    check(&[
        ("UMask=\nUMask=0o22", "UMask", &[], 2),
        ("LimitNOFILE=5\nLimitNOFILE=9:1\nLimitNOFILE=", "LimitNOFILE", &["5"], 2),
        ("OOMScoreAdjust=1001", "OOMScoreAdjust", &[], 1),
        ("OOMScoreAdjust=5\nOOMScoreAdjust=", "OOMScoreAdjust", &[], 0),
        ("CoredumpFilter=default nonsense", "CoredumpFilter", &[], 1),
        ("KeyringMode=Private", "KeyringMode", &[], 1),
        ("TimerSlackNSec=5\nTimerSlackNSec=infinity", "TimerSlackNSec", &["infinity"], 0),
        ("TimerSlackNSec=5\nTimerSlackNSec=", "TimerSlackNSec", &["5ns"], 1),
        ("Personality=nonsense", "Personality", &[], 1),
    ]);
}

#[test]
fn scheduling() {
    let scheduling = clean("CPUSchedulingPolicy=fifo\nCPUAffinity=0-2,4\nCPUAffinity=9\nNice=-5\nIOSchedulingClass=idle\nNUMAMask=all").scheduling;
    assert_eq!(scheduling.cpu_policy.value, Some(CpuPolicy::Fifo));
    assert_eq!(scheduling.cpu_priority.value, Some(1));
    assert_eq!(scheduling.cpu_affinity.value, [0, 1, 2, 4, 9]);
    assert_eq!(scheduling.nice.value, Some(-5));
    assert_eq!(scheduling.io_class.value, Some(IoClass::Idle));
    assert!(scheduling.numa_mask_all.value);
    check(&[
        ("CPUAffinity=0-2 4", "CPUAffinity", &["0-2 4"], 0),
        ("CPUAffinity=1\nCPUAffinity=", "CPUAffinity", &[], 0),
        ("CPUAffinity=numa", "CPUAffinity", &["numa"], 0),
        ("CPUAffinity=1 x", "CPUAffinity", &[], 1),
        ("CPUAffinity=0-4000000000", "CPUAffinity", &[], 1),
        ("CPUSchedulingPolicy=ext", "CPUSchedulingPolicy", &[], 1),
        (
            "CPUSchedulingPolicy=1\nCPUSchedulingPriority=50\nCPUSchedulingPolicy=0",
            "CPUSchedulingPriority",
            &["0"],
            0,
        ),
        (
            "IOSchedulingClass=realtime\nIOSchedulingPriority=0\nIOSchedulingClass=",
            "IOSchedulingPriority",
            &[],
            0,
        ),
        ("IOSchedulingPriority=8", "IOSchedulingPriority", &[], 1),
        ("Nice=20", "Nice", &[], 1),
    ]);
}

#[test]
fn times_signals_and_statuses() {
    let settings = clean("TimeoutSec=5\nTimeoutStartSec=0\nTimeoutAbortSec=infinity\nWatchdogSec=1min\nKillSignal=SIGRTMIN+3\nRuntimeMaxSec=infinity\nSuccessExitStatus=5 TEMPFAIL SIGKILL nonsense\n".replace(" nonsense", "").as_str());
    let service = &settings.service;
    assert_eq!(service.timeout_start.value, None);
    assert_eq!(service.timeout_stop.value, Some(Duration::from_secs(5)));
    assert_eq!(service.timeout_abort.value, Some(Duration::MAX));
    assert_eq!(service.watchdog.value, Some(Duration::from_secs(60)));
    assert_eq!(service.notify_access.value, NotifyAccess::Main);
    assert_eq!(service.notify_access.origin.as_ref().map(|o| &*o.directive), Some("WatchdogSec"));
    assert_eq!(settings.kill.signal.value, 37);
    let ExitStatusSet { statuses, signals, .. } = &service.success_exit_status;
    assert_eq!(
        (statuses.iter().copied().collect::<Vec<_>>(), signals.iter().copied().collect::<Vec<_>>()),
        (vec![5, 75], vec![9])
    );
    check(&[
        ("TimeoutStopSec=5x", "TimeoutStopSec", &[], 1),
        ("TimeoutAbortSec=5\nTimeoutAbortSec=", "TimeoutAbortSec", &[], 0),
        ("KillSignal=SIGNONE", "KillSignal", &[], 1),
        ("SuccessExitStatus=1 nonsense", "SuccessExitStatus", &["1 nonsense"], 1),
        ("SuccessExitStatus=1\nSuccessExitStatus=", "SuccessExitStatus", &[], 0),
        ("KillMode=mixed\nKillMode=", "KillMode", &[], 0),
        ("KillMode=none", "KillMode", &["none"], 1),
    ]);
    assert_eq!(clean("KillMode=mixed").kill.mode.value, KillMode::Mixed);
}

#[test]
fn a_pid_file_is_below_run_unless_it_says_otherwise() {
    check(&[
        ("PIDFile=x.pid", "PIDFile", &["/run/x.pid"], 0),
        ("PIDFile=/srv/%p.pid", "PIDFile", &["/srv/x.pid"], 0),
        ("PIDFile=/var/run/x.pid", "PIDFile", &["/run/x.pid"], 1),
        ("PIDFile=x\nPIDFile=", "PIDFile", &[], 0),
    ]);
    for wrong in ["PIDFile=../x", "PIDFile=/a/../x", "PIDFile=/proc/1"] {
        assert_eq!(service(wrong).0.refused.len(), 1, "{wrong}");
    }
}

#[test]
fn security() {
    check(&[
        ("SecureBits=keep-caps noroot-locked", "SecureBits", &["noroot-locked keep-caps"], 0),
        ("SecureBits=keep-cap", "SecureBits", &[""], 1),
        ("AppArmorProfile=-p-%p", "AppArmorProfile", &["-p-x"], 0),
        ("AppArmorProfile=-%z", "AppArmorProfile", &[], 1),
        ("SELinuxContext=a\nSELinuxContext=", "SELinuxContext", &[], 0),
        ("LogNamespace=a/b", "LogNamespace", &[], 1),
        ("BusName=org.example.X", "BusName", &["org.example.X"], 0),
        ("BusName=nodots", "BusName", &[], 1),
    ]);
    assert_eq!(service("SELinuxContext=%z").0.refused.len(), 1);
    assert_eq!(clean("AppArmorProfile=p").not_enforced.len(), 1);
}

#[test]
fn names_of_users() {
    for good in ["www-data", "0", "1000", "a.b", "Ünicode", "a b"] {
        assert_eq!(clean(&format!("User={good}")).identity.user.value.as_deref(), Some(good));
    }
    for bad in ["01", "4294967295", "65535", "-1", "a:b", "a/b", "..", "%z", "99999999999"] {
        assert_eq!(service(&format!("User={bad}")).0.refused.len(), 1, "{bad}");
    }
}

#[test]
fn devices_and_addresses() {
    check(&[
        (
            "DeviceAllow=/dev/null rw\nDeviceAllow=char-pts",
            "DeviceAllow",
            &["/dev/null rw", "char-pts rwm"],
            0,
        ),
        ("DeviceAllow=/etc/passwd r", "DeviceAllow", &[], 1),
        ("DeviceAllow=/dev/null rx", "DeviceAllow", &[], 1),
        ("DeviceAllow=/dev/null\nDeviceAllow=", "DeviceAllow", &[], 0),
        (
            "IPAddressDeny=any\nIPAddressDeny=10.0.0.1/8",
            "IPAddressDeny",
            &["0.0.0.0/0", "::/0", "10.0.0.0/8"],
            0,
        ),
        ("IPAddressDeny=any anywhere", "IPAddressDeny", &["0.0.0.0/0", "::/0"], 1),
        ("IPIngressFilterPath=/a\nIPIngressFilterPath=/a", "IPIngressFilterPath", &["/a"], 0),
        ("Delegate=", "Delegate", &["yes"], 0),
        ("Delegate=memory nonsense", "Delegate", &["yes"], 1),
        ("Delegate=yes\nDelegate=no", "Delegate", &["no"], 0),
        ("Delegate=\"memory", "Delegate", &[], 1),
    ]);
    let settings = clean("ProtectClock=yes\nDevicePolicy=closed\nSetCredentialEncrypted=a:aGk=");
    let nodes: Vec<_> = settings.sandbox.device_allow.iter().map(|d| d.value.node.as_str()).collect();
    assert_eq!(nodes, ["char-rtc", "char-tpm"]);
    assert!(clean("ProtectClock=yes").sandbox.device_allow.is_empty());
}

#[test]
fn what_has_no_type_is_checked_merged_and_reported() {
    check(&[
        ("MemoryMax=1G\nMemoryMax=2G", "MemoryMax", &["2G"], 0),
        ("MemoryMax=1G\nMemoryMax=", "MemoryMax", &[], 0),
        ("MemoryMax=lots", "MemoryMax", &[], 1),
        ("SocketBindDeny=any\nSocketBindDeny=ipv4:80", "SocketBindDeny", &["any", "ipv4:80"], 0),
        ("CPUAccounting=maybe", "CPUAccounting", &[], 1),
        ("RestartMode=direct", "RestartMode", &["direct"], 0),
        ("Capabilities=x", "Capabilities", &[], 1),
        ("LogLevelMax=debug\nLogLevelMax=", "LogLevelMax", &["debug"], 1),
        ("MountImages=/a:/b rel:/c", "MountImages", &["/a:/b rel:/c"], 1),
        ("MountImages=/a /proc/b:/c", "MountImages", &[], 2),
        ("ExtensionImages=-/a", "ExtensionImages", &["-/a"], 0),
        ("ExtensionDirectories=-+/a rel", "ExtensionDirectories", &["-+/a rel"], 1),
    ]);
    let settings =
        clean("MemoryMax=1G\nRootImage=/i\nIPAddressDeny=any\nCPUAccounting=yes\nTasksMax=5\nTasksMax=\n");
    let lines: Vec<_> = settings.not_enforced.iter().map(|n| &*n.origin.directive).collect();
    assert_eq!(lines, ["MemoryMax", "RootImage", "IPAddressDeny"]);
    assert!(clean("PrivateDevices=yes").not_enforced.is_empty());
    assert!(clean("MountImages=/a:/b\nExtensionImages=/c").paths.extensions);
    assert!(!clean("MountImages=/a:/b\nMountImages=").paths.mount_images);
}

#[test]
fn conditions_reset_together() {
    let settings = |lines: &str| {
        let text = format!("[Unit]\n{lines}\n[Service]\nExecStart=/bin/true\n");
        Settings::from_unit(&unit("x@i.service", &[&text]))
    };
    let (one, complaints) = settings(
        "ConditionPathExists=|!/a/%i\nAssertUser=root\nJoinsNamespaceOf=a.service b.service\nDefaultDependencies=no",
    );
    assert_eq!(complaints, []);
    let condition = &one.unit_section.conditions[0];
    assert_eq!((condition.check, &*condition.parameter), ("PathExists", "/a/i"));
    assert!(condition.trigger && condition.negate && !condition.is_assert);
    assert_eq!(one.unit_section.conditions.len(), 2);
    assert_eq!(one.unit_section.joins_namespace_of.len(), 2);
    assert!(!one.unit_section.default_dependencies.value);
    let (reset, _) = settings("ConditionUser=root\nAssertUser=root\nConditionPathExists=");
    assert!(
        reset.unit_section.conditions.iter().all(|c| c.is_assert) && reset.unit_section.conditions.len() == 1
    );
    let (after, _) = settings("After=a.service\nAfter=\nAfter=b.service");
    assert_eq!(after.other.len(), 2);
}

#[test]
fn what_does_not_go_together_is_refused() {
    for (lines, ok) in [
        ("", false),
        ("ExecStop=/bin/a", false),
        ("ExecStop=/bin/a\nRemainAfterExit=yes", true),
        ("ExecStart=/bin/a\nExecStart=/bin/b", false),
        ("ExecStart=/bin/a\nExecStart=/bin/b\nType=oneshot", true),
        ("ExecStart=/bin/a\nType=oneshot\nRestart=always", false),
        ("ExecStart=/bin/a\nType=oneshot\nRestart=on-failure", true),
        ("ExecStart=/bin/a\nType=oneshot\nExitType=cgroup", false),
        ("ExecStart=/bin/a\nType=dbus", false),
        ("ExecStart=/bin/a\nType=dbus\nBusName=a.b", true),
        ("ExecStart=/bin/a\nType=forking\nPrivatePIDs=yes", false),
        ("ExecStart=/bin/a\nDynamicUser=yes\nWorkingDirectory=~", false),
        ("ExecStart=/bin/a\nWorkingDirectory=/proc/1", true),
        ("ExecStart=/bin/a\nWorkingDirectory=/proc/1\nProtectHome=yes", false),
        ("ExecStart=/bin/a\nPAMName=login\nKillMode=process", false),
        ("ExecStart=/bin/a\nPAMName=login\nKillMode=mixed", true),
    ] {
        let (settings, _) = Settings::from_unit(&unit("x.service", &[&format!("[Service]\n{lines}\n")]));
        assert_eq!(settings.refused.is_empty(), ok, "{lines}: {:?}", settings.refused);
    }
}
