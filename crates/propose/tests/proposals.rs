//! What is proposed for stories that services tell: each a few accesses, and the lines that must, or must not, follow.

#[path = "../../settings/tests/settings/from_text.rs"]
mod from_text;

use ringfence_profile::{
    Address, Event, FileKind, FileUse, IdentityChange, Link, Operation, Operations, Privilege,
    ProcessRelation, Profile, What,
};
use ringfence_propose::{Level, Options, Package, Proposal, named_in_configuration, propose};
use ringfence_sandbox::facts::fake::FakeFacts;
use ringfence_settings::{Capability, Settings};
use ringfence_terms::{AbsPath, Errno};
use ringfence_unit::Manager;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a service did, on which machine, under which unit.
struct Story {
    profile: Profile,
    facts: FakeFacts,
    unit: String,
    options: Options,
    manager: Manager,
}

impl Story {
    fn of(unit: &str) -> Story {
        let options = Options { exercised: true, systemd: 257, ..Options::default() };
        let facts = FakeFacts::debian().user("served", 200, 200);
        let story = Story {
            profile: Profile::new(),
            facts,
            unit: unit.to_owned(),
            options,
            manager: Manager::System,
        };
        // Every story has a system call, as every recording has.
        story.privilege(Privilege::Syscall { abi: ringfence_profile::Abi::X86_64, number: 0 })
    }

    /// It is a service of a user's manager.
    fn of_a_user(mut self) -> Story {
        self.manager = Manager::User;
        self
    }

    fn tight(mut self) -> Story {
        self.options.level = Level::Tight;
        self
    }

    fn on(mut self, change: impl FnOnce(FakeFacts) -> FakeFacts) -> Story {
        self.facts = change(self.facts);
        self
    }

    fn with(mut self, change: impl FnOnce(&mut Options)) -> Story {
        change(&mut self.options);
        self
    }

    fn relaxed(mut self, directive: &str) -> Story {
        self.options.relaxed.insert(directive.to_owned());
        self
    }

    fn made_at_boot(mut self, directory: &str) -> Story {
        self.options.made_at_boot.insert(directory.to_owned());
        self
    }

    fn event(mut self, uid: u32, errno: Option<Errno>, what: What) -> Story {
        let by = Arc::new(format!("/usr/sbin/served@{uid}").parse().expect("a program"));
        self.profile.add(&Event { by, errno, what });
        self
    }

    fn file(self, uid: u32, operations: &[Operation], path: &str, kind: FileKind) -> Story {
        self.access(uid, operations, path, kind, None, &[])
    }

    fn access(
        self,
        uid: u32,
        operations: &[Operation],
        path: &str,
        kind: FileKind,
        errno: Option<Errno>,
        via: &[(&str, &str)],
    ) -> Story {
        let operations: Operations = operations.iter().copied().collect();
        let via =
            via.iter().map(|(path, target)| Link { path: path.into(), target: target.into() }).collect();
        let path = PathBuf::from(path);
        self.event(uid, errno, What::File(FileUse { operations, path, host: None, kind, via, process: None }))
    }

    fn privilege(self, privilege: Privilege) -> Story {
        self.event(0, None, What::Privilege(privilege))
    }

    fn capability(self, name: &str) -> Story {
        let capability = Capability::parse(name).expect("a capability");
        self.privilege(Privilege::Capability(capability.number()))
    }

    fn becomes(self, uid: u32) -> Story {
        self.privilege(Privilege::Identity(IdentityChange::User(uid))).capability("CAP_SETUID").file(
            uid,
            &[Operation::Read],
            "/etc/passwd",
            FileKind::File,
        )
    }

    fn proposal(&self) -> Proposal {
        let mut unit = from_text::unit("served.service", &[&self.unit]);
        unit.manager = self.manager;
        let (settings, _) = Settings::from_unit(&unit);
        propose(&self.profile, &settings, &self.facts, &self.options)
    }

