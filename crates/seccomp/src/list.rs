//! A list that lines add to and take away from, each entry with the line that decided it.

use crate::tables::numbers::NAMES;
use crate::{AddressFamily, Denial, Syscall};
use ringfence_terms::Origin;
use std::marker::PhantomData;

/// Whether a list says what is allowed or what is denied. Its first line decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sense {
    /// Only what is listed is allowed.
    Allow,
    /// What is listed is denied.
    Deny,
}

/// Something of which there is a known number, so that a list has a place for each.
pub(crate) trait Item: Copy {
    /// The number of places.
    const PLACES: usize;
    /// Its place, counted from 0.
    fn place(self) -> usize;
    /// What has a place.
    fn at(place: usize) -> Option<Self>;
}

impl Item for Syscall {
    const PLACES: usize = NAMES.len();
    fn place(self) -> usize {
        self.index()
    }
    fn at(place: usize) -> Option<Self> {
        Syscall::at(place)
    }
}

impl Item for AddressFamily {
    const PLACES: usize = AddressFamily::HIGHEST as usize + 1;
    fn place(self) -> usize {
        self.number() as usize
    }
    fn at(place: usize) -> Option<Self> {
        AddressFamily::numbered(place as u64)
    }
}

/// The state of a list once a line has decided its sense.
#[derive(Clone, Debug)]
pub(crate) struct List<K> {
    pub(crate) sense: Sense,
    /// Every line that was taken in; the first decided the sense.
    lines: Vec<Origin>,
    /// What was said of each item, by their places. One line speaks about hundreds of calls at once.
    entries: Vec<Option<Mention>>,
    items: PhantomData<K>,
}

/// What the last line that spoke about something did, and the number of that line among the list's.
#[derive(Clone, Copy, Debug)]
struct Mention {
    standing: Standing,
    line: u32,
}

/// What the last line that spoke about something did, and which line that was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) standing: Standing,
    pub(crate) origin: &'a Origin,
}

/// What a list says about something that some line spoke about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is on the list; if the list is one of denied things, the answer is the usual one.
    Listed,
    /// It is on the list with an answer of its own. On a list of allowed calls that makes it a denied one.
    Answered(Denial),
    /// It was taken off the list.
    Removed,
}

impl<K: Item> List<K> {
    /// An empty list whose first line, with or without `~`, is `origin`.
    pub(crate) fn opened(sense: Sense, origin: &Origin) -> List<K> {
        List { sense, lines: vec![origin.clone()], entries: vec![None; K::PLACES], items: PhantomData }
    }

    /// The line that decided the sense.
    pub(crate) fn opened_by(&self) -> &Origin {
        &self.lines[0]
    }

    /// Begins a line, of which [`mention`](Self::mention) takes in the words. The line that opened the list may come
    /// once more.
    pub(crate) fn begin(&mut self, origin: &Origin) {
        if self.lines.last() != Some(origin) {
            self.lines.push(origin.clone());
        }
    }

    /// What one word of the line says of some items; `inverted` when the line starts with `~` (systemd:
    /// `seccomp_parse_syscall_filter`).
    pub(crate) fn mention(
        &mut self,
        items: impl IntoIterator<Item = K>,
        inverted: bool,
        answer: Option<Denial>,
    ) {
        let standing = match (self.sense, inverted, answer) {
            (_, true, Some(denial)) => Standing::Answered(denial),
            (Sense::Allow, false, _) | (Sense::Deny, true, None) => Standing::Listed,
            (Sense::Allow, true, None) | (Sense::Deny, false, _) => Standing::Removed,
        };
        let mention = Mention { standing, line: (self.lines.len() - 1) as u32 };
        items.into_iter().for_each(|item| self.entries[item.place()] = Some(mention));
    }

    /// What the last line that spoke about an item did with it.
    pub(crate) fn entry(&self, item: K) -> Option<Entry<'_>> {
        self.entries[item.place()].map(|mention| self.resolve(mention))
    }

    /// What was said of each item, in the order of places.
    fn all(&self) -> impl Iterator<Item = Option<Entry<'_>>> {
        self.entries.iter().map(|entry| entry.map(|mention| self.resolve(mention)))
    }

    fn resolve(&self, mention: Mention) -> Entry<'_> {
        Entry { standing: mention.standing, origin: &self.lines[mention.line as usize] }
    }

    /// What is on the list now, with its own answer where it has one.
    pub(crate) fn listed(&self) -> impl Iterator<Item = (K, Option<Denial>)> {
        let mentioned = self.entries.iter().enumerate().filter_map(|(at, entry)| Some((at, (*entry)?)));
        mentioned.filter_map(|(at, mention)| match mention.standing {
            Standing::Listed => Some((K::at(at)?, None)),
            Standing::Answered(denial) => Some((K::at(at)?, Some(denial))),
            Standing::Removed => None,
        })
    }

    /// Whether the list has an effect: one of allowed things denies all others even when it is empty.
    pub(crate) fn is_active(&self) -> bool {
        self.sense == Sense::Allow || self.listed().next().is_some()
    }
}

impl<K: Item> PartialEq for List<K> {
    /// Whether two lists say the same because of the same lines; lines that decide nothing any more do not count.
    fn eq(&self, other: &Self) -> bool {
        self.sense == other.sense && self.opened_by() == other.opened_by() && self.all().eq(other.all())
    }
}

impl<K: Item> Eq for List<K> {}
