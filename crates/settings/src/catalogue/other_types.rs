//! The directives of unit types that ringfence does not run: systemd.mount(5), systemd.automount(5),
//! systemd.swap(5), systemd.timer(5), systemd.path(5), systemd.scope(5). They are known and their values are checked.

use super::field::kept;
use super::{Directive, Manual, Section};
use crate::read::{AbsolutePath, Boolean, Mode, Never, NonEmpty, Span, Text, Unsigned};

/// Declares a part of the catalogue: name, notation, merging, documentation.
macro_rules! part {
    ($list:ident, $page:literal, $sections:expr; $($name:literal $notation:ident $merge:ident $doc:literal,)*) => {
        pub(super) static $list: &[Directive] = &[$(
            Directive::new(
                $name,
                $sections,
                Manual { page: $page, chapter: "Options" },
                kept!($notation, $merge),
                $doc,
            )
            .not_concerned(),
        )*];
    };
}

part! { MOUNT, "systemd.mount(5)", &[Section::Mount];
    "What" Text LastOrUnset "What is mounted.",
    "Where" AbsolutePath LastOrUnset "Where it is mounted.",
    "Type" Text LastOrUnset "The type of the file system.",
    "Options" Text LastOrUnset "The options that the mount is made with.",
    "SloppyOptions" Boolean Last "Whether unknown options are passed over.",
    "LazyUnmount" Boolean Last "Whether unmounting does not wait for those who use it.",
    "ReadWriteOnly" Boolean Last "Whether mounting fails rather than being read-only.",
    "ForceUnmount" Boolean Last "Whether unmounting is forced.",
    "DirectoryMode" Mode Last "The mode of directories made for the mount point.",
    "TimeoutSec" Never Last "How long mounting may take.",
}

part! { AUTOMOUNT, "systemd.automount(5)", &[Section::Automount];
    "Where" AbsolutePath LastOrUnset "Where it is mounted on first use.",
    "ExtraOptions" Text LastOrUnset "Mount options of the automatic mount itself.",
    "DirectoryMode" Mode Last "The mode of directories made for the mount point.",
    "TimeoutIdleSec" Never Last "After how long without use it is unmounted.",
}

part! { SWAP, "systemd.swap(5)", &[Section::Swap];
    "What" Text LastOrUnset "The device or file to swap to.",
    "Priority" Text LastOrUnset "Its place among others.",
    "Options" Text LastOrUnset "Options for swapping.",
    "TimeoutSec" Never Last "How long switching it on may take.",
}

part! { TIMER, "systemd.timer(5)", &[Section::Timer];
    "OnActiveSec" Text List "A time after the timer was started.",
    "OnBootSec" Text List "A time after the machine was started.",
    "OnStartupSec" Text List "A time after the manager was started.",
    "OnUnitActiveSec" Text List "A time after the unit was last started.",
    "OnUnitInactiveSec" Text List "A time after the unit last stopped.",
    "OnCalendar" Text List "Times of the calendar.",
    "AccuracySec" Span Last "How late the timer may be.",
    "RandomizedDelaySec" Span Last "How much a random delay may add.",
    "FixedRandomDelay" Boolean Last "Whether that delay is the same every time.",
    "DeferReactivation" Boolean Last "Whether a unit that still runs puts the next time off.",
    "OnClockChange" Boolean Last "Whether a jump of the clock sets the timer off.",
    "OnTimezoneChange" Boolean Last "Whether a change of the time zone sets the timer off.",
    "Unit" NonEmpty Last "The unit that the timer starts.",
    "Persistent" Boolean Last "Whether times missed while the machine was off are made up for.",
    "WakeSystem" Boolean Last "Whether the timer wakes the machine.",
    "RemainAfterElapse" Boolean Last "Whether the timer stays loaded when it has nothing left to do.",
}

part! { PATH, "systemd.path(5)", &[Section::Path];
    "PathExists" Text List "A path whose existence starts the unit.",
    "PathExistsGlob" Text List "Wildcards for such paths.",
    "PathChanged" Text List "A path whose change starts the unit, once it is closed.",
    "PathModified" Text List "A path whose every write starts the unit.",
    "DirectoryNotEmpty" Text List "A directory that starts the unit when something is in it.",
    "Unit" NonEmpty Last "The unit that is started.",
    "MakeDirectory" Boolean Last "Whether the directories to watch are made.",
    "DirectoryMode" Mode Last "The mode of directories made for that.",
    "TriggerLimitIntervalSec" Span Last "The time in which TriggerLimitBurst= activations are allowed.",
    "TriggerLimitBurst" Unsigned Last "How many activations are allowed in TriggerLimitIntervalSec=.",
}

part! { SCOPE, "systemd.scope(5)", &[Section::Scope];
    "RuntimeMaxSec" Span Last "How long the scope may run before it is stopped.",
    "RuntimeRandomizedExtraSec" Span Last "Adds a random time of up to this length.",
    "TimeoutStopSec" Span Last "How long stopping may take before the scope is killed.",
    "OOMPolicy" NonEmpty Last "What to do when the kernel killed a process of the scope for want of memory.",
}
