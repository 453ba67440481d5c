//! What becomes of each of the machine's mounts in a shadow.

use ringfence_sandbox::facts::Mount;

/// How one mount is shown in a shadow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// Its files, with a layer in memory above them that takes all writes.
    Overlay,
    /// A new file system of this type, empty or the kernel's view of the shadow's own namespaces.
    Fresh(&'static str),
    /// The kernel's own view, which must not be changed from here: a new one, read-only.
    FreshReadOnly(&'static str),
    /// A `/dev` with the pseudo devices.
    Devices,
    /// Not there: a control interface of the kernel that no namespace has its own of.
    Left,
}

/// Decides by the file system's type (`/proc/filesystems` lists what there is).
pub fn treatment(mount: &Mount) -> Treatment {
    match mount.fs_type.as_str() {
        "proc" => Treatment::Fresh("proc"),
        "sysfs" => Treatment::FreshReadOnly("sysfs"),
        "cgroup2" => Treatment::FreshReadOnly("cgroup2"),
        "devpts" => Treatment::Fresh("devpts"),
        "mqueue" => Treatment::Fresh("mqueue"),
        "devtmpfs" => Treatment::Devices,
        // In a container /dev is often a tmpfs.
        "tmpfs" if mount.path.as_bytes() == b"/dev" => Treatment::Devices,
        "autofs" | "bpf" | "binfmt_misc" | "cgroup" | "configfs" | "debugfs" | "efivarfs" | "fusectl"
        | "hugetlbfs" | "nsfs" | "pstore" | "rpc_pipefs" | "securityfs" | "selinuxfs" | "tracefs" => {
            Treatment::Left
        }
        _ => Treatment::Overlay,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_sandbox::facts::MountFlags;
    use ringfence_terms::AbsPath;

    fn mount(fs_type: &str, path: &str) -> Mount {
        Mount {
            id: 1,
            parent: 0,
            root: "/".into(),
            path: AbsPath::parse(path).unwrap(),
            fs_type: fs_type.into(),
            source: "none".into(),
            flags: MountFlags::default(),
            super_read_only: false,
            super_options: String::new(),
        }
    }

    #[test]
    fn files_are_layered_and_the_kernels_interfaces_are_not_passed_through() {
        assert_eq!(treatment(&mount("ext4", "/")), Treatment::Overlay);
        assert_eq!(treatment(&mount("tmpfs", "/run")), Treatment::Overlay);
        assert_eq!(treatment(&mount("tmpfs", "/dev")), Treatment::Devices);
        assert_eq!(treatment(&mount("sysfs", "/sys")), Treatment::FreshReadOnly("sysfs"));
        assert_eq!(treatment(&mount("debugfs", "/sys/kernel/debug")), Treatment::Left);
    }
}
