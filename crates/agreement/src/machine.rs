//! A machine to run units on: a lab of our own, or the one we are on.

use anyhow::{Context, Result, bail};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A machine whose PID 1 is (or is not) a systemd. A lab is stopped when the value goes.
#[derive(Debug)]
pub enum Machine {
    /// The running system.
    Host,
    /// A lab of `lab/systemd-lab`, by name.
    Lab(String),
}

impl Machine {
    /// Boots a lab with a systemd over `root` (by default the cached Debian root).
    pub fn lab(name: &str, root: Option<&Path>) -> Result<Machine> {
        Machine::start("up", name, root)
    }

    /// Starts the same machine without a systemd.
    pub fn bare(name: &str, root: Option<&Path>) -> Result<Machine> {
        Machine::start("bare", name, root)
    }

    fn start(how: &str, name: &str, root: Option<&Path>) -> Result<Machine> {
        let mut command = Command::new(lab_script());
        // The machine's own services are nothing to us.
        command
            .args([how, name])
            .args(root)
            .env("RINGFENCE_LAB_TARGET", "basic.target")
            .stdout(Stdio::null());
        let status = command.status().context("cannot run lab/systemd-lab")?;
        if !status.success() {
            bail!("the lab {name} did not start ({status})");
        }
        Ok(Machine::Lab(name.to_owned()))
    }

    /// A command that will run on the machine.
    pub fn command(&self, program: &str) -> Command {
        match self {
            Machine::Host => Command::new(program),
            Machine::Lab(name) => {
                let mut command = Command::new(lab_script());
                command.args(["exec", name, program]);
                command
            }
        }
    }

    /// Runs a shell script there and returns what it printed.
    pub fn shell(&self, script: &str) -> Result<String> {
        let output = self.feed("sh", &["-s"], script.as_bytes())?;
        Ok(String::from_utf8_lossy(&output).into_owned())
    }

    /// Runs a program there with the given input; its output, when it succeeded.
    pub fn feed(&self, program: &str, args: &[&str], input: &[u8]) -> Result<Vec<u8>> {
        let mut child = self
            .command(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {program}"))?;
        let mut stdin = child.stdin.take().context("no standard input")?;
        // Another thread feeds: a program may print much before it has read all.
        let output = std::thread::scope(|scope| {
            scope.spawn(move || stdin.write_all(input));
            child.wait_with_output()
        })?;
        if !output.status.success() {
            bail!("{program} ended with {}", output.status);
        }
        Ok(output.stdout)
    }

    /// Writes a file there, its parents included.
    pub fn write(&self, path: &str, mode: &str, content: &[u8]) -> Result<()> {
        let script = "mkdir -p \"$(dirname \"$1\")\" && cat > \"$1\" && chmod \"$2\" \"$1\"";
        self.feed("sh", &["-euc", script, "sh", path, mode], content).map(drop)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Machine::Lab(name) = self {
            // A lab that does not stop is reported by the script itself; there is nobody to return an error to.
            let _ = Command::new(lab_script()).args(["down", name]).status();
        }
    }
}

fn lab_script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lab/systemd-lab")
}
