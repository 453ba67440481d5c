//! How long it takes to load a distribution's units and to plan each of them.
//!
//! Writes 300 units with their drop-ins (one of each unit's own, two for all services) to a new directory, and then, in
//! rounds: opens the tree, loads every unit, types its settings, plans its mounts. Prints the shortest and the middle
//! round, and what each step took in it.
//!
//!     cargo run --release -p ringfence-host --example load [ROUNDS]

use ringfence_host::HostFacts;
use ringfence_sandbox::plan::{For, Mode, Plan};
use ringfence_settings::Settings;
use ringfence_unit::find::{Environment, Root, SearchPath, UnitTree};
use ringfence_unit::{LoadState, Manager};
use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

const UNITS: usize = 300;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rounds = std::env::args().nth(1).map_or(Ok(25), |rounds| rounds.parse())?;
    let directory = tempfile::tempdir()?;
    write_units(directory.path())?;
    // What a plan asks of the machine does not depend on how many units there are; it is asked once, as `score` does.
    let facts = HostFacts::of_this_machine()?;
    let mut took: Vec<[Duration; 4]> = Vec::new();
    let mut mounts = 0;
    for _ in 0..rounds {
        let start = Instant::now();
        let search = SearchPath::of_dirs(Root::system(), Manager::System, [directory.path().to_path_buf()]);
        let tree = UnitTree::open(search, Environment::of_process());
        let names = tree.services();
        let opened = Instant::now();
        let units: Vec<_> = names.iter().map(|name| tree.load(name)).collect();
        let loaded = Instant::now();
        let settings: Vec<_> = units.iter().map(|unit| Settings::from_unit(unit).0).collect();
        let typed = Instant::now();
        let plans = settings.iter().map(|settings| Plan::of(settings, &facts, &For::main(), Mode::Faithful));
        mounts = plans.map(|plan| plan.mounts.len()).sum();
        let planned = Instant::now();
        assert_eq!(units.iter().filter(|unit| unit.state == LoadState::Loaded).count(), UNITS);
        took.push([opened - start, loaded - opened, typed - loaded, planned - typed]);
    }
    took.sort_by_key(|steps| steps.iter().sum::<Duration>());
    println!("{UNITS} units, {mounts} mounts, {rounds} rounds; milliseconds");
    println!("{:10} {:>8} {:>8} {:>8} {:>8} {:>8}", "", "open", "load", "settings", "plan", "all");
    for (name, steps) in [("shortest", took.first()), ("median", took.get(took.len() / 2))] {
        let Some(steps) = steps else { continue };
        print!("{name:10}");
        for step in steps.iter().copied().chain([steps.iter().sum()]) {
            print!(" {:8.2}", step.as_secs_f64() * 1e3);
        }
        println!();
    }
    Ok(())
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
