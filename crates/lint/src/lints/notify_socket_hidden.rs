//! `Type=notify` where the notification socket is hidden.

use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::tree::NewFs;
use ringfence_sandbox::view::Shows;
use ringfence_settings::ServiceType;
use ringfence_terms::{AbsPath, Severity};

pub(crate) static NOTIFY_SOCKET_HIDDEN: Lint = Lint {
    code: "RF302",
    name: "notify-socket-hidden",
    severity: Severity::Error,
    versions: Versions::from(238),
    docs: Docs {
        what: "A service of `Type=notify` or `notify-reload` that does not see /run/systemd/notify, because of \
               `TemporaryFileSystem=/`, `TemporaryFileSystem=/run` or `InaccessiblePaths=`.",
        why: "systemd brings the socket into an own root (`RootDirectory=`) by itself, but not into a temporary file \
              system. The service cannot say that it is ready: the start fails with `protocol`, or times out.",
        example: "[Service]\nType=notify\nTemporaryFileSystem=/run\n",
        instead: "[Service]\nType=notify\nTemporaryFileSystem=/run\nBindReadOnlyPaths=/run/systemd/notify\n",
        reference: "systemd: src/core/namespace.c, setup_namespace() (notify_socket)",
    },
    shown_by: &[],
    check,
};

const SOCKET: &str = "/run/systemd/notify";

fn check(subject: &Subject<'_>, report: &mut Report) {
    let settings = &subject.settings;
    let kind = &settings.service.kind;
    let (Some(origin), Ok(socket)) = (&kind.origin, AbsPath::parse(SOCKET)) else { return };
    if !matches!(kind.value, ServiceType::Notify | ServiceType::NotifyReload) || settings.has_own_root() {
        return;
    }
    let mounted = subject.view().mount_at(&socket);
    if !matches!(mounted.shows, Shows::New(NewFs::Tmpfs { .. } | NewFs::Inaccessible(_))) {
        return;
    }
    let hiding = mounted.made_by.and_then(|entry| entry.origin.as_ref());
    let by = hiding.map_or_else(String::new, |o| format!(" by {}={}", o.directive, o.value));
    let found = report
        .add(
            subject.whole(origin),
            format!("the service cannot say that it is ready: {SOCKET} is hidden{by}"),
        )
        .also(subject.whole_of(hiding), "hides it")
        .help("bring the socket back")
        .line(format!("BindReadOnlyPaths={SOCKET}"));
    if let (Some(hiding), Shows::New(NewFs::Tmpfs { .. })) = (hiding, &mounted.shows) {
        let edit = Edit::insert(hiding, "BindReadOnlyPaths", SOCKET);
        found.fix(Trust::Suggested, format!("add `BindReadOnlyPaths={SOCKET}`"), vec![edit]);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::found_by;

    #[test]
    fn what_hides_run_hides_the_socket() {
        assert!(found_by("RF302", "Type=notify; InaccessiblePaths=/run").contains(&"RF302 Type=notify".to_owned()));
        assert_eq!(found_by("RF302", "TemporaryFileSystem=/run"), [""; 0]);
        assert_eq!(found_by("RF302", "Type=notify; ProtectSystem=full; PrivateTmp=yes"), [""; 0]);
    }
}
