//! Random services, made to hit the odd corners of how values are read.

use crate::vocabulary::Form::{self, *};
use crate::vocabulary::{DIRECTIVES, PATHS, PROGRAMS, SELDOM, WORDS};
use fastrand::Rng;
use std::fmt::Write;

/// A service: its name, its fragment, its drop-ins.
pub struct Service {
    pub name: String,
    pub files: Vec<String>,
}

/// The services of a seed.
pub fn services(seed: u64, count: usize) -> Vec<Service> {
    let mut random = Rng::with_seed(seed);
    (0..count).map(|number| service(&mut random, number)).collect()
}

fn service(random: &mut Rng, number: usize) -> Service {
    let name = match random.u8(0..3) {
        0 => format!("u{number}.service"),
        1 => format!("w-x{number}.service"),
        _ => format!("t{number}@in-st.service"),
    };
    let mut files = vec![format!("[Service]\nExecStart=/bin/true\n{}", lines(random, 14))];
    for _ in 0..random.usize(0..4).saturating_sub(1) {
        files.push(format!("[Service]\n{}", lines(random, 6)));
    }
    Service { name, files }
}

/// Some lines of few directives, so that they meet each other.
fn lines(random: &mut Rng, most: usize) -> String {
    let few: Vec<_> = (0..random.usize(2..7)).map(|_| pick(random, DIRECTIVES)).collect();
    let mut text = String::new();
    for _ in 0..random.usize(1..=most) {
        let (name, form) =
            if random.u8(0..100) < 12 { pick(random, SELDOM) } else { few[random.usize(..few.len())] };
        let value = if random.u8(0..100) < 8 { String::new() } else { value(random, form) };
        writeln!(text, "{name}={value}").expect("text can be written to");
    }
    text
}

fn pick<'a, T>(random: &mut Rng, all: &'a [T]) -> &'a T {
    &all[random.usize(..all.len())]
}

fn some(random: &mut Rng, word: impl Fn(&mut Rng) -> String) -> String {
    let words: Vec<_> = (0..random.usize(0..5)).map(|_| word(random)).collect();
    words.join(*pick(random, &[" ", "  ", "\t"]))
}

fn value(random: &mut Rng, form: &Form) -> String {
    match form {
        One(values) => pick(random, values).to_string(),
        Words(words) => some(random, |random| pick(random, words).to_string()),
        Signed(words) => {
            let sign = pick(random, &["", "~"]);
            format!("{sign}{}", some(random, |random| pick(random, words).to_string()))
        }
        Access => some(random, |random| {
            format!("{}{}", pick(random, &["", "-", "+", "-+", "+-", "--"]), pick(random, PATHS))
        }),
        Bind => some(random, |random| {
            let source = format!("{}{}", pick(random, &["", "", "-"]), pick(random, PATHS));
            let options = pick(random, &["", ":rbind", ":norbind", ":ro", ":", ":x:y"]);
            match random.u8(0..4) {
                0 => source,
                1 => source + ":",
                _ => format!("{source}:{}{options}", pick(random, PATHS)),
            }
        }),
        Tmpfs => some(random, |random| {
            let options = pick(random, &["", ":ro", ":size=1M,mode=0700", ":\\,x", ":a:b"]);
            format!("{}{}{options}", pick(random, &["", "-"]), pick(random, PATHS))
        }),
        Command => command(random),
    }
}

fn command(random: &mut Rng) -> String {
    let prefixes: String = (0..random.usize(0..6).saturating_sub(2))
        .map(|_| *pick(random, &["-", "@", ":", "+", "!", "|"]))
        .collect();
    let words = some(random, |random| pick(random, WORDS).to_string());
    let more = match random.u8(0..5) {
        0 => pick(random, &[" ; /bin/false", " ; -/bin/x y", " ; rel/x", " ; ;", " ;"]),
        _ => "",
    };
    format!("{prefixes}{} {words}{more}", pick(random, PROGRAMS))
}
