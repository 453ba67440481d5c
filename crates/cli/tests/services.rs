//! Real services under `ringfence run`, on a machine where no systemd runs: Debian's units as they are shipped, and units
//! of our own that hide the whole file system. Each answers a question, and is gone after SIGTERM.
//!
//! Needs root and a lab (`lab/systemd-lab`) over a Debian root that has the services:
//! `lab/debian-root "" postgresql memcached`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use ringfence_agreement::Machine;
use serde_json::Value;

/// A lab without systemd, with ringfence on it.
struct Bare {
    machine: Machine,
}

/// What came of running units.
struct Served {
    answer: String,
    /// `UNIT STATUS`, a line each, the last to be started first.
    statuses: String,
    /// The processes that are still there.
    left: String,
    log: String,
}

impl Bare {
    /// `None` where the test cannot run, which is said. `needs` is a program of the service.
    fn start(name: &str, needs: &str) -> Option<Bare> {
        if !rustix::process::geteuid().is_root() {
            return skip("a lab needs root");
        }
        let machine = Machine::bare(&format!("services-{name}-{}", std::process::id()), None).unwrap();
        if machine.shell(&format!("test -e '{needs}'")).is_err() {
            return skip(&format!(
                "the lab's Debian has no {needs}; run: lab/debian-root \"\" postgresql memcached"
            ));
        }
        let binary = std::fs::read(env!("CARGO_BIN_EXE_ringfence")).unwrap();
        machine.write("/usr/local/bin/ringfence", "755", &binary).unwrap();
        machine.shell("ip link set lo up").unwrap();
        Some(Bare { machine })
    }

    fn write(&self, path: &str, content: &str) {
        self.machine.write(path, "644", content.as_bytes()).unwrap();
    }

    /// Runs the units until the question, a shell command, has an answer; then stops them.
    fn ask(&self, question: &str, units: &[&str]) -> Served {
        self.ask_as("root", question, units)
    }

    /// The same, by another user.
    fn ask_as(&self, user: &str, question: &str, units: &[&str]) -> Served {
        let arguments = [&["-s", user, question], units].concat();
        let output = self.machine.feed("bash", &arguments, include_bytes!("services/serve.sh")).unwrap();
        let output = String::from_utf8(output).unwrap();
        let mut rest = output.as_str();
        let mut part = |end: &str| {
            let (part, behind) = rest.split_once(end).unwrap();
            rest = behind;
            part.trim().to_owned()
        };
        let (answer, statuses, left) = (part("--- statuses\n"), part("--- left\n"), part("--- log\n"));
        Served { answer, statuses, left, log: rest.to_owned() }
    }
}

impl Served {
    /// Every unit was stopped as it should be.
    fn ended_well(&self) {
        for line in self.statuses.lines() {
            assert!(line.ends_with(" 0"), "{line}\n{}", self.log);
        }
        assert_eq!(self.left, "", "{}", self.log);
    }

    fn answered(&self, expected: &str) {
        assert!(self.answer.contains(expected), "the answer is `{}`\n{}", self.answer, self.log);
        self.ended_well();
    }
}

fn skip<T>(why: &str) -> Option<T> {
    println!("SKIP: {why}");
    assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "{why}");
    None
}

const SEEN: &str = include_str!("services/seen.php");

/// What the PHP worker saw, from the answer's last line.
fn seen(served: &Served) -> Value {
    let line = served.answer.lines().last().unwrap_or_default();
    serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: `{line}`\n{}", served.log))
}

