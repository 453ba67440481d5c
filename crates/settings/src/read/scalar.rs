//! Directives with one value, or with a plain list of words.

use super::{Line, Notation, Refusal, notation::Wrong};
use crate::catalogue::Shown;
use crate::suggest::nearest;
use ringfence_terms::Sourced;
use ringfence_unit::words::Quoting;
use std::borrow::Cow;

/// The last valid assignment wins.
pub(crate) fn scalar<N: Notation>(line: &mut Line<'_>, field: &mut Sourced<N::Value>) -> Result<(), Refusal> {
    if let Some(value) = one::<N>(line, line.value)? {
        *field = line.sourced(value);
    }
    Ok(())
}

/// The last valid assignment wins, an empty one unsets.
pub(crate) fn optional<N: Notation>(
    line: &mut Line<'_>,
    field: &mut Sourced<Option<N::Value>>,
) -> Result<(), Refusal> {
    if line.value.is_empty() {
        *field = Sourced::built_in(None);
    } else if let Some(value) = one::<N>(line, line.value)? {
        *field = line.sourced(Some(value));
    }
    Ok(())
}

/// The last valid assignment wins; an empty one is not valid, though the directive starts without a value.
pub(crate) fn some<N: Notation>(
    line: &mut Line<'_>,
    field: &mut Sourced<Option<N::Value>>,
) -> Result<(), Refusal> {
    if let Some(value) = one::<N>(line, line.value)? {
        *field = line.sourced(Some(value));
    }
    Ok(())
}

/// Every line adds one value; an empty one resets.
pub(crate) fn entries<N: Notation>(
    line: &mut Line<'_>,
    field: &mut Vec<Sourced<N::Value>>,
) -> Result<(), Refusal> {
    if line.value.is_empty() {
        field.clear();
    } else if let Some(value) = one::<N>(line, line.value)? {
        field.push(line.sourced(value));
    }
    Ok(())
}

/// Every word adds one value; a wrong word is left out; an empty assignment resets.
pub(crate) fn words<N: Notation>(
    line: &mut Line<'_>,
    quoting: Quoting,
    field: &mut Vec<Sourced<N::Value>>,
) -> Result<(), Refusal> {
    if line.value.is_empty() {
        field.clear();
        return Ok(());
    }
    for word in line.words(quoting) {
        if let Some(value) = one::<N>(line, &word)? {
            field.push(line.sourced(value));
        }
    }
    Ok(())
}

/// Reads one value; `None` after a complaint.
pub(crate) fn one<N: Notation>(line: &mut Line<'_>, text: &str) -> Result<Option<N::Value>, Refusal> {
    let expanded = match N::SPECIFIERS && text.contains('%') {
        false => Cow::Borrowed(text),
        true => match line.specifiers.expand(text) {
            Ok(expanded) => Cow::Owned(expanded),
            Err(error) => {
                line.reject(text, format!("`{text}` is no value of {}: {error}", line.name()), None)?;
                return Ok(None);
            }
        },
    };
    // An unset specifier may leave nothing; systemd then treats the value as unset, which for a list is no word at all.
    match N::parse(&expanded) {
        Ok(value) => Ok(Some(value)),
        Err(wrong) => {
            let (message, help) = explain::<N>(line, &expanded, wrong);
            line.reject(text, message, help)?;
            Ok(None)
        }
    }
}

fn explain<N: Notation>(line: &Line<'_>, text: &str, wrong: Wrong) -> (String, Option<String>) {
    let name = line.name();
    let expected = format!("write {}", N::KIND.expected());
    if text.is_empty() {
        return (format!("an empty value does not reset {name} and changes nothing"), Some(expected));
    }
    let message = match wrong.why {
        "" => format!("`{text}` is no value of {name}"),
        why => format!("`{text}` is no value of {name}: {why}"),
    };
    let help = match nearest(text, N::KIND.words().iter().copied()) {
        Some(word) => format!("did you mean `{word}`? {expected}"),
        None => expected,
    };
    (message, Some(help))
}

/// What a unit would write for a single value that some line decided.
pub(crate) fn show_scalar<N: Notation>(field: &Sourced<N::Value>) -> Vec<Shown> {
    vec![Shown { value: N::write(&field.value), origin: field.origin.clone() }]
}

/// As [`show_scalar`], where there may be no value.
pub(crate) fn show_optional<N: Notation>(field: &Sourced<Option<N::Value>>) -> Vec<Shown> {
    let value = field.value.as_ref().map(N::write);
    value.map(|value| Shown { value, origin: field.origin.clone() }).into_iter().collect()
}

/// As [`show_scalar`], for every value of a list.
pub(crate) fn show_list<N: Notation>(field: &[Sourced<N::Value>]) -> Vec<Shown> {
    show_each(field, N::write)
}

/// As [`show_list`], with any way of writing.
pub(crate) fn show_each<'a, T: 'a>(
    items: impl IntoIterator<Item = &'a Sourced<T>>,
    write: impl Fn(&T) -> String,
) -> Vec<Shown> {
    items.into_iter().map(|item| Shown { value: write(&item.value), origin: item.origin.clone() }).collect()
}
