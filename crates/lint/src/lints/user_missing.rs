//! A `User=` or `Group=` that this machine does not know.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_terms::Severity;
use ringfence_unit::Manager;

pub(crate) static USER_MISSING: Lint = Lint {
    code: "RF306",
    name: "user-missing",
    severity: Severity::Error,
    versions: Versions::ALL,
    docs: Docs {
        what: "A `User=`, `Group=` or `SupplementaryGroups=` that is no account of this machine, in a service without \
               `DynamicUser=`. Only looked for on a running machine: accounts may be made when a system first boots. \
               Accounts that come over the network are not known here.",
        why: "The service fails to start with 217/USER or 216/GROUP.",
        example: "[Service]\nUser=nosuchuser\n",
        instead: "[Service]\nUser=app\n",
        reference: "systemd.exec(5), User=; sysusers.d(5)",
    },
    shown_by: &["one-user-unknown", "one-group-unknown"],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let identity = &subject.settings.identity;
    if !subject.booted || identity.dynamic_user.value || subject.unit.manager == Manager::User {
        return;
    }
    let user = identity.user.value.as_deref().zip(identity.user.origin.as_ref());
    if let Some((name, origin)) = user
        && subject.facts().user(name).is_none()
    {
        let message = format!("there is no user {name} on this machine, and the start fails with 217/USER");
        report.add(subject.whole(origin), message).help("make it (sysusers.d(5)), or use DynamicUser=yes");
    }
    let group = identity.group.value.as_deref().zip(identity.group.origin.as_ref());
    let more = identity.supplementary_groups.iter().filter_map(|g| Some((&*g.value, g.origin.as_ref()?)));
    for (name, origin) in group.into_iter().chain(more) {
        if subject.facts().group_of_line(name).is_none() {
            let message = format!("there is no group {name} on this machine, and the start fails with 216/GROUP");
            report.add(subject.whole(origin), message).help("make it (sysusers.d(5))");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::found_by;

    #[test]
    fn only_dynamic_users_need_no_account() {
        assert_eq!(found_by("RF306", "Group=nope"), ["RF306 Group=nope"]);
        assert_eq!(found_by("RF306", "User=4711; Group=4712"), ["RF306 User=4711", "RF306 Group=4712"]);
        assert_eq!(found_by("RF306", "Group=0; SupplementaryGroups=65534"), [""; 0]);
        assert_eq!(found_by("RF306", "User=nope; DynamicUser=yes"), [""; 0]);
    }
}
