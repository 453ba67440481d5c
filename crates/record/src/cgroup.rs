//! Where control groups are.

use std::io;
use std::path::PathBuf;

/// The directory of a control group that is named from the top of the unified hierarchy, such as
/// `/system.slice/nginx.service`, whether or not the group exists.
///
/// # Errors
/// When no cgroup2 file system is mounted.
pub fn cgroup_directory(group: &str) -> io::Result<PathBuf> {
    let mounts = std::fs::read_to_string("/proc/self/mounts")?;
    let point = mounts.lines().find_map(|line| {
        let mut words = line.split(' ').skip(1);
        let point = words.next()?;
        (words.next() == Some("cgroup2")).then_some(point)
    });
    let point = point.ok_or_else(|| {
        io::Error::new(io::ErrorKind::NotFound, "no unified control group hierarchy is mounted")
    })?;
    Ok(PathBuf::from(point).join(group.trim_start_matches('/')))
}
