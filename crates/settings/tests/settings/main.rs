//! Units as text, and the settings that they make.

mod catalogue;
mod commands;
mod from_text;
mod laws;
mod lines;
mod merging;
mod paths;
mod values;
