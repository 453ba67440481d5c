//! Recordings in the JSON.

use super::read::Builder;
use super::words;
use crate::{BlindSpot, Profile, RecorderKind, Recording, RecordingId};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    id: String,
    host: String,
    target: String,
    recorder: String,
    started: u64,
    seconds: u64,
    events: u64,
    lost: u64,
    cut: u64,
    ended: bool,
    blind_spots: Vec<String>,
}

pub(super) fn stored(profile: &Profile) -> impl Iterator<Item = Stored> {
    profile.recordings().map(|(id, recording)| Stored {
        id: format!("{:032x}", id.0),
        host: recording.host.clone(),
        target: recording.target.clone(),
        recorder: recording.recorder.word().to_owned(),
        started: recording.started,
        seconds: recording.seconds,
        events: recording.events,
        lost: recording.lost,
        cut: recording.cut,
        ended: recording.ended,
        blind_spots: recording.blind_spots.iter().map(|spot| spot.word().to_owned()).collect(),
    })
}

pub(super) fn restore(stored: Stored, builder: &mut Builder) -> Result<(), String> {
    let id = u128::from_str_radix(&stored.id, 16)
        .map_err(|_| format!("the recording id {:?} is not 32 hexadecimal digits", stored.id))?;
    let recorders = [RecorderKind::Ebpf, RecorderKind::Ptrace].into_iter().map(|kind| (kind, kind.word()));
    let spots = || BlindSpot::WORDS.into_iter().map(|(spot, word, _)| (spot, word));
    let recording = Recording {
        host: stored.host,
        target: stored.target,
        recorder: words::find("a recorder", &stored.recorder, recorders)?,
        started: stored.started,
        seconds: stored.seconds,
        events: stored.events,
        lost: stored.lost,
        cut: stored.cut,
        ended: stored.ended,
        blind_spots: stored
            .blind_spots
            .iter()
            .map(|word| words::find("a blind spot", word, spots()))
            .collect::<Result<_, _>>()?,
    };
    builder.profile.record(RecordingId(id), &recording);
    Ok(())
}
