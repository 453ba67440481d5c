//! Programs of this workspace, built for use inside a lab.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program of this workspace.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    package: &'static str,
    binary: &'static str,
}

impl Program {
    /// The probe.
    pub const PROBE: Program = Program { package: "ringfence-probe", binary: "ringfence-probe" };
    /// This harness itself, for what must be asked on the machine.
    pub const AGREEMENT: Program = Program { package: "ringfence-agreement", binary: "agreement" };
    /// The command line.
    pub const RINGFENCE: Program = Program { package: "ringfence", binary: "ringfence" };
}

/// Builds a program, linked statically so that it runs over any root, and returns where it lies.
///
/// The musl target is used where it is installed, otherwise the C library's own static form.
pub fn built(program: Program) -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = target()?;
    let directory = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root.join("target"), PathBuf::from)
        .join("static");
    let status = Command::new(env!("CARGO"))
        .current_dir(&root)
        .args([
            "build",
            "--quiet",
            "--package",
            program.package,
            "--bin",
            program.binary,
            "--target",
            &target,
        ])
        .arg("--target-dir")
        .arg(&directory)
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()
        .context("cannot run cargo")?;
    if !status.success() {
        bail!("{} could not be built for {target} ({status})", program.binary);
    }
    Ok(directory.join(target).join("debug").join(program.binary))
}

fn target() -> Result<String> {
    let rustc = |args: &[&str]| -> Result<String> {
        let output = Command::new("rustc").args(args).output().context("cannot run rustc")?;
        Ok(String::from_utf8(output.stdout)?)
    };
    let version = rustc(&["-vV"])?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    let musl = host.replace("-gnu", "-musl");
    let sysroot = rustc(&["--print", "sysroot"])?;
    let installed = Path::new(sysroot.trim()).join("lib/rustlib").join(&musl).join("lib").is_dir();
    Ok(if installed { musl } else { host.to_owned() })
}
