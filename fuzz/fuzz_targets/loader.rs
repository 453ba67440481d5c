//! Any bytes as a program, its loader's cache and its libraries are followed to an end without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_loader::{Cache, Files, needs};
use ringfence_terms::AbsPath;

/// Every file has the same content.
struct Everywhere<'b>(&'b [u8]);

impl Files for Everywhere<'_> {
    fn read(&self, _path: &AbsPath) -> Option<Vec<u8>> {
        Some(self.0.to_vec())
    }
}

fuzz_target!(|bytes: &[u8]| {
    if let Some(cache) = Cache::parse(bytes) {
        cache.lookup("libc.so.6");
    }
    let Ok(program) = "/usr/bin/a".parse() else { return };
    needs(&program, &Everywhere(bytes));
});
