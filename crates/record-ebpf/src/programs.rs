//! Who acts: the programs that the kernel side names by slots.

use crate::wire::RawEvent;
use ringfence_record::Program;
use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::sync::Arc;

/// The slot that stands for every program beyond the last slot (`CROWDED` in `bpf/programs.h`).
const CROWDED: u32 = 4095;

/// The programs by slot.
#[derive(Default)]
pub struct Programs {
    by_slot: HashMap<u32, Arc<Program>>,
}

impl Programs {
    /// Takes in the announcement of a slot.
    pub fn announced(&mut self, event: &RawEvent<'_>) {
        let comm: Vec<u8> = event.args[..2].iter().flat_map(|word| word.to_ne_bytes()).collect();
        let comm: Vec<u8> = comm.split(|&b| b == 0).next().unwrap_or_default().to_vec();
        let exe = match (&event.file, u32::try_from(event.args[3])) {
            (Some(file), _) => {
                let mut path = file.path().into_os_string();
                if file.is_deleted() {
                    path.push(" (deleted)");
                }
                PathBuf::from(path)
            }
            // Another user of the same program: it was announced before.
            (None, Ok(from)) => self.by_slot.get(&from).map(|known| known.exe.clone()).unwrap_or_default(),
            (None, Err(_)) => PathBuf::new(),
        };
        if event.program == CROWDED {
            // Whatever shares this slot cannot be told apart.
            let program = Program { exe: PathBuf::from("\u{2026}"), comm: OsString::new(), uid: 0 };
            self.by_slot.insert(event.program, Arc::new(program));
            return;
        }
        let program = Program { exe, comm: OsString::from_vec(comm), uid: event.args[2] as u32 };
        self.by_slot.insert(event.program, Arc::new(program));
    }

    /// The program of a slot; `None` when its announcement was lost.
    pub fn get(&self, slot: u32) -> Option<&Arc<Program>> {
        self.by_slot.get(&slot)
    }
}
