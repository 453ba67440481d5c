//! Runs a command that may change nothing and talk to nobody: `cargo run --example sandboxed -- ls -l /`.

use ringfence_engine::Sandbox;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = Sandbox::new()
        .set("ProtectSystem", "strict")
        .set("ProtectHome", "read-only")
        .set("PrivateNetwork", "yes");
    let ended = sandbox.run(std::env::args().skip(1))?;
    for shortfall in &ended.shortfalls {
        eprintln!("{shortfall}");
    }
    std::process::exit(ended.status.exit_status().unwrap_or(1));
}
