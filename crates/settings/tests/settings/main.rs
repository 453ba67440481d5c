//! Units as text, and the settings that they make.

mod commands;
mod from_text;
mod merging;
mod paths;
