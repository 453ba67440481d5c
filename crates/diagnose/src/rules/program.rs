//! What programs say in words of their own.

use crate::clue::Clue;
use crate::words::{errno_in, paths_in};
use ringfence_terms::Errno;

pub fn clue(message: &str) -> Option<Clue> {
    if let Some((_, rest)) = message.split_once("error while loading shared libraries: ") {
        let name = rest.split(':').next()?.trim().to_owned();
        return Some(Clue::Library { name });
    }
    let (errno, at) = errno_in(message)?;
    if errno == Errno::EAFNOSUPPORT {
        return Some(Clue::AddressFamily);
    }
    let paths = paths_in(message, at);
    (!paths.is_empty()).then_some(Clue::Denied { paths, errno })
}
