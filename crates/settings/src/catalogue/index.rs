//! Finding a directive by its name: a hash table that is made when the program is compiled. Reading a unit looks up
//! every line's name, and a table made at the start would cost more than reading a hundred units.

use super::{Directive, PARTS, Section};

/// More than twice the number of names, and a power of two.
const SLOTS: usize = 2048;

/// What stands in a slot without a name.
const EMPTY: u16 = u16::MAX;

/// Every name, older spellings too, in the first free slot from the one that its hash says: the number of the part in
/// the upper byte, the number of the entry in the lower one.
static TABLE: [u16; SLOTS] = table(PARTS);

/// The directive that a name means in a section; deprecated spellings are understood.
pub fn find(section: Section, name: &str) -> Option<&'static Directive> {
    let mut slot = slot_of(name);
    loop {
        let entry = TABLE[slot];
        if entry == EMPTY {
            return None;
        }
        let directive = &PARTS[usize::from(entry >> 8)][usize::from(entry & 0xff)];
        let is_named = directive.name == name || directive.spellings.contains(&name);
        if is_named && directive.sections.contains(&section) {
            return Some(directive);
        }
        slot = (slot + 1) % SLOTS;
    }
}

/// FNV-1a, which is short and spreads such names well.
const fn slot_of(name: &str) -> usize {
    let bytes = name.as_bytes();
    let mut hash: u32 = 0x811c_9dc5;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    (hash ^ (hash >> 16)) as usize % SLOTS
}

const fn table(parts: &[&[Directive]]) -> [u16; SLOTS] {
    assert!(parts.len() < 0xff);
    let mut table = [EMPTY; SLOTS];
    let mut part = 0;
    while part < parts.len() {
        assert!(parts[part].len() <= 0x100);
        let mut at = 0;
        while at < parts[part].len() {
            let directive = &parts[part][at];
            let entry = ((part << 8) | at) as u16;
            insert(&mut table, directive.name, entry);
            let mut spelling = 0;
            while spelling < directive.spellings.len() {
                insert(&mut table, directive.spellings[spelling], entry);
                spelling += 1;
            }
            at += 1;
        }
        part += 1;
    }
    table
}

const fn insert(table: &mut [u16; SLOTS], name: &str, entry: u16) {
    let mut slot = slot_of(name);
    while table[slot] != EMPTY {
        slot = (slot + 1) % SLOTS;
    }
    table[slot] = entry;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::all;

    #[test]
    fn every_spelling_leads_to_its_directive_in_each_of_its_sections() {
        for directive in all() {
            for (section, name) in directive
                .sections
                .iter()
                .flat_map(|section| directive.names().map(move |name| (*section, name)))
            {
                let found = find(section, name).unwrap();
                assert!(std::ptr::eq(found, directive), "{name} in {section:?} is {found:?}");
            }
        }
    }

    #[test]
    fn a_name_means_nothing_where_it_does_not_belong() {
        assert!(find(Section::Install, "ExecStart").is_none());
        for name in ["", "Exec", "execstart", "ExecStart=", "No such directive"] {
            assert!(Section::ALL.iter().all(|section| find(*section, name).is_none()), "{name}");
        }
    }

    /// Otherwise looking up a name that is none could take long, or for ever.
    #[test]
    fn the_table_is_at_most_half_full() {
        assert!(TABLE.iter().filter(|entry| **entry != EMPTY).count() <= SLOTS / 2);
    }
}