#[test]
fn services_that_see_their_own_files_only() {
    let Some(bare) = Bare::start("hidden", "/usr/sbin/nginx") else { return };
    bare.write("/etc/systemd/system/hidden-nginx.service", include_str!("services/hidden-nginx.service"));
    bare.write("/etc/systemd/system/hidden-php.service", include_str!("services/hidden-php.service"));
    bare.write("/etc/web/nginx.conf", include_str!("services/nginx.conf"));
    bare.write("/etc/web/php-fpm.conf", include_str!("services/php-fpm.conf"));
    bare.write("/srv/pages/seen.php", SEEN);
    bare.write("/srv/pages/index.html", "It works.\n");
    let served = bare.ask(
        "curl -sf http://127.0.0.1/index.html && curl -sf http://127.0.0.1/seen.php",
        &["hidden-php.service", "hidden-nginx.service"],
    );
    served.answered("It works.");
    let seen = seen(&served);
    assert_eq!(seen["top"], "dev etc lib lib64 proc run sys tmp usr var");
    for (what, expected) in [
        ("state", "written"),
        ("tmp", "written"),
        ("pages", "refused"),
        ("etc", "refused"),
        ("shadow", "hidden"),
    ] {
        assert_eq!(seen[what], expected, "{what}");
    }
    // What was written to /tmp went with it; what was written to the state stayed.
    bare.machine
        .shell("test -s /var/lib/hidden-php/file && test ! -e /tmp/file && test ! -e /run/hidden-php")
        .unwrap();
}

#[test]
fn debians_nginx_and_php() {
    let Some(bare) = Bare::start("web", "/usr/sbin/nginx") else { return };
    // What the packages leave to systemd-tmpfiles.
    bare.machine.shell("mkdir -p /run/php").unwrap();
    bare.write("/srv/pages/seen.php", SEEN);
    bare.write(
        "/etc/nginx/conf.d/php.conf",
        "server {
            listen 8080;
            root /srv/pages;
            location / {
                include fastcgi_params;
                fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
                fastcgi_pass unix:/run/php/php8.4-fpm.sock;
            }
        }\n",
    );
    let served = bare.ask(
        "curl -sf http://127.0.0.1/ && curl -sf http://127.0.0.1:8080/seen.php",
        &["php8.4-fpm.service", "nginx.service"],
    );
    served.answered("Welcome to nginx!");
    assert_eq!(seen(&served)["shadow"], "seen", "the shipped unit hides nothing");
}

#[test]
fn debians_redis() {
    let Some(bare) = Bare::start("redis", "/usr/bin/redis-server") else { return };
    let question = "test \"$(redis-cli set greeting hello)\" = OK && redis-cli get greeting";
    bare.ask(question, &["redis-server.service"]).answered("hello");
}

#[test]
fn an_ordinary_user_runs_the_same() {
    let Some(bare) = Bare::start("user", "/usr/bin/redis-server") else { return };
    let question = "test \"$(redis-cli set greeting hello)\" = OK && redis-cli get greeting";
    bare.ask_as("redis", question, &["redis-server.service"]).answered("hello");

    bare.write("/etc/systemd/system/hidden-pages.service", include_str!("services/hidden-pages.service"));
    bare.write("/srv/pages/index.html", "It works.\n");
    bare.ask_as("www-data", "curl -sf http://127.0.0.1:8080/", &["hidden-pages.service"])
        .answered("It works.");
}

#[test]
fn debians_memcached() {
    let Some(bare) = Bare::start("memcached", "/usr/bin/memcached") else { return };
    let question = r"exec 3<> /dev/tcp/127.0.0.1/11211 &&
        printf 'set greeting 0 0 5\r\nhello\r\nget greeting\r\nquit\r\n' >&3 && cat <&3";
    bare.ask(question, &["memcached.service"]).answered("STORED\r\nVALUE greeting 0 5\r\nhello\r\nEND");
}

#[test]
fn debians_postgresql() {
    let Some(bare) = Bare::start("postgresql", "/usr/lib/systemd/system/postgresql@.service") else { return };
    // What the package leaves to systemd-tmpfiles.
    bare.machine.shell("install -d -o postgres -g postgres -m 2775 /run/postgresql").unwrap();
    let question = "setpriv --reuid postgres --regid postgres --clear-groups psql -Atc 'select 6 * 7'";
    bare.ask(question, &["postgresql@17-main.service"]).answered("42");
}
