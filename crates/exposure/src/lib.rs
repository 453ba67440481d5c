//! The exposure of a unit: what `systemd-analyze security` of systemd 257 answers, without a running systemd.
//!
//! [`assess`] takes settings and gives a [`Score`]: the badness of each of the 81 checks and the overall number, equal to
//! the real tool's in both of its [`Mode`]s, which differ. Where the real tool is known to be wrong (units of a user
//! manager), the score says what really applies and marks the check. Nothing is read: a policy file is handed in as text.
#![forbid(unsafe_code)]

mod assess;
mod checks;
mod compare;
mod policy;
mod rating;
mod rules;
mod score;
mod subject;

pub use assess::assess;
pub use checks::{Check, checks};
pub use compare::{Change, compare};
pub use policy::{Adjustment, Policy, PolicyError};
pub use rating::Rating;
pub use score::{Assessment, Score, ScoreError, Tenths};
pub use subject::{Mode, Subject};
