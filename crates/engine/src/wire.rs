//! What the new process tells the one that started it, before its program runs.
//!
//! One message is one datagram of a sequenced-packet socket, written with `write(2)`: a system call that systemd's
//! filters always leave open, for the same purpose.

use crate::enforcement::{Shortfall, Strength};
use crate::failure::Failure;
use crate::step::Step;
use ringfence_terms::{Errno, Origin, Written};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The process goes on under another number (a new PID namespace).
    Moved(i32),
    /// The sandbox stands but for the last filters; the process waits for a byte.
    Waiting,
    /// Something is enforced less than asked for.
    Shortfall(Shortfall),
    /// The next thing is `execve(2)`: end of file after this means that the program runs.
    Executing,
    /// A step failed; the process exits.
    Failed(Failure),
}

/// The longest message that is sent or accepted.
pub const MAX: usize = 64 * 1024;

impl Message {
    /// The bytes of a message.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer(Vec::new());
        match self {
            Message::Moved(pid) => {
                out.byte(b'M');
                out.number(*pid);
            }
            Message::Waiting => out.byte(b'W'),
            Message::Shortfall(shortfall) => {
                out.byte(b'S');
                out.byte(match shortfall.strength {
                    Strength::Weaker => b'w',
                    Strength::NotEnforced => b'n',
                });
                out.text(shortfall.directive.as_bytes());
                out.origin(shortfall.origin.as_ref());
                out.text(shortfall.why.as_bytes());
            }
            Message::Executing => out.byte(b'E'),
            Message::Failed(failure) => {
                out.byte(b'F');
                out.byte(failure.step.status());
                out.text(failure.what.as_bytes());
                out.number(failure.errno.map_or(0, |e| e.0));
                out.optional(failure.path.as_ref().map(|p| p.as_os_str().as_bytes()));
                out.origin(failure.origin.as_ref());
                out.optional(failure.hint.as_ref().map(|h| h.as_bytes()));
            }
        }
        out.0.truncate(MAX);
        out.0
    }

    /// Reads a message; none if it is not one.
    pub fn decode(bytes: &[u8]) -> Option<Message> {
        let mut input = Reader(bytes);
        Some(match input.byte()? {
            b'M' => Message::Moved(input.number()?),
            b'W' => Message::Waiting,
            b'S' => Message::Shortfall(Shortfall {
                strength: match input.byte()? {
                    b'w' => Strength::Weaker,
                    _ => Strength::NotEnforced,
                },
                directive: input.string()?,
                origin: input.origin()?,
                why: input.string()?,
            }),
            b'E' => Message::Executing,
            b'F' => Message::Failed(Failure {
                step: Step::from_status(input.byte()?)?,
                what: input.string()?,
                errno: match input.number()? {
                    0 => None,
                    errno => Some(Errno(errno)),
                },
                path: input.optional()?.map(|p| PathBuf::from(OsStr::from_bytes(p))),
                origin: input.origin()?,
                hint: input.optional()?.map(|h| String::from_utf8_lossy(h).into_owned()),
            }),
            _ => return None,
        })
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    fn number(&mut self, number: i32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn text(&mut self, text: &[u8]) {
        let text = &text[..text.len().min(8192)];
        self.number(text.len() as i32);
        self.0.extend_from_slice(text);
    }

    fn optional(&mut self, text: Option<&[u8]>) {
        self.byte(u8::from(text.is_some()));
        if let Some(text) = text {
            self.text(text);
        }
    }

    fn origin(&mut self, origin: Option<&Origin>) {
        self.byte(u8::from(origin.is_some()));
        if let Some(origin) = origin {
            self.text(origin.directive.as_bytes());
            self.text(origin.value.as_bytes());
            self.text(origin.file.as_os_str().as_bytes());
            self.number(origin.line as i32);
            self.number(origin.column as i32);
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|b| b[0])
    }

    fn number(&mut self) -> Option<i32> {
        self.take(4)?.try_into().ok().map(i32::from_le_bytes)
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    fn string(&mut self) -> Option<String> {
        self.text().map(|t| String::from_utf8_lossy(t).into_owned())
    }

    fn optional(&mut self) -> Option<Option<&'a [u8]>> {
        match self.byte()? {
            0 => Some(None),
            _ => self.text().map(Some),
        }
    }

    fn origin(&mut self) -> Option<Option<Origin>> {
        if self.byte()? == 0 {
            return Some(None);
        }
        Some(Some(
            Written {
                directive: self.string()?.into(),
                value: self.string()?.into(),
                file: PathBuf::from(OsString::from_vec(self.text()?.to_vec())).into(),
                line: self.number()? as u32,
                column: self.number()? as u32,
            }
            .into(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::sync::Arc;

    fn origin() -> Origin {
        Written {
            directive: "ReadOnlyPaths".into(),
            value: "/nope".into(),
            file: Arc::from(Path::new("/etc/systemd/system/x.service")),
            line: 7,
            column: 1,
        }
        .into()
    }

    #[test]
    fn every_message_comes_out_as_it_went_in() {
        let failure = Failure::new(Step::Namespace, "find /nope")
            .errno(Errno::ENOENT)
            .path("/nope")
            .origin(Some(&origin()))
            .hint("make it");
        let shortfall = Shortfall {
            directive: "PrivateNetwork".to_owned(),
            origin: Some(origin()),
            strength: Strength::NotEnforced,
            why: "no privilege".to_owned(),
        };
        for message in [
            Message::Moved(4711),
            Message::Waiting,
            Message::Shortfall(shortfall),
            Message::Executing,
            Message::Failed(failure),
            Message::Failed(Failure::new(Step::Exec, "execute /bin/x")),
        ] {
            assert_eq!(Message::decode(&message.encode()), Some(message));
        }
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let whole = Message::Failed(Failure::new(Step::Exec, "execute").path("/x")).encode();
        for cut in 0..whole.len() {
            assert_eq!(Message::decode(&whole[..cut]), None, "after {cut} bytes");
        }
        assert_eq!(Message::decode(b"?"), None);
    }
}
