//! `ringfence why UNIT PATH`.

use crate::args::Format;
use crate::context::Context;
use crate::failure::Failure;
use anstyle::{AnsiColor, Style};
use ringfence_draw::Why;
use ringfence_sandbox::decide::{Credentials, Verdict, decide};
use ringfence_sandbox::fix::fixes;
use ringfence_sandbox::plan::{Mode, Plan};
use ringfence_sandbox::view::View;
use ringfence_terms::{AbsPath, Access, AccessKind};
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// A unit's name, or the path of a unit file
    unit: String,
    /// The path as the service names it
    path: PathBuf,
    #[command(flatten)]
    kind: Kind,
}

// What the service wants to do with the path; reading when nothing is said.
#[derive(clap::Args)]
#[group(multiple = false)]
struct Kind {
    /// Look the path up
    #[arg(long)]
    stat: bool,
    /// Read the file, or list the directory (the default)
    #[arg(long)]
    read: bool,
    /// Write the file, or change the directory's entries
    #[arg(long)]
    write: bool,
    /// Make the path where nothing is yet
    #[arg(long)]
    create: bool,
    /// Execute the file
    #[arg(long)]
    exec: bool,
}

impl Kind {
    fn asked(&self) -> AccessKind {
        match self {
            Kind { stat: true, .. } => AccessKind::Stat,
            Kind { write: true, .. } => AccessKind::Write,
            Kind { create: true, .. } => AccessKind::Create,
            Kind { exec: true, .. } => AccessKind::Execute,
            Kind { read: _, .. } => AccessKind::Read,
        }
    }
}

pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let path = AbsPath::parse(&args.path).map_err(|error| {
        Failure::input(format!("{}: {error}", args.path.display()))
            .hint("give the path as the service would, from / on")
    })?;
    let (unit, settings) = context.settings(&args.unit)?;
    let facts = context.facts()?;
    let plan = Plan::of(&settings, &facts, &context.main_command(), Mode::Faithful);
    if let Some(failure) = &plan.failure {
        context.note(format_args!(
            "the service does not start at all (exit status {}): {}",
            failure.status, failure.why
        ));
    }
    let access = Access { path, kind: args.kind.asked() };
    let view = View::of(&plan, &facts);
    let verdict = decide(&view, &Credentials::of(&settings, &facts), &access);
    let fixes = fixes(&unit, &facts, &context.main_command(), Mode::Faithful, &access);
    let answer = Why::of(&unit, &access, &verdict, &fixes);
    match context.format {
        Format::Json => crate::output::json(&answer)?,
        Format::Text => crate::output::text(&text(&settings.unit.to_string(), &access, &verdict, &fixes))?,
        Format::Prometheus | Format::Sarif => return Err(context.no_such_format("why")),
    }
    Ok(ExitCode::from(u8::from(!verdict.is_allowed())))
}

fn text(unit: &str, access: &Access, verdict: &Verdict, fixes: &[ringfence_sandbox::fix::Fix]) -> String {
    let (good, bad) = (AnsiColor::Green.on_default().bold(), AnsiColor::Red.on_default().bold());
    let bold = Style::new().bold();
    let what = format!("{} {}", access.kind, access.path);
    let mut out = match verdict {
        Verdict::Allowed(because) => {
            format!("{good}allowed{good:#}  {unit}: {what}\n  {}\n", because.reason)
        }
        Verdict::Denied { errno, because } => {
            let message = errno.message().map_or_else(String::new, |message| format!(" ({message})"));
            format!("{bad}denied{bad:#}  {unit}: {what}: {errno}{message}\n  {}\n", because.reason)
        }
        Verdict::Undecidable(why) => format!("{bold}not decidable here{bold:#}  {unit}: {what}\n  {why}\n"),
    };
    // Of an access that works, the line is only the last one that could have forbidden it.
    if let Verdict::Denied { because, .. } = verdict
        && let Some(origin) = &because.origin
    {
        let _ = writeln!(
            out,
            "  {}:{}: {bold}{}={}{bold:#}",
            origin.file.display(),
            origin.line,
            origin.directive,
            origin.value
        );
    }
    for (n, fix) in fixes.iter().enumerate() {
        let head = if n == 0 { "To open just that, the narrowest way first" } else { "or" };
        let _ = writeln!(out, "\n{head}: {}", fix.why);
        for line in &fix.lines {
            let _ = writeln!(out, "  {bold}{line}{bold:#}");
        }
    }
    out
}
