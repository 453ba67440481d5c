//! What a profile says about the recordings that it was made of.

use std::collections::BTreeSet;

/// Which recorder watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RecorderKind {
    /// BPF programs in the kernel.
    Ebpf,
    /// ptrace(2) and a seccomp filter.
    Ptrace,
}

impl RecorderKind {
    /// The word on the command line and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            RecorderKind::Ebpf => "ebpf",
            RecorderKind::Ptrace => "ptrace",
        }
    }
}

/// A number that tells recordings apart: 128 random bits, chosen when a recording starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordingId(pub u128);

/// One recording: what was watched, for how long, how well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// The host's name.
    pub host: String,
    /// What was recorded, in the words of the command line: `nginx.service`, `--pid 17`, `-- make`.
    pub target: String,
    /// Which recorder watched.
    pub recorder: RecorderKind,
    /// When it started, in seconds since 1970.
    pub started: u64,
    /// How long it has lasted, in whole seconds.
    pub seconds: u64,
    /// Events delivered by the recorder.
    pub events: u64,
    /// Events known to be lost.
    pub lost: u64,
    /// Paths that were too long or too deep for the recorder and were cut.
    pub cut: u64,
    /// Whether the recording came to its end; false in a checkpoint that was left behind.
    pub ended: bool,
    /// What this recording cannot have seen.
    pub blind_spots: BTreeSet<BlindSpot>,
}

/// Something that a recording cannot have seen, though it may have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BlindSpot {
    /// Events were lost.
    LostEvents,
    /// Paths were cut.
    CutPaths,
    /// io_uring was used, and this recorder does not see its requests.
    IoUring,
    /// Capabilities were inferred from system calls, not observed.
    CapabilitiesInferred,
    /// The most frequent harmless system calls were sampled, so a rare one may be missing from the list of calls.
    SyscallsSampled,
    /// The target was running already: its start-up is not in the recording.
    StartUp,
    /// Calls that the target's own seccomp filter refused were not seen.
    RefusedBySeccomp,
    /// A program of another ABI or architecture ran whose calls are not understood.
    ForeignAbi,
    /// A process could not be followed (another tracer, a security module, a program with privileges of its own).
    NotFollowed,
    /// A program gained no privileges on execution, because it was being traced by an ordinary user.
    ExecGainSuppressed,
    /// A program that traces others (a debugger, strace) could not, because they were being traced for the recording.
    TracingRefused,
}

impl BlindSpot {
    /// Every blind spot, its word in JSON, and a sentence for people.
    pub const WORDS: [(BlindSpot, &'static str, &'static str); 11] = [
        (BlindSpot::LostEvents, "lost-events", "some events were lost: the recorder could not keep up"),
        (
            BlindSpot::CutPaths,
            "cut-paths",
            "some paths were too long or too deep and were cut; they start with \u{2026}/",
        ),
        (BlindSpot::IoUring, "io-uring", "io_uring was used, and requests made through it were not seen"),
        (
            BlindSpot::CapabilitiesInferred,
            "capabilities-inferred",
            "capabilities are inferred from system calls, not observed",
        ),
        (
            BlindSpot::SyscallsSampled,
            "syscalls-sampled",
            "the most frequent system calls were sampled: a rare use of one may be missing",
        ),
        (BlindSpot::StartUp, "start-up", "the target was already running: its start-up was not seen"),
        (
            BlindSpot::RefusedBySeccomp,
            "refused-by-seccomp",
            "calls that the target's own seccomp filter refused were not seen",
        ),
        (
            BlindSpot::ForeignAbi,
            "foreign-abi",
            "a program of another ABI ran, whose system calls were not understood",
        ),
        (BlindSpot::NotFollowed, "not-followed", "a process could not be followed"),
        (
            BlindSpot::ExecGainSuppressed,
            "exec-gain-suppressed",
            "a set-user-ID program ran without its privileges, because an ordinary user traced it",
        ),
        (
            BlindSpot::TracingRefused,
            "tracing-refused",
            "a program could not trace another, which ptrace recorded; the ebpf recorder is not in its way",
        ),
    ];

    /// The word in JSON.
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize].1
    }

    /// A sentence for people, without a full stop.
    pub fn sentence(self) -> &'static str {
        Self::WORDS[self as usize].2
    }
}

impl Recording {
    /// Whether everything that the target did while it was watched is in the profile, as far as the recorder can tell.
    pub fn is_complete(&self) -> bool {
        self.ended && self.lost == 0 && self.cut == 0
    }

    /// What a later state of the same recording, or an equal one, adds.
    pub(crate) fn join(&mut self, other: &Recording) {
        self.seconds = self.seconds.max(other.seconds);
        self.events = self.events.max(other.events);
        self.lost = self.lost.max(other.lost);
        self.cut = self.cut.max(other.cut);
        self.ended |= other.ended;
        self.blind_spots.extend(&other.blind_spots);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_words_is_in_the_order_of_the_enum() {
        for (spot, word, _) in BlindSpot::WORDS {
            assert_eq!(spot.word(), word);
        }
    }
}
