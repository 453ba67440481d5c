//! A mount table in a form that two runs can be compared by.

/// One line of `/proc/self/mountinfo` (proc_pid_mountinfo(5)).
struct Mount<'a> {
    id: &'a str,
    parent: &'a str,
    point: &'a str,
    flags: Vec<&'a str>,
    peers: Vec<&'a str>,
    fstype: &'a str,
}

impl<'a> Mount<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (before, after) = line.split_once(" - ")?;
        let mut words = before.split(' ');
        let (id, parent, _device, _root) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let (point, flags) = (words.next()?, words.next()?.split(',').collect());
        Some(Mount { id, parent, point, flags, peers: words.collect(), fstype: after.split(' ').next()? })
    }
}

/// The mounts that can be reached, one line each, ordered by mount point: `POINT FSTYPE FLAGS PROPAGATION`, such as
/// `/srv tmpfs ro,nosuid shared,slave`. A mount that lies under another is left out, because no process can tell
/// whether it is there; and so is systemd's workshop `/run/systemd/mount-rootfs`, which a unit that binds `/run` to
/// another place sees half-built.
pub fn visible(mountinfo: &str) -> Vec<String> {
    let mounts: Vec<Mount> = mountinfo.lines().filter_map(Mount::parse).collect();
    let mut lines: Vec<String> = mounts
        .iter()
        .filter(|mount| !mount.point.contains("/mount-rootfs"))
        .filter(|mount| top(&mounts, mount.point).is_some_and(|top| top.id == mount.id))
        .map(|mount| {
            let flags: Vec<&str> =
                mount.flags.iter().copied().filter(|flag| *flag != "rw" || mount.flags.len() == 1).collect();
            let peers: Vec<&str> = mount
                .peers
                .iter()
                .filter_map(|peer| match peer.split(':').next() {
                    Some("shared") => Some("shared"),
                    Some("master") => Some("slave"),
                    _ => None,
                })
                .collect();
            let propagation = if peers.is_empty() { "private".to_owned() } else { peers.join(",") };
            format!("{} {} {} {propagation}", mount.point, mount.fstype, flags.join(","))
        })
        .collect();
    lines.sort();
    lines
}

/// The mount that a walk to `path` ends on: at each component, whatever is mounted there on the mount walked so far. A
/// walk starts at the process's root, whatever is mounted on that; the kernel lists no mount that lies further down.
fn top<'a, 'b>(mounts: &'b [Mount<'a>], path: &str) -> Option<&'b Mount<'a>> {
    let root = mounts.iter().find(|mount| !mounts.iter().any(|other| other.id == mount.parent))?;
    let mut here = root;
    let mut at = String::new();
    for component in path.split('/').filter(|component| !component.is_empty()) {
        at = format!("{at}/{component}");
        here = step_up(mounts, here, &at);
    }
    Some(here)
}

fn step_up<'a, 'b>(mounts: &'b [Mount<'a>], mut here: &'b Mount<'a>, point: &str) -> &'b Mount<'a> {
    while let Some(over) =
        mounts.iter().find(|mount| mount.parent == here.id && mount.point == point && mount.id != here.id)
    {
        here = over;
    }
    here
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn what_is_mounted_on_the_root_is_not_in_view() {
        let table = "\
1 0 0:1 / / rw,relatime - ext4 disk rw
2 1 0:2 / / rw,relatime - tmpfs over rw
3 2 0:3 / /x rw,relatime - tmpfs over rw
4 1 0:4 / /a rw,relatime - tmpfs one rw";
        assert_eq!(visible(table), ["/ ext4 relatime private", "/a tmpfs relatime private"]);
    }

    #[test]
    fn only_the_topmost_mount_is_listed() {
        let table = "\
1 0 0:1 / / rw,relatime shared:1 - ext4 disk rw
2 1 0:2 / /a rw,relatime - tmpfs one rw
3 2 0:3 / /a ro,nosuid,relatime shared:2 master:1 - tmpfs two rw
4 2 0:4 / /a/under rw,relatime - tmpfs hidden rw
5 3 0:5 / /a/over rw,relatime master:9 - proc three rw";
        assert_eq!(
            visible(table),
            [
                "/ ext4 relatime shared",
                "/a tmpfs ro,nosuid,relatime shared,slave",
                "/a/over proc relatime slave"
            ]
        );
    }
}
