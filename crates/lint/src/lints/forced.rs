//! A value that `DynamicUser=yes` overrides.

use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_settings::Settings;
use ringfence_settings::catalogue::{self, Implication, Section};
use ringfence_terms::Severity;

pub(crate) static FORCED: Lint = Lint {
    code: "RF108",
    name: "forced",
    severity: Severity::Warning,
    versions: Versions::from(232),
    docs: Docs {
        what: "A line that asks for less than `DynamicUser=yes` forces: `PrivateTmp=no`, `ProtectSystem=full`, \
               `ProtectHome=no`, `NoNewPrivileges=no`, `RestrictSUIDSGID=no`, `RemoveIPC=no`.",
        why: "A dynamic user's number is given to another service later, so systemd makes sure that no file of it stays \
              behind: whatever the line says, the tree is read-only, /tmp is private, and set-user-ID files cannot be \
              made. The service does not get what the line reads like.",
        example: "[Service]\nDynamicUser=yes\nPrivateTmp=no\n",
        instead: "[Service]\nDynamicUser=yes\nStateDirectory=app\n",
        reference: "systemd.exec(5), DynamicUser=; systemd: src/core/unit.c, unit_patch_contexts()",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let dynamic = &subject.settings.identity.dynamic_user;
    let (true, Some(cause), Some(section)) =
        (dynamic.value, &dynamic.origin, Section::of_type(subject.unit.id.suffix()))
    else {
        return;
    };
    let (written, _) = Settings::as_written(subject.unit);
    let implied = catalogue::find(section, "DynamicUser").map_or(&[][..], |directive| directive.implies);
    for implication in implied {
        let (Implication::Forces(name, value) | Implication::Defaults(name, value)) = *implication else { continue };
        let before = written.list().into_iter().find(|setting| setting.directive.name == name);
        let Some(before) = before.filter(|setting| asks_for_less(setting.value.as_str(), implication)) else {
            continue;
        };
        let Some(origin) = before.origin else { continue };
        let message = format!("DynamicUser=yes makes this {name}={value}, whatever the line says");
        report.add(subject.whole(&origin), message).also(subject.whole_of(Some(cause)), "forces it").fix(
            Trust::Safe,
            "take the line out",
            vec![Edit::remove(&origin)],
        );
    }
}

/// Whether a value as written is replaced: a forced one by any other, a default only where the line says no.
fn asks_for_less(written: &str, implication: &Implication) -> bool {
    match implication {
        Implication::Forces(_, value) => written != *value,
        Implication::Defaults(..) => written == "no",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::found_by;

    #[test]
    fn more_than_is_forced_stays() {
        assert_eq!(found_by("RF108", "DynamicUser=yes; PrivateTmp=yes; ProtectHome=yes; ProtectSystem=strict"), [""; 0]);
        assert_eq!(found_by("RF108", "DynamicUser=yes; ProtectSystem=full"), ["RF108 ProtectSystem=full"]);
        assert_eq!(found_by("RF108", "PrivateTmp=no"), [""; 0]);
    }
}
