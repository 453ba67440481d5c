//! The words that every part of ringfence shares.
//!
//! This crate promises small value types with checked invariants and nothing else: it opens no file, knows no
//! directive, and depends on no other part of ringfence.
#![forbid(unsafe_code)]

mod access;
mod complaint;
mod errno;
mod origin;
mod path;

pub use access::{Access, AccessKind};
pub use complaint::{Complaint, Severity};
pub use errno::Errno;
pub use origin::{Origin, Sourced, Written};
pub use path::{AbsPath, PathError};
