//! From bytes to logical lines (systemd: `src/shared/conf-parser.c: config_parse, parse_line`).

use super::lines::next_line;
use super::{Item, ItemKind, LONG_LINE_MAX, Setting, UnitText};
use crate::words::is_character;
use ringfence_terms::{Complaint, Severity, Written};
use smallvec::SmallVec;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a whole file. Behind the line where systemd stops, reading goes on, so that all complaints come at once.
pub(super) fn read(file: Arc<Path>, bytes: Vec<u8>) -> UnitText {
    let mut reader = Reader {
        file,
        bytes: &bytes,
        ascii: std::str::from_utf8(&bytes).ok().filter(|text| text.is_ascii()),
        section: None,
        items: Vec::with_capacity(bytes.iter().filter(|&&byte| byte == b'\n').count()),
        complaints: Vec::new(),
        in_effect: None,
    };
    reader.read();
    let Reader { file, items, complaints, in_effect, .. } = reader;
    let in_effect = in_effect.unwrap_or(items.len());
    UnitText { file, bytes, items, complaints, in_effect }
}

/// Whether a physical line is a comment, wherever it stands.
pub(super) fn is_comment(line: &[u8]) -> bool {
    matches!(line.iter().find(|&&byte| !is_blank(byte)), Some(b'#' | b';'))
}

/// Whether a physical line goes on in the next: its last backslash is not itself escaped.
pub(super) fn is_continued(line: &[u8]) -> bool {
    line.iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 1
}

/// The text, if systemd takes it for valid UTF-8 (noncharacters are refused besides: `utf8_is_valid`), or else where it
/// goes wrong.
pub(super) fn as_utf8(text: &[u8]) -> Result<&str, usize> {
    let text = std::str::from_utf8(text).map_err(|error| error.valid_up_to())?;
    if text.is_ascii() {
        return Ok(text);
    }
    match text.find(|c| !is_character(c)) {
        Some(at) => Err(at),
        None => Ok(text),
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The part of `text` that is left without the white space around it.
fn trimmed(text: &[u8]) -> Range<usize> {
    let end = text.iter().rposition(|&byte| !is_blank(byte)).map_or(0, |last| last + 1);
    let start = text[..end].iter().position(|&byte| !is_blank(byte)).unwrap_or(0);
    start..end
}

struct Reader<'a> {
    file: Arc<Path>,
    bytes: &'a [u8],
    /// The bytes as a text, where they are plain ASCII, as most files': then no line has to be looked at for it.
    ascii: Option<&'a str>,
    section: Option<Arc<str>>,
    items: Vec<Item>,
    complaints: Vec<Complaint>,
    in_effect: Option<usize>,
}

/// Lines joined so far into a logical one.
struct Joined {
    start: usize,
    line: u32,
    text: Vec<u8>,
    parts: Vec<Part>,
}

impl Joined {
    fn whole(&self) -> Logical<'_> {
        Logical { start: self.start, line: self.line, text: &self.text, parts: &self.parts }
    }
}

/// A line's number, and the bytes of the file that went into a logical line's text.
type Part = (u32, Range<usize>);

/// A whole logical line.
struct Logical<'a> {
    start: usize,
    line: u32,
    text: &'a [u8],
    /// What the text was put together from, in order.
    parts: &'a [Part],
}

impl Logical<'_> {
    /// Which bytes of the file the text is, where it was not put together from several parts.
    fn only_part(&self) -> Option<Range<usize>> {
        match self.parts {
            [(_, part)] if part.len() == self.text.len() => Some(part.clone()),
            _ => None,
        }
    }

    /// Where in the file byte number `at` of the text stands, with its line.
    fn locate(&self, at: usize) -> Option<(u32, usize)> {
        let mut left = at;
        for (line, part) in self.parts {
            if left < part.len() {
                return Some((*line, part.start + left));
            }
            left -= part.len();
        }
        None
    }

    /// Which bytes of the file a part of the text stands in.
    fn sources(&self, wanted: Range<usize>) -> SmallVec<[Range<usize>; 1]> {
        let mut sources = SmallVec::new();
        let mut start = 0;
        for (_, part) in self.parts {
            let from = wanted.start.clamp(start, start + part.len());
            let to = wanted.end.clamp(start, start + part.len());
            if from < to {
                sources.push(part.start + from - start..part.start + to - start);
            }
            start += part.len();
        }
        sources
    }
}