    #[track_caller]
    fn gets(self, line: &str) -> Story {
        let text = self.proposal().drop_in(false);
        assert!(text.lines().any(|known| known == line), "no {line} in\n{text}");
        self
    }

    #[track_caller]
    fn lacks(self, start: &str) -> Story {
        let text = self.proposal().drop_in(false);
        assert!(!text.lines().any(|line| line.starts_with(start)), "{start} in\n{text}");
        self
    }
}

fn package(lists: &[&str]) -> Package {
    let lists = lists.iter().filter_map(|path| AbsPath::parse(path).ok()).collect();
    Package { name: "served-common".to_owned(), has: "/usr/sbin/served".to_owned(), lists }
}

const PLAIN: &str = "[Service]\nExecStart=/usr/sbin/served\n";

#[test]
fn a_directory_that_it_would_make_is_its_own() {
    Story::of(PLAIN)
        .on(|facts| facts.dir("/var/lib/buffers/body").owned("/var/lib/buffers", 200, 200, 0o755))
        .access(
            0,
            &[Operation::Mkdir],
            "/var/lib/buffers/body",
            FileKind::Directory,
            Some(Errno::EEXIST),
            &[],
        )
        .access(0, &[Operation::Mkdir], "/var/lib", FileKind::Directory, Some(Errno::EEXIST), &[])
        .on(|facts| facts.symlink("/var/run", "/run"))
        .access(0, &[Operation::Mkdir], "/var/run", FileKind::Link, Some(Errno::EEXIST), &[])
        .gets("ReadWritePaths=/var/lib/buffers")
        .lacks("StateDirectory=");
}

#[test]
fn what_bears_its_name_stays_writable() {
    Story::of(PLAIN)
        .on(|facts| facts.dir("/var/lib/served").dir("/var/cache/other"))
        .gets("StateDirectory=served")
        .lacks("ReadWritePaths=")
        .lacks("CacheDirectory=");
}

#[test]
fn what_no_boot_makes_below_run_is_made_at_the_start() {
    let story = || {
        Story::of(PLAIN).on(|facts| facts.dir("/run/served").owned("/run/served", 200, 200, 0o750)).file(
            0,
            &[Operation::Create, Operation::Write],
            "/run/served/pid",
            FileKind::File,
        )
    };
    story().gets("RuntimeDirectory=served").gets("RuntimeDirectoryMode=0750").lacks("ReadWritePaths=");
    story().made_at_boot("/run/served").gets("ReadWritePaths=/run/served").lacks("RuntimeDirectory=");
    story().relaxed("RuntimeDirectory").gets("ReadWritePaths=/run/served").lacks("RuntimeDirectory=");
    let of_sockets = |options: &mut Options| options.of_sockets.extend(["/run/served".to_owned()]);
    story().with(of_sockets).gets("ReadWritePaths=/run/served").lacks("RuntimeDirectory=");
}

#[test]
fn a_tree_is_never_hidden_and_protected_at_once() {
    for protection in ["", "ProtectSystem=yes\n", "ProtectSystem=full\n", "ProtectSystem=strict\n"] {
        for level in [Level::Standard, Level::Tight] {
            let story = Story::of(&format!("{PLAIN}{protection}"))
                .with(|options| options.level = level)
                .file(0, &[Operation::Exec], "/usr/bin/true", FileKind::File);
            let proposal = story.proposal();
            let hidden = proposal.has("TemporaryFileSystem");
            assert!(!hidden || protection.is_empty(), "{protection}");
            assert!(!(hidden && proposal.has("ProtectSystem")), "{protection}");
            let strict = proposal.has("ProtectSystem") || protection.contains("strict");
            assert!(hidden || strict, "{protection}: neither hidden nor read-only");
        }
    }
}

