//! The command line's definition; help, completions and man pages come from it.

use crate::commands::Command;
use clap::{Args, Parser, ValueEnum};
use std::path::PathBuf;

/// Harden any systemd service without breaking it.
#[derive(Parser)]
#[command(name = "ringfence", version, max_term_width = 100, propagate_version = true)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command takes.
#[derive(Args, Clone, Debug)]
pub struct Global {
    /// Read units and paths of the unbooted system tree below DIR
    #[arg(long, global = true, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Units of the user manager
    #[arg(long, global = true)]
    pub user: bool,
    /// What the result looks like
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// Whether to colour
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
    /// Say more on standard error
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Say nothing on standard error but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
}

/// What the result looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: stable and versioned
    Json,
    /// Metrics for a node exporter's textfile directory (score)
    Prometheus,
    /// For code scanners: SARIF 2.1.0 (lint)
    Sarif,
}

/// Whether to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// When the output is a terminal
    #[default]
    Auto,
    /// Yes
    Always,
    /// No
    Never,
}
