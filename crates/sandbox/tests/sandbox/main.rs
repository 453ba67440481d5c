//! Plans, views and verdicts, on invented machines and against what a real systemd made of the same units.

mod fixing;
mod machine;
mod plans;
mod properties;
mod recorded;
mod unit;
mod verdicts;