#[test]
fn a_hidden_tree_shows_what_was_used_by_every_name_and_no_more() {
    Story::of(PLAIN)
        .tight()
        .on(|facts| {
            facts
                .file("/usr/lib/tools/helper")
                .file("/usr/bin/helper")
                .file("/usr/bin/looked-at")
                .file("/srv/pages/one")
                .file("/etc/served/main.conf")
                .dir("/var/lib/data")
                .file("/run/other/socket")
        })
        .access(0, &[Operation::Exec], "/usr/bin/helper", FileKind::File, None, &[("/bin", "usr/bin")])
        .file(0, &[Operation::Stat], "/usr/bin/looked-at", FileKind::File)
        .file(0, &[Operation::Read], "/srv/pages/one", FileKind::File)
        .file(0, &[Operation::Read], "/etc/served/main.conf", FileKind::File)
        .file(0, &[Operation::Read], "/etc/shadow", FileKind::File)
        .file(0, &[Operation::ConnectSocket], "/run/other/socket", FileKind::Socket)
        .file(0, &[Operation::Read], "/var/lib/data/kept", FileKind::File)
        .file(0, &[Operation::Create, Operation::Write], "/var/lib/data/kept", FileKind::File)
        .gets("TemporaryFileSystem=/:ro")
        .gets("BindReadOnlyPaths=/bin/helper")
        .gets("BindReadOnlyPaths=/usr/bin/helper")
        .gets("BindReadOnlyPaths=/srv/pages")
        .gets("BindReadOnlyPaths=/etc/served")
        .gets("BindReadOnlyPaths=-/run/other")
        .lacks("BindReadOnlyPaths=/var");
}

#[test]
fn what_the_kernel_asks_in_passing_is_no_need() {
    let story = || Story::of(PLAIN).capability("CAP_NET_ADMIN").capability("CAP_FSETID");
    let libsystemd = "/usr/lib/x86_64-linux-gnu/libsystemd.so.0.40.0";
    let loads = |story: Story| story.file(0, &[Operation::MapExec], libsystemd, FileKind::File);
    story().gets("CapabilityBoundingSet=CAP_NET_ADMIN");
    loads(story()).gets("CapabilityBoundingSet=");
    let netlink = Privilege::Socket { family: 16, kind: 3, protocol: 0 };
    loads(story()).privilege(netlink).gets("CapabilityBoundingSet=CAP_NET_ADMIN");
    let path = PathBuf::from("/var/lib/served/program");
    let bits = Privilege::SetIdBits { path, bits: 0o2000 };
    loads(story()).privilege(bits).gets("CapabilityBoundingSet=CAP_FSETID");
}

#[test]
fn what_modules_may_start_can_be_signalled() {
    let story = |lists: &[&str]| {
        let packages = vec![package(lists)];
        Story::of(PLAIN)
            .tight()
            .becomes(200)
            .file(0, &[Operation::MapExec], "/usr/lib/served/one.so", FileKind::File)
            .with(|options| options.packages = packages)
    };
    let with = "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_KILL CAP_SETGID CAP_SETUID";
    let without = "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_SETGID CAP_SETUID";
    story(&["/usr/sbin/served", "/usr/lib/served/one.so"]).gets(without);
    story(&["/usr/sbin/served", "/usr/lib/served/two.so"]).gets(with);
    // Where nobody knows which package it is from.
    Story::of(PLAIN).tight().becomes(200).gets(with);
}

/// The configuration of the story's service says where its files are.
fn named(story: Story, text: &'static str) -> Story {
    let read =
        |path: &AbsPath| (path.as_path() == Path::new("/etc/served/main.conf")).then(|| text.to_owned());
    let story = story.file(0, &[Operation::Read], "/etc/served/main.conf", FileKind::File);
    let named = named_in_configuration(&story.profile, &story.facts, &read);
    story.with(|options| options.named = named)
}

