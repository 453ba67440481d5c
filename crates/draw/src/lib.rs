//! Plans, views and verdicts as text for people and as JSON for programs.
//!
//! Computes nothing: whatever is shown was decided elsewhere. Text has colours as escape sequences; whoever prints it
//! takes them out where they are not wanted. It is made for 80 columns and says the same without colour.
#![forbid(unsafe_code)]

mod files;
mod json;
mod layout;
mod mounts;
mod settings;
mod show;
mod tree;
mod words;

pub use json::{JsonFix, JsonOrigin, Show, Why};
pub use show::{Page, mount_list, page};
