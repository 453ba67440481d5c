//! Every name and every other repeated value once, known by a small number: what keeps a million accesses small.

use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::{BuildHasher, Hash};

/// The index of an interned value, in the table that gave it out.
pub(crate) type Id = u32;

/// Byte strings, end to end in one buffer.
#[derive(Clone, Default)]
pub(crate) struct Names {
    bytes: Vec<u8>,
    /// Where each name ends in `bytes`; it starts where the one before ends.
    ends: Vec<usize>,
    index: HashTable<Id>,
    hasher: DefaultHashBuilder,
}

impl Names {
    /// The number of `name`, a new one if it is new.
    ///
    /// A table holds fewer than 2³² names: memory ends long before.
    pub(crate) fn intern(&mut self, name: &[u8]) -> Id {
        let Names { bytes, ends, index, hasher } = self;
        let hash = hasher.hash_one(name);
        if let Some(&id) = index.find(hash, |&id| slice(bytes, ends, id) == name) {
            return id;
        }
        let id = Id::try_from(ends.len()).unwrap_or(Id::MAX);
        bytes.extend_from_slice(name);
        ends.push(bytes.len());
        index.insert_unique(hash, id, |&id| hasher.hash_one(slice(bytes, ends, id)));
        id
    }

    /// How many names there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The name with that number.
    pub(crate) fn get(&self, id: Id) -> &[u8] {
        slice(&self.bytes, &self.ends, id)
    }
}

fn slice<'a>(bytes: &'a [u8], ends: &[usize], id: Id) -> &'a [u8] {
    let at = id as usize;
    let start = if at == 0 { 0 } else { ends[at - 1] };
    &bytes[start..ends[at]]
}

/// Values of any type.
#[derive(Clone)]
pub(crate) struct Table<T> {
    values: Vec<T>,
    index: HashTable<Id>,
    hasher: DefaultHashBuilder,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { values: Vec::new(), index: HashTable::new(), hasher: DefaultHashBuilder::default() }
    }
}

impl<T: Hash + Eq> Table<T> {
    /// The number of `value`, a new one if it is new; at most 2³² values, as for [`Names`].
    pub(crate) fn intern(&mut self, value: T) -> Id {
        let Table { values, index, hasher } = self;
        let hash = hasher.hash_one(&value);
        if let Some(&id) = index.find(hash, |&id| values[id as usize] == value) {
            return id;
        }
        let id = Id::try_from(values.len()).unwrap_or(Id::MAX);
        values.push(value);
        index.insert_unique(hash, id, |&id| hasher.hash_one(&values[id as usize]));
        id
    }

    /// The value with that number.
    pub(crate) fn get(&self, id: Id) -> &T {
        &self.values[id as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_share_a_number_and_come_back() {
        let mut names = Names::default();
        let ids: Vec<Id> = [&b"/a"[..], b"", b"/b", b"/a", b""].iter().map(|n| names.intern(n)).collect();
        assert_eq!(ids, [0, 1, 2, 0, 1]);
        assert_eq!(names.get(1), b"");
        assert_eq!(names.get(2), b"/b");
        for n in 0..10_000_u32 {
            names.intern(n.to_string().as_bytes());
        }
        assert_eq!(names.get(3 + 77), b"77");
        assert_eq!(names.intern(b"77"), 3 + 77);
    }

    #[test]
    fn equal_values_share_a_number() {
        let mut table = Table::default();
        assert_eq!([5, 6, 5].map(|n| table.intern(n)), [0, 1, 0]);
        assert_eq!(table.get(1), &6);
    }
}
