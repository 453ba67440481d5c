//! Changing a unit file's text while keeping everything else in it as it is.

use super::lines::next_line;
use super::read::{as_utf8, is_comment, is_continued};
use super::{Item, ItemKind, LONG_LINE_MAX, Setting, UnitText};
use std::fmt;
use std::ops::Range;

/// Why something cannot be written into a unit file (or a drop-in) so that it reads back the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwritable {
    /// The text as given.
    pub text: String,
    /// What is wrong with it, in words.
    pub reason: &'static str,
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` cannot be written to a unit file: {}", self.text.escape_debug(), self.reason)
    }
}

impl std::error::Error for Unwritable {}

/// Checks the name of a section or a directive.
pub(super) fn check_name(name: &str) -> Result<(), Unwritable> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !name.is_empty() && name.bytes().all(good) {
        return Ok(());
    }
    let reason = "a section's or directive's name has only letters, digits and `-_.`";
    Err(Unwritable { text: name.to_owned(), reason })
}

/// Checks that a value reads back as it is.
pub(super) fn check_value(value: &str) -> Result<(), Unwritable> {
    let blank = [' ', '\t'];
    let reason = if value.contains(['\n', '\r', '\0']) {
        "a value cannot contain a line break or NUL"
    } else if value.starts_with(blank) || value.ends_with(blank) {
        "blanks around a value are lost"
    } else if is_continued(value.as_bytes()) {
        "a backslash at the end joins the next line"
    } else if as_utf8(value.as_bytes()).is_err() {
        "it contains a noncharacter, which systemd does not accept as UTF-8"
    } else if value.len() >= LONG_LINE_MAX / 2 {
        "it is too long for a line"
    } else {
        return Ok(());
    };
    Err(Unwritable { text: value.to_owned(), reason })
}

impl UnitText {
    /// The number of the item that takes up line `line` (counted from 1).
    pub fn item_at_line(&self, line: u32) -> Option<usize> {
        let after = self.items.partition_point(|item| item.line <= line);
        let index = after.checked_sub(1)?;
        (index + 1 < self.items.len() || line <= self.last_line()).then_some(index)
    }

    fn last_line(&self) -> u32 {
        let Some(last) = self.items.last() else { return 0 };
        let extra = self.physical_lines(last).len().saturating_sub(1);
        last.line.saturating_add(u32::try_from(extra).unwrap_or(u32::MAX))
    }

    /// The assignment at an item's place, where it is one.
    pub fn setting(&self, item: usize) -> Option<&Setting> {
        match &self.items.get(item)?.kind {
            ItemKind::Assignment(setting) => Some(setting),
            _ => None,
        }
    }

    /// Gives the assignment `item` another value, on one line; comments between its lines move up before it.
    pub fn replace_value(&mut self, item: usize, value: &str) -> Result<(), Unwritable> {
        check_value(value)?;
        let Some(setting) = self.setting(item) else { return Err(no_assignment(value)) };
        let span = self.items[item].span.clone();
        let lead = match setting.value_parts.first() {
            // What stands before the value stays as it was typed, unless it runs over several lines.
            Some(part) if !contains_break(&self.bytes[setting.directive_span.start..part.start]) => {
                part.start
            }
            _ => setting.directive_span.end,
        };
        let mut line = self.bytes[setting.directive_span.start..lead].to_vec();
        if contains_break(&line) {
            line = setting.origin.directive.as_bytes().to_vec();
        }
        if !line.contains(&b'=') {
            line.push(b'=');
        }
        line.extend_from_slice(value.as_bytes());
        let mut new = self.inner_comments(item);
        new.extend(line);
        if ends_in_break(&self.bytes[span.clone()]) {
            new.extend_from_slice(self.line_end());
        }
        self.splice(span, &new);
        Ok(())
    }

    /// Takes the assignment (or any other item) out; comments between its lines stay.
    pub fn remove(&mut self, item: usize) {
        if let Some(span) = self.items.get(item).map(|item| item.span.clone()) {
            let comments = self.inner_comments(item);
            self.splice(span, &comments);
        }
    }

    /// Puts an assignment on its own line directly after `item`, in whichever section that is.
    pub fn insert_after(&mut self, item: usize, directive: &str, value: &str) -> Result<(), Unwritable> {
        check_name(directive)?;
        check_value(value)?;
        let Some(before) = self.items.get(item) else { return Err(no_assignment(value)) };
        self.insert_lines(before.span.end, Some(item), &[format!("{directive}={value}")]);
        Ok(())
    }

    /// Puts an assignment at the end of `section`, before the blank lines and comments that follow its last line; makes
    /// the section at the end of the file when there is none.
    pub fn append(&mut self, section: &str, directive: &str, value: &str) -> Result<(), Unwritable> {
        check_name(section)?;
        check_name(directive)?;
        check_value(value)?;
        let line = format!("{directive}={value}");
        let mut current = None;
        let mut last = None;
        for (index, item) in self.items[..self.in_effect].iter().enumerate() {
            if let ItemKind::Section(name) = &item.kind {
                current = Some(&**name);
            }
            let holds_text = !matches!(item.kind, ItemKind::Blank | ItemKind::Comment);
            if holds_text && current == Some(section) {
                last = Some(index);
            }
        }
        if let Some(item) = last {
            self.insert_lines(self.items[item].span.end, Some(item), &[line]);
            return Ok(());
        }
        // Behind a line that stops systemd nothing would count.
        let end = self.items.get(self.in_effect).map_or(self.bytes.len(), |item| item.span.start);
        let mut lines = vec![format!("[{section}]"), line];
        if self.in_effect > 0 {
            lines.insert(0, String::new());
        }
        self.insert_lines(end, self.in_effect.checked_sub(1), &lines);
        Ok(())
    }

    fn insert_lines(&mut self, at: usize, before: Option<usize>, lines: &[String]) {
        let end = self.line_end().to_vec();
        let mut new = Vec::new();
        if at > 0 && !ends_in_break(&self.bytes[..at]) {
            new.extend_from_slice(&end);
        }
        // An item that the file's end closes goes on unless an empty line closes it.
        if before.is_some_and(|item| self.is_left_open(item)) {
            // LF directly behind CR would still be the same line end.
            if self.bytes[..at].ends_with(b"\r") {
                new.push(b' ');
            }
            new.extend_from_slice(&end);
        }
        for line in lines {
            new.extend_from_slice(line.as_bytes());
            new.extend_from_slice(&end);
        }
        self.splice(at..at, &new);
    }

    fn is_left_open(&self, item: usize) -> bool {
        let lines = self.items.get(item).map(|item| self.physical_lines(item)).unwrap_or_default();
        lines
            .iter()
            .rev()
            .find(|line| !is_comment(&self.bytes[line.0.clone()]))
            .is_some_and(|(content, _)| is_continued(&self.bytes[content.clone()]))
    }

    /// The contents and the whole of the lines that an item takes up.
    fn physical_lines(&self, item: &Item) -> Vec<(Range<usize>, Range<usize>)> {
        let mut lines = Vec::new();
        let mut at = item.span.start;
        while at < item.span.end
            && let Some(line) = next_line(&self.bytes, at)
        {
            lines.push((line.content, at..line.end));
            at = line.end;
        }
        lines
    }

    /// The comments between an assignment's lines, as they stand.
    fn inner_comments(&self, item: usize) -> Vec<u8> {
        let is_comment_itself = |item: &&Item| item.kind == ItemKind::Comment;
        let Some(item) = self.items.get(item).filter(|item| !is_comment_itself(item)) else {
            return Vec::new();
        };
        let mut comments = Vec::new();
        for (content, whole) in self.physical_lines(item) {
            if is_comment(&self.bytes[content]) {
                comments.extend_from_slice(&self.bytes[whole]);
                if !ends_in_break(&comments) {
                    comments.extend_from_slice(self.line_end());
                }
            }
        }
        comments
    }

    /// The line end that the file uses, judged by its first line.
    fn line_end(&self) -> &'static [u8] {
        match next_line(&self.bytes, 0) {
            Some(line) if self.bytes[line.content.end..line.end].starts_with(b"\r\n") => b"\r\n",
            _ => b"\n",
        }
    }

    fn splice(&mut self, span: Range<usize>, new: &[u8]) {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.splice(span, new.iter().copied());
        *self = UnitText::parse(self.file.clone(), bytes);
    }
}

fn no_assignment(text: &str) -> Unwritable {
    Unwritable { text: text.to_owned(), reason: "there is no assignment at the place given" }
}

fn contains_break(text: &[u8]) -> bool {
    text.iter().any(|byte| matches!(byte, b'\n' | b'\r' | 0))
}

fn ends_in_break(text: &[u8]) -> bool {
    matches!(text.last(), Some(b'\n' | b'\r' | 0))
}
