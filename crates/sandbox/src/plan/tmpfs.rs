//! The options of temporary file systems (tmpfs(5), and mount(8) for the words that are flags of the mount).

use super::mode::{EntryFlags, MountMode};

/// A file system that stays empty or nearly so, with these permissions (systemd: `TMPFS_LIMITS_EMPTY_OR_ALMOST`).
pub(super) fn tiny(permissions: &str) -> Vec<String> {
    [permissions, "size=4m", "nr_inodes=1k"].map(str::to_owned).to_vec()
}

/// A file system that a unit asks for, with these permissions (systemd: `NESTED_TMPFS_LIMITS`).
pub(super) fn nested(permissions: &str) -> Vec<String> {
    [permissions, "size=10%", "nr_inodes=400k"].map(str::to_owned).to_vec()
}

/// `TemporaryFileSystem=`'s options: words that are flags of the mount become flags, `x-…` words are for nobody, and the
/// rest goes to the kernel after systemd's defaults, so that it wins over them (systemd: `append_tmpfs_mounts`,
/// `src/shared/mount-util.c: mount_option_mangle`).
pub(super) fn from_options(text: &str) -> (MountMode, EntryFlags) {
    let mut options: Vec<String> = nested("mode=0755");
    let mut entry = EntryFlags::default();
    let (mut nosuid, mut nodev, mut noexec) = (false, true, false);
    for word in split(text) {
        match word {
            "ro" => entry.read_only = true,
            "rw" => entry.read_only = false,
            "suid" => nosuid = false,
            "nosuid" => nosuid = true,
            "dev" => nodev = false,
            "nodev" => nodev = true,
            "exec" => noexec = false,
            "noexec" => noexec = true,
            word if is_flag_without_effect_here(word) || word.starts_with("x-") => {}
            word => options.push(word.to_owned()),
        }
    }
    (MountMode::Tmpfs { options, nosuid, nodev, noexec }, entry)
}

/// Splits at commas that are not inside double quotes (mount(8)).
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
    .filter(|word| !word.is_empty())
}

/// Flags of the mount that decide nothing about accesses (libmount: `linux_flags_map`).
fn is_flag_without_effect_here(word: &str) -> bool {
    matches!(
        word,
        "atime"
            | "noatime"
            | "diratime"
            | "nodiratime"
            | "relatime"
            | "norelatime"
            | "strictatime"
            | "nostrictatime"
            | "lazytime"
            | "nolazytime"
            | "sync"
            | "async"
            | "dirsync"
            | "silent"
            | "loud"
            | "mand"
            | "nomand"
            | "iversion"
            | "noiversion"
            | "symfollow"
            | "nosymfollow"
            | "bind"
            | "rbind"
            | "remount"
            | "defaults"
    )
}

/// Whether tmpfs knows an option; one that it does not know makes the mount fail with `EINVAL`.
pub(super) fn is_known(option: &str) -> bool {
    let (name, value) = match option.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (option, None),
    };
    match (name, value) {
        ("size" | "nr_blocks" | "nr_inodes", Some(value)) => {
            let digits =
                value.trim_end_matches(['k', 'K', 'm', 'M', 'g', 'G', 't', 'T', 'p', 'P', 'e', 'E', '%']);
            !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
        }
        ("mode", Some(value)) => u32::from_str_radix(value, 8).is_ok(),
        ("uid" | "gid", Some(value)) => value.parse::<u32>().is_ok(),
        ("huge", Some(value)) => matches!(value, "never" | "always" | "within_size" | "advise"),
        ("mpol", Some(_)) => true,
        ("inode32" | "inode64" | "noswap" | "quota" | "usrquota" | "grpquota", None) => true,
        ("usrquota_block_hardlimit" | "usrquota_inode_hardlimit", Some(_)) => true,
        ("grpquota_block_hardlimit" | "grpquota_inode_hardlimit", Some(_)) => true,
        _ => false,
    }
}

/// The root directory's permissions: the last `mode=` counts.
pub(super) fn mode(options: &[String]) -> u32 {
    let last = options.iter().rev().find_map(|option| option.strip_prefix("mode="));
    last.and_then(|octal| u32::from_str_radix(octal, 8).ok()).map_or(0o1777, |mode| mode & 0o7777)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_go_to_the_mount_and_the_rest_to_the_kernel() {
        let (mode, flags) = from_options("ro,noexec,size=1m,x-foo,dev,mode=0700");
        assert!(flags.read_only);
        let MountMode::Tmpfs { options, nosuid, nodev, noexec } = mode else { panic!("not a tmpfs") };
        assert_eq!((nosuid, nodev, noexec), (false, false, true));
        assert_eq!(options, ["mode=0755", "size=10%", "nr_inodes=400k", "size=1m", "mode=0700"]);
        assert_eq!(super::mode(&options), 0o700);
    }

    #[test]
    fn a_word_that_tmpfs_does_not_know_is_told_apart() {
        for good in ["size=50%", "nr_inodes=1k", "mode=1777", "uid=33", "noswap", "huge=never"] {
            assert!(is_known(good), "{good}");
        }
        for bad in ["bogus", "size=lots", "mode=9", "huge=maybe", "size="] {
            assert!(!is_known(bad), "{bad}");
        }
    }
}
