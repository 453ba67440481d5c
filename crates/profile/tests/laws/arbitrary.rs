//! Arbitrary events and profiles, of few different parts so that they overlap.

use proptest::prelude::*;
use proptest::sample::select;
use ringfence_profile::*;
use ringfence_terms::Errno;
use std::ffi::OsString;
use std::net::IpAddr;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::sync::Arc;

pub fn events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(event(), 0..12)
}

pub fn profile() -> impl Strategy<Value = Profile> {
    (events(), prop::collection::vec(recording(), 0..3)).prop_map(|(events, recordings)| {
        let mut profile = Profile::new();
        events.iter().for_each(|e| {
            profile.add(e);
        });
        recordings.iter().for_each(|(id, recording)| profile.record(*id, recording));
        profile
    })
}

/// A recording is known by its number, so what cannot change during a recording is derived from the number here.
fn recording() -> impl Strategy<Value = (RecordingId, Recording)> {
    let spots = prop::collection::btree_set(select(&BlindSpot::WORDS).prop_map(|row| row.0), 0..3);
    (0..3_u128, any::<[u64; 4]>(), any::<bool>(), spots).prop_map(
        |(id, [seconds, events, lost, cut], ended, blind_spots)| {
            let recorder = if id == 0 { RecorderKind::Ebpf } else { RecorderKind::Ptrace };
            let (host, target) = (format!("host{id}"), "-- \"x\"\n".to_owned());
            let started = id as u64;
            let recording =
                Recording { host, target, recorder, started, seconds, events, lost, cut, ended, blind_spots };
            (RecordingId(id << 100 | id), recording)
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    let errno = prop::option::of(select(vec![Errno::ENOENT, Errno::EROFS, Errno(9999)]));
    (program(), errno, what()).prop_map(|(by, errno, what)| Event { by, errno, what })
}

fn program() -> impl Strategy<Value = Arc<Program>> {
    let comm = prop_oneof![Just(OsString::from("b")), name(20)];
    (path(), comm, 0..3_u32).prop_map(|(exe, comm, uid)| Arc::new(Program { exe, comm, uid }))
}

/// Any bytes but NUL and slash.
fn name(longest: usize) -> impl Strategy<Value = OsString> {
    let byte = (1..=255_u8).prop_filter("no slash in a name", |b| *b != b'/');
    prop::collection::vec(byte, 1..longest).prop_map(OsString::from_vec)
}

fn path() -> impl Strategy<Value = PathBuf> {
    let component = prop_oneof![
        select(vec!["a", "b", "b-c", "proc", "self", "1", "task", "2", "sys", "\n"]).prop_map(OsString::from),
        name(6)
    ];
    prop::collection::vec(component, 0..4).prop_map(|names| {
        let mut path = PathBuf::from("/");
        path.extend(names);
        path
    })
}

fn relation() -> impl Strategy<Value = ProcessRelation> {
    select(vec![ProcessRelation::Own, ProcessRelation::Recorded, ProcessRelation::Foreign])
}

fn what() -> impl Strategy<Value = What> {
    let link = (path(), path()).prop_map(|(path, target)| Link { path, target });
    let operations =
        prop::collection::vec(select(Operation::ALL), 1..3).prop_map(|all| all.into_iter().collect());
    let kind = select(&FileKind::WORDS).prop_map(|row| row.0);
    let via = prop::collection::vec(link, 0..3);
    let file = (operations, path(), prop::option::of(path()), kind, via, prop::option::of(relation()))
        .prop_map(|(operations, path, host, kind, via, process)| FileUse {
            operations,
            path,
            host,
            kind,
            via,
            process,
        });
    prop_oneof![file.prop_map(What::File), privilege().prop_map(What::Privilege)]
}

fn privilege() -> impl Strategy<Value = Privilege> {
    let of_numbers = any::<(u32, u32, u16, bool)>().prop_flat_map(|(a, b, c, flag)| {
        select(vec![
            Privilege::Syscall { abi: Abi::ALL[a as usize % Abi::ALL.len()], number: b },
            Privilege::Capability((a % 63) as u8),
            Privilege::Socket { family: (a % 50) as u16, kind: (b % 12) as u16, protocol: c.into() },
            Privilege::Device { block: flag, major: a, minor: b, read: !flag, write: flag, mknod: flag },
            Privilege::Realtime(a % 9),
            Privilege::Personality(a),
            Privilege::ProcKernel { write: flag },
            Privilege::SysWrite,
            Privilege::CgroupWrite,
            Privilege::KernelLog,
            Privilege::Ipc { posix: flag },
            Privilege::IoUring(if flag { IoUringUse::Setup } else { IoUringUse::Request(a as u8) }),
        ])
    });
    let of_words = any::<prop::sample::Index>().prop_map(|index| {
        let mut all: Vec<Privilege> = Vec::new();
        for (kind, ..) in NamespaceKind::WORDS {
            all.extend(
                [NamespaceWay::Make, NamespaceWay::Join].map(|way| Privilege::Namespace { kind, way }),
            );
        }
        use {ClockUse::*, KeyringUse::*, ModuleUse::*, NameKind::*, WriteExecuteWay as W};
        all.extend([W::Mmap, W::Mprotect, W::Shmat, W::Personality].map(Privilege::WriteExecute));
        all.extend([Add, Request, Control].map(Privilege::Keyring));
        all.extend([Host, Domain].map(Privilege::Hostname));
        all.extend([Set, Adjust].map(Privilege::Clock));
        all.extend([Load, Unload].map(Privilege::Module));
        index.get(&all).clone()
    });
    let of_processes = relation().prop_flat_map(|of| {
        use PtraceUse::*;
        let mut all = vec![Privilege::Signal(of), Privilege::ProcOfOther(of)];
        let ways = [Trace, ReadMemory, WriteMemory, TakeDescriptor, Compare];
        all.extend(ways.map(|way| Privilege::Ptrace { way, of }));
        select(all)
    });
    let identity = any::<u32>().prop_flat_map(|id| {
        use IdentityChange::*;
        select(vec![
            User(id),
            Group(id),
            Groups,
            Capabilities,
            BoundingSet,
            AmbientSet,
            Securebits,
            NoNewPrivileges,
        ])
        .prop_map(Privilege::Identity)
    });
    let of_paths =
        (path(), any::<[bool; 3]>(), 0..8_u16).prop_flat_map(|(path, [user, group, capabilities], bits)| {
            select(vec![
                Privilege::SetIdBits { path: path.clone(), bits: bits << 9 },
                Privilege::ExecGain(ExecGain { path, user, group, capabilities }),
            ])
        });
    let addresses = (address(), any::<bool>()).prop_map(|(address, bind)| {
        if bind { Privilege::Bind(address) } else { Privilege::Connect(address) }
    });
    prop_oneof![of_numbers, of_words, of_processes, identity, of_paths, addresses]
}

fn address() -> impl Strategy<Value = Address> {
    prop_oneof![
        (any::<IpAddr>(), any::<u16>()).prop_map(|(ip, port)| Address::Inet { ip, port }),
        name(100).prop_map(Address::Abstract),
        Just(Address::Autobind),
        any::<u32>().prop_map(|groups| Address::Netlink { groups }),
        any::<(u32, u32)>().prop_map(|(cid, port)| Address::Vsock { cid, port }),
        any::<u16>().prop_map(|family| Address::Other { family }),
    ]
}