#[test]
fn what_the_configuration_names_is_shown_but_not_what_is_sensitive() {
    let story = || {
        let facts = |facts: FakeFacts| {
            facts
                .file("/etc/served/main.conf")
                .dir("/srv/second")
                .dir("/srv/other")
                .dir("/run/second")
                .file("/etc/ssl/private/key")
        };
        let text = "# root /srv/other\nroot /srv/second; key /etc/ssl/private/key; pid /run/second;\nshare /usr/share\n\
                    none /srv/nothing";
        named(Story::of(PLAIN).tight().on(facts), text)
    };
    story().gets("BindReadOnlyPaths=/srv/second").lacks("BindReadOnlyPaths=/etc/ssl/private");
    let proposal = story().proposal();
    let line = proposal.lines.iter().find(|line| line.value == "/srv/second").expect("the line");
    assert_eq!(line.evidence[0].0, "/srv/second is named in /etc/served/main.conf:2");
    let said = proposal.left_open.iter().any(|open| open.why.contains("/etc/ssl/private/key"));
    assert!(said, "that the key stays hidden is said");
    // At the standard level all is there.
    story().with(|options| options.level = Level::Standard).lacks("BindReadOnlyPaths=");
}

#[test]
fn what_is_made_anew_is_shown_with_its_directory() {
    let (live, archive) =
        ("/etc/letsencrypt/live/a.test/key.pem", "/etc/letsencrypt/archive/a.test/key1.pem");
    let facts = |facts: FakeFacts| {
        facts
            .socket("/run/peer/socket")
            .socket("/run/named/socket")
            .file("/etc/served/main.conf")
            .file(archive)
            .symlink(live, "../../archive/a.test/key1.pem")
    };
    let story = Story::of(PLAIN)
        .tight()
        .on(facts)
        .file(200, &[Operation::ConnectSocket], "/run/peer/socket", FileKind::Socket)
        .access(
            0,
            &[Operation::Read],
            archive,
            FileKind::File,
            None,
            &[(live, "../../archive/a.test/key1.pem")],
        );
    named(story, "pass unix:/run/named/socket;")
        .gets("BindReadOnlyPaths=-/run/peer")
        .gets("BindReadOnlyPaths=-/run/named")
        .gets("BindReadOnlyPaths=/etc/letsencrypt/archive/a.test /etc/letsencrypt/live/a.test /etc/served");
}

#[test]
fn the_next_release_of_a_site_is_shown_too() {
    let (release, link) = ("/srv/site/releases/5", "/srv/site/current");
    let page = "/srv/site/releases/5/page";
    let facts = |facts: FakeFacts| {
        let facts = facts.dir(release).file(page).symlink(link, "releases/5").symlink("/srv/link", "site");
        facts.file("/etc/served/main.conf")
    };
    let story = Story::of(PLAIN).tight().on(facts).access(
        200,
        &[Operation::Read],
        page,
        FileKind::File,
        None,
        &[(link, "releases/5")],
    );
    named(story, "root /srv/site/current; other /srv/link;")
        .gets("BindReadOnlyPaths=/srv/link /srv/site")
        .lacks("BindReadOnlyPaths=/srv/site/releases");
}

#[test]
fn a_file_that_others_than_root_may_write_names_nothing() {
    for (uid, mode) in [(200, 0o644), (0, 0o664), (0, 0o666)] {
        let facts = |facts: FakeFacts| {
            facts.dir("/srv/second").file("/etc/served/main.conf").owned(
                "/etc/served/main.conf",
                uid,
                0,
                mode,
            )
        };
        named(Story::of(PLAIN).tight().on(facts), "root /srv/second").lacks("BindReadOnlyPaths=/srv/second");
    }
}

