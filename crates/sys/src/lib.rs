//! The one place for system calls that need `unsafe`: one safe function per use of a call, owned descriptors, no policy.
//!
//! Whatever `rustix` offers safely is called from there directly, by the crate that needs it; this crate holds only
//! the rest. One module a subject; each `unsafe` block says which obligation it has and why it holds here.
