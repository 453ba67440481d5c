//! Users and groups, from `/etc/passwd` and `/etc/group` of the tree (passwd(5), group(5)).
//!
//! Name service modules other than these files are not asked: a tree that is not running has none, and a static
//! binary could not load them.

use hashbrown::HashMap;
use ringfence_sandbox::facts::User;
use std::io;
use std::path::Path;

/// All accounts of a tree. A tree without the files has root and nobody, as systemd takes for granted
/// (`src/basic/user-util.c: synthesize_user_creds`).
#[derive(Clone, Debug)]
pub struct Accounts {
    users: Vec<User>,
    groups: HashMap<String, u32>,
    members: HashMap<String, Vec<u32>>,
}

impl Accounts {
    /// Reads the accounts below a root directory.
    ///
    /// # Errors
    /// When a file is there but cannot be read.
    pub fn read(root: &Path) -> io::Result<Accounts> {
        let text = |name: &str| match std::fs::read(root.join(name)) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            Err(e) => {
                Err(io::Error::new(e.kind(), format!("cannot read {}: {e}", root.join(name).display())))
            }
        };
        Ok(Accounts::parse(&text("etc/passwd")?, &text("etc/group")?))
    }

    fn parse(passwd: &str, group: &str) -> Accounts {
        let mut accounts = Accounts { users: Vec::new(), groups: HashMap::new(), members: HashMap::new() };
        for line in passwd.lines() {
            if let [Some(name), _, Some(uid), Some(gid), _, Some(home), Some(shell)] = fields(line)
                && let (Ok(uid), Ok(gid)) = (uid.parse(), gid.parse())
            {
                accounts.add(name, uid, gid, home, shell);
            }
        }
        for line in group.lines() {
            if let [Some(name), _, Some(gid), Some(members)] = fields(line)
                && let Ok(gid) = gid.parse()
            {
                accounts.groups.entry(name.to_owned()).or_insert(gid);
                for member in members.split(',').filter(|m| !m.is_empty()) {
                    accounts.members.entry(member.to_owned()).or_default().push(gid);
                }
            }
        }
        for (name, id, home) in [("root", 0, "/root"), ("nobody", 65534, "/")] {
            if accounts.user(name).is_none() {
                accounts.add(name, id, id, home, "/usr/sbin/nologin");
            }
        }
        accounts.groups.entry("root".to_owned()).or_insert(0);
        accounts
    }

    fn add(&mut self, name: &str, uid: u32, gid: u32, home: &str, shell: &str) {
        self.users.push(User { name: name.to_owned(), uid, gid, home: home.into(), shell: shell.into() });
    }

    /// The account of that name, or else with that number.
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|u| u.name == name).or_else(|| {
            let uid: u32 = name.parse().ok()?;
            self.users.iter().find(|u| u.uid == uid)
        })
    }

    /// The number of the group of that name; a number stands for itself.
    pub fn group(&self, name: &str) -> Option<u32> {
        self.groups.get(name).copied().or_else(|| name.parse().ok())
    }

    /// The groups that list the user as a member, sorted.
    pub fn groups_of(&self, user: &str) -> Vec<u32> {
        let mut gids = self.members.get(user).cloned().unwrap_or_default();
        gids.sort_unstable();
        gids.dedup();
        gids
    }

    /// All users, in file order.
    pub fn users(&self) -> &[User] {
        &self.users
    }

    /// The name of a group's number.
    pub fn group_name(&self, gid: u32) -> Option<&str> {
        self.groups.iter().filter(|(_, g)| **g == gid).map(|(name, _)| name.as_str()).min()
    }
}

/// The first fields of a line, as far as it has them.
fn fields<const N: usize>(line: &str) -> [Option<&str>; N] {
    let mut fields = line.split(':');
    std::array::from_fn(|_| fields.next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_up_by_name_and_by_number() {
        let accounts = Accounts::parse(
            "root:x:0:0:root:/root:/bin/bash\nwww:x:33:33::/var/www:/bin/false\nbroken line\n",
            "root:x:0:\nwww:x:33:\nadm:x:4:www,other\ntls:x:9:www\n",
        );
        assert_eq!(accounts.user("www").map(|u| u.uid), Some(33));
        assert_eq!(accounts.user("33").map(|u| u.name.as_str()), Some("www"));
        assert_eq!(accounts.user("ghost"), None);
        assert_eq!(accounts.group("adm"), Some(4));
        assert_eq!(accounts.group("77"), Some(77));
        assert_eq!(accounts.groups_of("www"), [4, 9]);
        assert_eq!(accounts.group_name(9), Some("tls"));
    }

    #[test]
    fn root_and_nobody_are_there_without_files() {
        let accounts = Accounts::parse("", "");
        assert_eq!(accounts.user("root").map(|u| u.uid), Some(0));
        assert_eq!(accounts.user("nobody").map(|u| u.uid), Some(65534));
    }
}