#[test]
fn the_directories_of_its_packages_and_the_homes_of_its_users_are_shown() {
    let package = package(&[
        "/etc/served",
        "/usr/lib/served",
        "/usr/share/served-common",
        "/usr/share/vim",
        "/usr/share/served/x",
    ]);
    let story = || {
        let facts = |facts: FakeFacts| {
            facts
                .dir("/usr/lib/served")
                .dir("/usr/share/served-common")
                .dir("/usr/share/vim")
                .dir("/usr/share/served/x")
                .dir("/var/www")
                .home("served", "/var/www")
        };
        Story::of(PLAIN).tight().on(facts).with(|options| options.packages = vec![package.clone()])
    };
    story()
        .becomes(200)
        .gets("BindReadOnlyPaths=/usr/lib/served /usr/share/served-common")
        .gets("BindReadOnlyPaths=/var/www");
    // A home of somebody that it does not become, or that everybody shares.
    story().lacks("BindReadOnlyPaths=/var/www");
    for home in ["/var/lib/misc", "/var", "/home/served", "/nonexistent"] {
        let story = story().on(|facts| facts.dir(home).home("served", home)).becomes(200);
        story.lacks("BindReadOnlyPaths=/var").lacks("BindReadOnlyPaths=/home");
    }
}

#[test]
fn what_is_written_through_a_link_keeps_that_name() {
    Story::of(PLAIN)
        .tight()
        .on(|facts| facts.dir("/run/elsewhere").owned("/run/elsewhere", 200, 200, 0o755))
        .made_at_boot("/run/elsewhere")
        .access(
            0,
            &[Operation::Create, Operation::Write],
            "/run/elsewhere/pid",
            FileKind::File,
            None,
            &[("/var/run", "/run")],
        )
        .gets("BindPaths=/run/elsewhere")
        .gets("BindPaths=-/run/elsewhere:/var/run/elsewhere");
}

#[test]
fn without_root_nothing_that_root_needed_is_left() {
    let story = || {
        Story::of(PLAIN)
            .tight()
            .becomes(200)
            .capability("CAP_CHOWN")
            .privilege(Privilege::Bind(Address::Inet { ip: [0, 0, 0, 0].into(), port: 80 }))
    };
    story().lacks("User=");
    let rootless = |options: &mut Options| options.rootless = true;
    story()
        .with(rootless)
        .gets("User=served")
        .gets("AmbientCapabilities=CAP_NET_BIND_SERVICE")
        .gets("CapabilityBoundingSet=CAP_NET_BIND_SERVICE")
        .lacks("PrivateUsers=");
    // Workers of two users need a root that starts them.
    story().with(rootless).file(201, &[Operation::Read], "/etc/passwd", FileKind::File).lacks("User=");
}

#[test]
fn what_others_see_of_temporary_files_is_granted_once() {
    let shared = Story::of(PLAIN)
        .on(|facts| facts.dir("/var/tmp/shared"))
        .file(0, &[Operation::Read], "/var/tmp/shared/theirs", FileKind::File)
        .file(0, &[Operation::Create, Operation::Write], "/var/tmp/shared/ours", FileKind::File)
        .lacks("PrivateTmp=")
        .gets("ReadWritePaths=/var/tmp");
    let text = shared.proposal().drop_in(false);
    assert_eq!(text.matches("/var/tmp").count(), 1, "{text}");
}

#[test]
fn a_users_service_is_nobody_else() {
    let own = Story::of(PLAIN).of_a_user().gets("PrivateUsers=yes").gets("CapabilityBoundingSet=");
    own.with(|options| options.exercised = false).gets("PrivateUsers=yes");
    Story::of(PLAIN)
        .of_a_user()
        .relaxed("PrivateUsers")
        .lacks("PrivateUsers=")
        .lacks("CapabilityBoundingSet=");
}

