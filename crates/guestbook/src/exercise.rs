//! What a user of the service does, start to end.

use crate::{ADDRESS, http};
use std::error::Error;
use std::thread;
use std::time::Duration;

/// Signs the book, reads it back, exports it. Waits a moment for a service that is just starting.
pub fn run() -> Result<(), Box<dyn Error>> {
    let mut tries = 0;
    while let Err(error) = http::request(ADDRESS, "GET", "/", "") {
        tries += 1;
        if tries == 50 {
            return Err(format!("no answer from {ADDRESS}: {error}").into());
        }
        thread::sleep(Duration::from_millis(100));
    }
    let name = format!("visitor {}", std::process::id());
    http::request(ADDRESS, "POST", "/sign", &name)?;
    for page in ["/", "/export"] {
        let text = http::request(ADDRESS, "GET", page, "")?;
        if !text.lines().any(|line| line == name) {
            return Err(format!("{page} does not show `{name}`").into());
        }
    }
    Ok(())
}
