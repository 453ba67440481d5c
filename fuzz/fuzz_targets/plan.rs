//! Any unit has a plan on a small machine; every access is answered, and each fix that is offered opens it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_sandbox::decide::{Credentials, decide};
use ringfence_sandbox::facts::fake::FakeFacts;
use ringfence_sandbox::fix::fixes;
use ringfence_sandbox::plan::{For, Mode, Plan};
use ringfence_sandbox::view::View;
use ringfence_settings::Settings;
use ringfence_terms::{Access, AccessKind};

fuzz_target!(|bytes: &[u8]| {
    let Some(unit) = ringfence_fuzz::unit(bytes) else { return };
    let (settings, _) = Settings::from_unit(&unit);
    let machine = FakeFacts::debian();
    for mode in [Mode::Faithful, Mode::Documented] {
        let plan = Plan::of(&settings, &machine, &For::main(), mode);
        let view = View::of(&plan, &machine);
        let who = Credentials::of(&settings, &machine);
        for path in ["/", "/etc/passwd", "/var/lib/a/b", "/home", "/dev/null", "/run/x", "/tmp/x"] {
            for kind in [AccessKind::Read, AccessKind::Write, AccessKind::Create, AccessKind::Execute] {
                let Ok(path) = path.parse() else { continue };
                decide(&view, &who, &Access { path, kind });
            }
        }
    }
    let Ok(path) = "/etc/passwd".parse() else { return };
    fixes(&unit, &machine, &For::main(), Mode::Faithful, &Access { path, kind: AccessKind::Write });
});