impl Reader<'_> {
    fn read(&mut self) {
        let bytes = self.bytes;
        let mut at = 0;
        let mut number: u32 = 0;
        let mut mark_seen = false;
        let mut open: Option<Joined> = None;
        while let Some(line) = next_line(bytes, at) {
            let start = at;
            at = line.end;
            number = number.saturating_add(1);
            let mut content = line.content;
            let too_long = content.len() >= LONG_LINE_MAX;
            if !too_long && is_comment(&bytes[content.clone()]) {
                if open.is_none() {
                    self.items.push(Item { span: start..at, line: number, kind: ItemKind::Comment });
                }
                continue;
            }
            // systemd looks for the mark until it has found one, not just on the first line, and after it has looked
            // for comments.
            if !mark_seen && bytes[content.clone()].starts_with(BYTE_ORDER_MARK) {
                content.start += BYTE_ORDER_MARK.len();
                mark_seen = true;
            }
            let length = open.as_ref().map_or(0, |before| before.text.len()) + content.len();
            if too_long || (open.is_some() && length > LONG_LINE_MAX) {
                self.stop(number, "", "the line is longer than 1 MiB".to_owned(), "break up the line");
                let (start, line) = open.take().map_or((start, number), |before| (before.start, before.line));
                self.items.push(Item { span: start..at, line, kind: ItemKind::Junk });
                continue;
            }
            let text = &bytes[content.clone()];
            let continued = is_continued(text);
            // Most logical lines are one line, which need not be put together.
            if !continued && open.is_none() {
                let parts = [(number, content)];
                self.close(&Logical { start, line: number, text, parts: &parts }, at);
                continue;
            }
            let mut joined = open.take().unwrap_or_else(|| Joined {
                start,
                line: number,
                text: Vec::new(),
                parts: Vec::new(),
            });
            joined.text.extend_from_slice(text);
            joined.parts.push((number, content));
            if continued {
                // The backslash becomes a blank.
                joined.text.pop();
                joined.text.push(b' ');
                open = Some(joined);
            } else {
                self.close(&joined.whole(), at);
            }
        }
        if let Some(joined) = open {
            self.close(&joined.whole(), at);
        }
    }

    /// A logical line is complete.
    fn close(&mut self, logical: &Logical<'_>, end: usize) {
        let kind = self.classify(logical);
        self.items.push(Item { span: logical.start..end, line: logical.line, kind });
    }

    fn classify(&mut self, joined: &Logical<'_>) -> ItemKind {
        let span = trimmed(joined.text);
        if span.is_empty() {
            return ItemKind::Blank;
        }
        let first_line = joined.locate(span.start).map_or(joined.line, |(line, _)| line);
        let known = self.ascii.and_then(|file| file.get(joined.only_part()?)?.get(span.clone()));
        let text = match known.map_or_else(|| as_utf8(&joined.text[span.clone()]), Ok) {
            Ok(text) => text,
            Err(at) => {
                let line = joined.locate(span.start + at).map_or(first_line, |(line, _)| line);
                let help = "save the file as UTF-8, or write the bytes as escapes such as \\xff";
                self.stop(line, "", "the line is not valid UTF-8".to_owned(), help);
                return ItemKind::Junk;
            }
        };
        // What runs over several lines cannot be underlined; then the whole line stands for it.
        let subject = if joined.parts.len() == 1 { text } else { "" };
        if text.starts_with('[') {
            return self.header(text, subject, first_line);
        }
        let Some(section) = self.section.clone() else {
            self.ignore(
                first_line,
                subject,
                "the line stands before any section",
                "put it below a [Section] line",
            );
            return ItemKind::Junk;
        };
        let silent = section.starts_with("X-");
        let Some((directive, value)) = text.split_once('=') else {
            if !silent {
                self.ignore(
                    first_line,
                    subject,
                    "the line has no `=`",
                    "write Directive=value, or # for a comment",
                );
            }
            return ItemKind::Junk;
        };
        let directive = directive.trim_end_matches([' ', '\t']);
        if directive.is_empty() {
            if !silent {
                self.ignore(
                    first_line,
                    subject,
                    "there is no directive before the `=`",
                    "write Directive=value",
                );
            }
            return ItemKind::Junk;
        }
        let value_at = span.end - value.len();
        let value_span = trimmed(value.as_bytes());
        let value = &value[value_span.clone()];
        let place = |at: usize| joined.locate(at).map_or(joined.start, |(_, place)| place);
        let (first, last) = (place(span.start), place(span.start + directive.len() - 1) + 1);
        let line_start =
            joined.parts.iter().find(|(_, part)| part.contains(&first)).map_or(first, |(_, p)| p.start);
        ItemKind::Assignment(Setting {
            section,
            origin: Written {
                directive: directive.into(),
                value: value.into(),
                file: self.file.clone(),
                line: first_line,
                column: column(&self.bytes[line_start..first]),
            }
            .into(),
            directive_span: first..last,
            value_parts: joined.sources(value_at + value_span.start..value_at + value_span.end),
        })
    }

    fn header(&mut self, text: &str, subject: &str, line: u32) -> ItemKind {
        let help = "write the section's name between [ and ], and nothing after it";
        let Some(name) = text.get(1..).and_then(|rest| rest.strip_suffix(']')) else {
            self.stop(line, subject, format!("the section header `{text}` does not end in `]`"), help);
            return ItemKind::Junk;
        };
        // systemd: string_is_safe()
        if name.contains(|c: char| c.is_ascii_control() || matches!(c, '"' | '\'' | '\\')) {
            let message =
                format!("the section header `{text}` contains a quote, a backslash or a control character");
            self.stop(line, subject, message, help);
            return ItemKind::Junk;
        }
        let name: Arc<str> = name.into();
        self.section = Some(name.clone());
        ItemKind::Section(name)
    }

    /// systemd warns and ignores the line.
    fn ignore(&mut self, line: u32, subject: &str, what: &str, help: &str) {
        self.complain(Severity::Warning, line, subject, format!("{what}, so it is ignored"), help);
    }

    /// systemd reads no further.
    fn stop(&mut self, line: u32, subject: &str, what: String, help: &str) {
        self.in_effect.get_or_insert(self.items.len());
        self.complain(
            Severity::Error,
            line,
            subject,
            format!("{what}, so systemd reads no further in this file"),
            help,
        );
    }

    fn complain(&mut self, severity: Severity, line: u32, subject: &str, message: String, help: &str) {
        let (file, subject, help) = (self.file.clone(), subject.to_owned(), Some(help.to_owned()));
        self.complaints.push(Complaint { severity, message, file, line, subject, help });
    }
}

/// The column, in characters counted from 1, behind the beginning of a line.
fn column(before: &[u8]) -> u32 {
    let characters = before.iter().filter(|&&byte| byte & 0xc0 != 0x80).count();
    u32::try_from(characters).unwrap_or(u32::MAX).saturating_add(1)
}
