//! Users and groups, from `/etc/passwd` and `/etc/group` of the tree (passwd(5), group(5)).
//!
//! Name service modules other than these files are not asked: a tree that is not running has none, and a static
//! binary could not load them.

use ringfence_sandbox::facts::User;
use std::collections::BTreeSet;
use std::io;
use std::path::Path;

/// All accounts of a tree: the files as they were, searched when somebody is asked for. A tree without the files has root and
/// nobody, as systemd takes for granted (`src/basic/user-util.c: synthesize_user_creds`).
#[derive(Clone, Debug)]
pub struct Accounts {
    passwd: String,
    group: String,
}

/// Name, number, home.
const TAKEN_FOR_GRANTED: [(&str, u32, &str); 2] = [("root", 0, "/root"), ("nobody", 65534, "/")];

impl Accounts {
    /// Reads the accounts below a root directory.
    ///
    /// # Errors
    /// When a file is there but cannot be read.
    pub fn read(root: &Path) -> io::Result<Accounts> {
        let text = |name: &str| match std::fs::read(root.join(name)) {
            Ok(bytes) => Ok(String::from_utf8(bytes)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            Err(e) => {
                Err(io::Error::new(e.kind(), format!("cannot read {}: {e}", root.join(name).display())))
            }
        };
        Ok(Accounts { passwd: text("etc/passwd")?, group: text("etc/group")? })
    }

    /// The account of that name, or else with that number.
    pub fn user(&self, name: &str) -> Option<User> {
        self.user_of_name(name).or_else(|| {
            let uid: u32 = name.parse().ok()?;
            let in_file = self.passwd.lines().filter_map(user).find(|user| user.uid == uid);
            let granted = || TAKEN_FOR_GRANTED.iter().find(|(_, id, _)| *id == uid);
            in_file.or_else(|| self.user_of_name(granted()?.0).filter(|user| user.uid == uid))
        })
    }

    fn user_of_name(&self, name: &str) -> Option<User> {
        lines_of(&self.passwd, name).find_map(user).or_else(|| {
            let (name, id, home) = TAKEN_FOR_GRANTED.into_iter().find(|(granted, ..)| *granted == name)?;
            let shell = "/usr/sbin/nologin".into();
            Some(User { name: name.to_owned(), uid: id, gid: id, home: home.into(), shell })
        })
    }

    /// The number of the group of that name; a number stands for itself.
    pub fn group(&self, name: &str) -> Option<u32> {
        let in_file = lines_of(&self.group, name).find_map(group).map(|group| group.gid);
        in_file.or_else(|| if name == "root" { Some(0) } else { name.parse().ok() })
    }

    /// The groups that list the user as a member, sorted.
    pub fn groups_of(&self, user: &str) -> Vec<u32> {
        let with_user = |group: &Group<'_>| group.members.split(',').any(|member| member == user);
        let gids = self.group.lines().filter_map(group).filter(with_user).map(|group| group.gid);
        gids.collect::<BTreeSet<u32>>().into_iter().collect()
    }

    /// The name of a group's number.
    pub fn group_name(&self, gid: u32) -> Option<&str> {
        let names =
            self.group.lines().filter_map(group).filter(|group| group.gid == gid).map(|group| group.name);
        // Of two lines with one name the first counts.
        names.chain((gid == 0).then_some("root")).filter(|name| self.group(name) == Some(gid)).min()
    }
}

/// The lines that begin with a name.
fn lines_of<'t>(text: &'t str, name: &str) -> impl Iterator<Item = &'t str> {
    text.lines().filter(move |line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(':')))
}

/// A line of passwd(5), unless it is none.
fn user(line: &str) -> Option<User> {
    let mut fields = line.split(':');
    let mut next = || fields.next();
    let (name, _, uid, gid, _, home, shell) = (next()?, next()?, next()?, next()?, next()?, next()?, next()?);
    let (uid, gid) = (uid.parse().ok()?, gid.parse().ok()?);
    Some(User { name: name.to_owned(), uid, gid, home: home.into(), shell: shell.into() })
}

struct Group<'t> {
    name: &'t str,
    gid: u32,
    members: &'t str,
}

/// A line of group(5), unless it is none.
fn group(line: &str) -> Option<Group<'_>> {
    let mut fields = line.split(':');
    let mut next = || fields.next();
    let (name, _, gid, members) = (next()?, next()?, next()?, next()?);
    Some(Group { name, gid: gid.parse().ok()?, members })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts(passwd: &str, group: &str) -> Accounts {
        Accounts { passwd: passwd.to_owned(), group: group.to_owned() }
    }

    #[test]
    fn looks_up_by_name_and_by_number() {
        let accounts = accounts(
            "root:x:0:0:root:/root:/bin/bash\nwww:x:33:33::/var/www:/bin/false\nbroken line\n",
            "root:x:0:\nwww:x:33:\nadm:x:4:www,other\ntls:x:9:www\n",
        );
        assert_eq!(accounts.user("www").map(|u| u.uid), Some(33));
        assert_eq!(accounts.user("33").map(|u| u.name), Some("www".to_owned()));
        assert_eq!(accounts.user("ghost"), None);
        assert_eq!(accounts.group("adm"), Some(4));
        assert_eq!(accounts.group("77"), Some(77));
        assert_eq!(accounts.groups_of("www"), [4, 9]);
        assert_eq!(accounts.group_name(9), Some("tls"));
    }

    #[test]
    fn of_two_lines_with_one_name_the_first_counts() {
        let accounts = accounts("a:x:7:7::/:/bin/sh\na:x:8:8::/:/bin/sh\n", "b:x:3:\nb:x:4:a\nc:x:4:a,a\n");
        assert_eq!(accounts.user("a").map(|u| u.uid), Some(7));
        assert_eq!(accounts.user("8").map(|u| u.name), Some("a".to_owned()));
        assert_eq!((accounts.group("b"), accounts.group_name(4)), (Some(3), Some("c")));
        assert_eq!(accounts.groups_of("a"), [4]);
    }

    #[test]
    fn who_is_called_as_another_begins_is_not_that_one() {
        let accounts = accounts("www-data:x:33:33::/:/bin/sh\n", "www-data:x:33:\n");
        assert_eq!((accounts.user("www"), accounts.group("www")), (None, None));
    }

    #[test]
    fn root_and_nobody_are_there_without_files() {
        let accounts = accounts("", "");
        assert_eq!(accounts.user("root").map(|u| u.uid), Some(0));
        assert_eq!(accounts.user("nobody").map(|u| u.uid), Some(65534));
    }
}
