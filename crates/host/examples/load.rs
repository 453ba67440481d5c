//! How long it takes to load a distribution's units and to plan each of them.
//!
//! Writes 300 units with their drop-ins (one of each unit's own, two for all services) to a new directory, and then, in
//! rounds: opens the tree, loads every unit, types its settings, plans its mounts; on one processor, and on all. Prints
//! the shortest and the middle round, and what each step took in it.
//!
//!     cargo run --release -p ringfence-host --example load [ROUNDS]

use ringfence_host::HostFacts;
use ringfence_sandbox::plan::{For, Mode, Plan};
use ringfence_settings::Settings;
use ringfence_unit::find::{Environment, Root, SearchPath, UnitTree};
use ringfence_unit::{LoadState, Manager};
use std::fs;
use std::io;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::path::Path;
use std::time::{Duration, Instant};

const UNITS: usize = 300;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rounds = std::env::args().nth(1).map_or(Ok(25), |rounds| rounds.parse())?;
    let directory = tempfile::tempdir()?;
    write_units(directory.path())?;
    // What a plan asks of the machine does not depend on how many units there are; it is asked once, as `score` does.
    let facts = HostFacts::of_this_machine()?;
    let all = std::thread::available_parallelism().map_or(1, NonZero::get);
    println!("{UNITS} units, {rounds} rounds; milliseconds");
    println!("{:24} {:>8} {:>8} {:>8} {:>8} {:>8}", "", "open", "load", "settings", "plan", "all");
    for threads in if all > 1 { vec![1, all] } else { vec![1] } {
        let mut took: Vec<[Duration; 4]> =
            (0..rounds).map(|_| round(directory.path(), &facts, threads)).collect();
        took.sort_by_key(|steps| steps.iter().sum::<Duration>());
        for (name, steps) in [("shortest", took.first()), ("median", took.get(took.len() / 2))] {
            let Some(steps) = steps else { continue };
            print!("{:24}", format!("{threads} thread(s), {name}"));
            for step in steps.iter().copied().chain([steps.iter().sum()]) {
                print!(" {:8.2}", step.as_secs_f64() * 1e3);
            }
            println!();
        }
    }
    Ok(())
}

/// What each step took.
fn round(directory: &Path, facts: &HostFacts, threads: usize) -> [Duration; 4] {
    let start = Instant::now();
    let search = SearchPath::of_dirs(Root::system(), Manager::System, [directory.to_path_buf()]);
    let tree = UnitTree::open(search, Environment::of_process());
    let names = tree.services_and_masks();
    let opened = Instant::now();
    let units = each(threads, &names, |name| tree.load(name));
    let loaded = Instant::now();
    let settings = each(threads, &units, |unit| Settings::from_unit(unit).0);
    let typed = Instant::now();
    let plan = |settings: &Settings| Plan::of(settings, facts, &For::main(), Mode::Faithful);
    let mounts = each(threads, &settings, |settings| plan(settings).mounts.len());
    let planned = Instant::now();
    assert_eq!(units.iter().filter(|unit| unit.state == LoadState::Loaded).count(), UNITS);
    assert!(mounts.iter().all(|mounts| *mounts > 10));
    [opened - start, loaded - opened, typed - loaded, planned - typed]
}

/// Does the same to each item, on so many threads; the results are in the items' order.
fn each<T: Sync, R: Send>(threads: usize, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let (first, others) = items.split_at(items.len().div_ceil(threads));
    let work = &work;
    std::thread::scope(|scope| {
        let others: Vec<_> = others
            .chunks(first.len().max(1))
            .map(|items| scope.spawn(move || items.iter().map(work).collect::<Vec<R>>()))
            .collect();
        let mut all: Vec<R> = first.iter().map(work).collect();
        for other in others {
            all.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        all
    })
}

fn write_units(directory: &Path) -> io::Result<()> {
    let all = directory.join("service.d");
    fs::create_dir(&all)?;
    fs::write(all.join("10-all.conf"), "[Service]\nLockPersonality=yes\nRestrictRealtime=yes\n")?;
    fs::write(all.join("20-all.conf"), "[Unit]\nOnFailure=report@%n.service\n")?;
    for number in 0..UNITS {
        fs::write(directory.join(format!("unit{number}.service")), fragment(number))?;
        let own = directory.join(format!("unit{number}.service.d"));
        fs::create_dir(&own)?;
        fs::write(
            own.join("50-local.conf"),
            format!(
                "# Local changes.\n[Service]\nReadWritePaths=-/srv/unit{number}\nEnvironment=PORT={number}\n"
            ),
        )?;
    }
    Ok(())
}

/// What a well-kept service of a distribution looks like.
fn fragment(number: usize) -> String {
    format!(
        "[Unit]
Description=Service number {number}
Documentation=man:unit{number}(8)
After=network.target
Wants=network.target

[Service]
Type=notify
ExecStart=/usr/sbin/unit{number} --config /etc/unit{number}/main.conf --foreground
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
User=daemon
StateDirectory=unit{number}
LimitNOFILE=65536
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ReadWritePaths=-/var/spool/unit{number}
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_NET_BIND_SERVICE CAP_SETUID CAP_SETGID
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources

[Install]
WantedBy=multi-user.target
"
    )
}