#[test]
fn what_keeps_root_is_named_with_its_owner_and_what_to_do() {
    let facts = |facts: FakeFacts| {
        facts
            .group("adm", 4)
            .dir("/run")
            .file("/var/log/served/main.log")
            .owned("/var/log/served/main.log", 0, 4, 0o640)
            .owned("/var/log/served", 0, 4, 0o750)
            .file("/var/log/handed/main.log")
            .owned("/var/log/handed/main.log", 200, 4, 0o640)
            .file("/etc/ssl/private/key")
            .owned("/etc/ssl/private/key", 0, 0, 0o600)
            .file("/etc/served/main.conf")
            .dir("/var/lib/other")
            .dir("/var/lib/served")
            .owned("/var/lib/served", 200, 200, 0o700)
    };
    let writes = &[Operation::Create, Operation::Write];
    let story = Story::of(PLAIN)
        .on(facts)
        .becomes(200)
        .file(0, writes, "/run/served.pid", FileKind::File)
        .file(0, &[Operation::Write], "/var/log/served/main.log", FileKind::File)
        .file(0, &[Operation::Write], "/var/log/handed/main.log", FileKind::File)
        .file(0, &[Operation::Read], "/etc/ssl/private/key", FileKind::File)
        .file(0, writes, "/var/lib/other/file", FileKind::File)
        .file(0, writes, "/var/lib/served/file", FileKind::File);
    let story = named(story, "pid /run/served.pid;");
    let (settings, _) = Settings::from_unit(&from_text::unit("served.service", &[&story.unit]));
    let as_user = Proposal::default();
    let all = ringfence_propose::obstacles(&story.profile, &settings, &story.facts, &story.options, &as_user);
    let later: Vec<bool> = all.iter().map(|obstacle| obstacle.is_later).collect();
    let all: Vec<String> = all.into_iter().map(|obstacle| obstacle.says).collect();
    let expected = [
        "served may not make or remove served.pid in /run (root:root, mode 0755); in a RuntimeDirectory= of its own it may, once the \
         path is changed in /etc/served/main.conf:1, in the unit, and for whoever else uses it",
        "served may not make or remove file in /var/lib/other (root:root, mode 0755); that is not the service's own, and only root \
         should",
        "served may not make anew main.log in /var/log/handed (root:root, mode 0755); that is not the service's own, and only root \
         should",
        "served may not write main.log in /var/log/served (root:adm, mode 0750); whoever decides over it may let it: setfacl -R -m \
         u:served:rwX,d:u:served:rwX /var/log/served",
        "served may not read /etc/ssl/private/key (root:root, mode 0600); whoever decides over it may let it: setfacl -m \
         u:served:r /etc/ssl/private/key",
    ];
    assert_eq!(all, expected);
    assert_eq!(later, [false, false, true, false, false]);
}

#[test]
fn users_are_private_where_the_privileges_work_in_a_namespace() {
    Story::of(PLAIN).becomes(200).gets("PrivateUsers=identity");
    Story::of(PLAIN).becomes(200).with(|options| options.systemd = 256).lacks("PrivateUsers=");
    let groups = Privilege::Identity(IdentityChange::Groups);
    Story::of(PLAIN).becomes(200).privilege(groups).lacks("PrivateUsers=");
    Story::of(PLAIN).capability("CAP_NET_ADMIN").lacks("PrivateUsers=");
    Story::of(&format!("{PLAIN}User=served\n")).gets("PrivateUsers=yes");
}

#[test]
fn who_lists_all_processes_keeps_seeing_them() {
    let foreign = || Privilege::ProcOfOther(ProcessRelation::Foreign);
    Story::of(PLAIN).privilege(foreign()).gets("ProtectProc=invisible");
    Story::of(PLAIN)
        .privilege(foreign())
        .file(0, &[Operation::List], "/proc", FileKind::Directory)
        .lacks("ProtectProc=");
}

