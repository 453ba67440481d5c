//! JSON with two blanks for each level, as `serde_json::to_string_pretty` has it. That writes every indentation level by
//! level, which takes longer than the rest of a large document; this one writes each in one go.

use serde_json::ser::Formatter;
use std::io::{self, Write};

/// A comma, a line end, and more blanks than most documents need.
const BREAK: &[u8] = b",\n                                                                ";

/// Where in a document the formatter is.
#[derive(Default)]
pub struct Indented {
    level: usize,
    /// Whether the array or object under way has anything in it.
    has_value: bool,
}

impl Indented {
    /// For a value so many levels deep in a document.
    pub fn at(level: usize) -> Indented {
        Indented { level, has_value: false }
    }

    /// Begins a new line, after a comma unless it is the first.
    fn new_line<W: Write + ?Sized>(&self, out: &mut W, is_first: bool) -> io::Result<()> {
        let blanks = 2 * self.level;
        let (start, end) = (usize::from(is_first), 2 + blanks);
        match BREAK.get(start..end) {
            Some(all) => out.write_all(all),
            None => {
                out.write_all(&BREAK[start..])?;
                (BREAK.len()..end).try_for_each(|_| out.write_all(b" "))
            }
        }
    }

    fn open<W: Write + ?Sized>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.level += 1;
        self.has_value = false;
        out.write_all(bracket)
    }

    fn close<W: Write + ?Sized>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.level -= 1;
        if self.has_value {
            self.new_line(out, true)?;
        }
        out.write_all(bracket)
    }
}

impl Formatter for Indented {
    fn begin_array<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"[")
    }

    fn end_array<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"]")
    }

    fn begin_array_value<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.new_line(out, first)
    }

    fn end_array_value<W: Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    fn begin_object<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"{")
    }

    fn end_object<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"}")
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.new_line(out, first)
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn end_object_value<W: Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;
    use serde_json::{Value, json};

    #[test]
    fn a_document_looks_as_the_librarys_own_formatter_writes_it() {
        let deep =
            (0..40).fold(
                json!([]),
                |inner, level| if level % 2 == 0 { json!([1, inner]) } else { json!({ "in": inner }) },
            );
        let plain =
            json!({ "a": [], "b": {}, "c": [1, "x", null, [true]], "d": { "e": { "f": 1.5 }, "g": [{}] } });
        for value in [json!([]), json!({}), json!("text"), plain, deep] {
            assert_eq!(written(&value), serde_json::to_string_pretty(&value).unwrap());
        }
    }

    fn written(value: &Value) -> String {
        let mut text = Vec::new();
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut text, Indented::default())).unwrap();
        String::from_utf8(text).unwrap()
    }
}
