//! One attempt, as a Rust program makes and reports it: app write|read|mkdir PATH, app bind PORT.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().collect();
    let (what, arg) = (words[1].as_str(), words[2].as_str());
    match what {
        "write" => drop(std::fs::File::create(arg).unwrap_or_else(|e| panic!("cannot create {arg}: {e}"))),
        "read" => drop(std::fs::read(arg).map_err(|e| format!("failed to load {arg}: {e}"))?),
        "mkdir" => std::fs::create_dir(arg).map_err(|e| format!("mkdir {arg}: {e}"))?,
        _ => drop(std::net::TcpListener::bind(format!("0.0.0.0:{arg}")).map_err(|e| format!("cannot bind to 0.0.0.0:{arg}: {e}"))?),
    }
    Ok(())
}