#[test]
fn the_loopback_device_is_enough_for_who_uses_no_other() {
    let listens = |ip: [u8; 4]| {
        Story::of(PLAIN).privilege(Privilege::Bind(Address::Inet { ip: ip.into(), port: 9000 }))
    };
    listens([127, 0, 0, 1]).lacks("IPAddressDeny=");
    listens([127, 0, 0, 1]).tight().gets("IPAddressDeny=any");
    listens([0, 0, 0, 0]).tight().lacks("IPAddressDeny=");
    Story::of(PLAIN).tight().gets("IPAddressDeny=any").gets("PrivateNetwork=yes").lacks("IPAddressAllow=");
}

#[test]
fn one_powerful_call_does_not_let_its_group_in() {
    const CHROOT: u32 = 161;
    Story::of(PLAIN)
        .privilege(Privilege::Syscall { abi: ringfence_profile::Abi::X86_64, number: CHROOT })
        .gets("SystemCallFilter=@system-service chroot");
}

#[test]
fn who_runs_other_peoples_programs_is_left_alone() {
    let story = Story::of(&format!("{PLAIN}KillMode=process\n")).becomes(200).tight();
    let proposal = story.proposal();
    assert!(proposal.lines.is_empty(), "{}", proposal.drop_in(false));
    assert!(proposal.left_open.iter().any(|open| open.directive == "NoNewPrivileges"));
}

#[test]
fn every_sensitive_path_of_a_line_is_pointed_out() {
    let story = Story::of(PLAIN)
        .tight()
        .on(|facts| facts.file("/etc/ssl/private/key").file("/home/alice/notes"))
        .with(|options| {
            let evidence = || ringfence_propose::Evidence("denied".to_owned());
            options.shown =
                vec![("/etc/shadow".to_owned(), evidence()), ("/etc/ssl/private/key".to_owned(), evidence())];
        });
    let cautions: Vec<String> = story.proposal().lines.into_iter().filter_map(|line| line.caution).collect();
    let all = cautions.join("\n");
    assert!(all.contains("/etc/shadow") && all.contains("/etc/ssl/private"), "{all}");
}

#[test]
fn the_state_of_something_else_is_pointed_out() {
    let writes = |directory: &str| {
        Story::of(PLAIN)
            .on(|facts| facts.dir(directory))
            .file(0, &[Operation::Create, Operation::Write], &format!("{directory}/file"), FileKind::File)
            .relaxed("StateDirectory")
            .proposal()
            .lines
            .iter()
            .filter_map(|line| line.caution.clone())
            .collect::<String>()
    };
    assert!(writes("/var/lib/dpkg/alternatives").contains("/var/lib/dpkg looks like"));
    assert_eq!(writes("/var/lib/served"), "");
}

#[test]
fn a_pid_file_right_in_run_does_not_show_the_bus() {
    let story = |level| {
        Story::of(PLAIN)
            .with(|options| options.level = level)
            .file(0, &[Operation::Create, Operation::Write], "/run/served.pid", FileKind::File)
            .file(0, &[Operation::ConnectSocket], "/run/docker.sock", FileKind::Socket)
    };
    story(Level::Standard).gets("ReadWritePaths=/run").lacks("InaccessiblePaths=");
    let text = story(Level::Tight).gets("BindPaths=/run").proposal().drop_in(false);
    let hidden = text.lines().find(|line| line.starts_with("InaccessiblePaths=")).expect("a line");
    assert!(hidden.contains("-/run/dbus") && !hidden.contains("docker"), "{hidden}");
}

#[test]
fn a_root_that_hands_over_keeps_what_moments_not_shown_need() {
    let all = "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_KILL CAP_SETGID CAP_SETUID";
    Story::of(PLAIN).becomes(200).gets(&format!("CapabilityBoundingSet={all}"));
    let without = all.replace(" CAP_KILL", "");
    let tight = || {
        let packages = vec![package(&["/usr/sbin/served"])];
        Story::of(PLAIN).becomes(200).tight().with(|options| options.packages = packages)
    };
    tight().gets(&format!("CapabilityBoundingSet={without}"));
    tight().capability("CAP_KILL").gets(&format!("CapabilityBoundingSet={all}"));
}
