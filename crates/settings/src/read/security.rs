//! `SecureBits=`, and the names of mandatory access control.

use super::{Line, Notation, Refusal, line::UNQUOTED, notation::Wrong};
use crate::catalogue::{Kind, Shown};
use ringfence_terms::Sourced;
use ringfence_unit::Specifiers;

/// The words at the index of their bit (`linux/securebits.h`).
const BITS: [&str; 6] =
    ["noroot", "noroot-locked", "no-setuid-fixup", "no-setuid-fixup-locked", "keep-caps", "keep-caps-locked"];

/// A line replaces the one before; unknown words are passed over, and so nothing at all is a value too (systemd:
/// `secure_bits_from_string`).
pub(crate) fn secure_bits(line: &mut Line<'_>, field: &mut Sourced<u32>) -> Result<(), Refusal> {
    let mut bits = 0;
    for word in line.words(UNQUOTED) {
        match BITS.iter().position(|known| *known == word) {
            Some(bit) => bits |= 1 << bit,
            None => {
                let help =
                    crate::suggest::nearest(&word, BITS).map(|known| format!("did you mean `{known}`?"));
                line.warn(&word, format!("SecureBits= passes over `{word}`, which it does not know"), help);
            }
        }
    }
    *field = line.sourced(bits);
    Ok(())
}

pub(crate) fn show_secure_bits(field: &Sourced<u32>) -> Vec<Shown> {
    let words: Vec<_> =
        BITS.iter().enumerate().filter(|(bit, _)| field.value & 1 << bit != 0).map(|(_, w)| *w).collect();
    vec![Shown { value: words.join(" "), origin: field.origin.clone() }]
}

/// `[-]NAME`; only without `-` a wrong specifier refuses the unit (systemd: `config_parse_exec_selinux_context` and its
/// kin).
pub(crate) fn label(line: &mut Line<'_>, field: &mut Sourced<Option<(String, bool)>>) -> Result<(), Refusal> {
    if line.value.is_empty() {
        *field = Sourced::default();
        return Ok(());
    }
    let (optional, text) = match line.value.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, line.value),
    };
    match line.specifiers.expand(text) {
        Ok(name) => *field = line.sourced(Some((name, optional))),
        Err(error) => {
            let why = format!("`{text}` is no value of {}: {error}", line.name());
            if !optional {
                return Err(Refusal { subject: text.to_owned(), why, help: None });
            }
            line.warn(text, why, None);
        }
    }
    Ok(())
}

pub(crate) fn show_label(field: &Sourced<Option<(String, bool)>>) -> Vec<Shown> {
    let Some((name, optional)) = &field.value else { return Vec::new() };
    let prefix = if *optional { "-" } else { "" };
    vec![Shown { value: format!("{prefix}{}", Specifiers::escape(name)), origin: field.origin.clone() }]
}

/// A journal's name (systemd: `log_namespace_name_valid`).
pub(crate) struct LogNamespaceName;

impl Notation for LogNamespaceName {
    type Value = String;
    const KIND: Kind = Kind::Form("a name of letters, digits and `:-_.@`");
    const SPECIFIERS: bool = true;
    fn parse(text: &str) -> Result<String, Wrong> {
        let good = !matches!(text, "" | "." | "..")
            && text.len() <= 222
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b":-_.@".contains(&b));
        if good { Ok(text.into()) } else { Err(Wrong { why: "no journal can be named so" }) }
    }
    fn write(value: &String) -> String {
        value.clone()
    }
}
