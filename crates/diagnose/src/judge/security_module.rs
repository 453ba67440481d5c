//! SELinux, AppArmor, Smack: named as such, with what to run.

use crate::clue::Module;
use crate::{Cause, Finding};
use ringfence_terms::AbsPath;

pub fn judge(module: Module, path: Option<AbsPath>, asked: &str) -> Finding {
    let run = match module {
        Module::SeLinux => {
            "`ausearch -m avc -ts recent | audit2why` says why; a wrong label is mended with `restorecon -v PATH`, a switch with \
             `setsebool -P`, and `audit2allow -M NAME` makes a module of what is missing"
        }
        Module::AppArmor => {
            "`aa-logprof` offers the missing rule, `apparmor_parser -r /etc/apparmor.d/PROFILE` loads it, `aa-complain PROFILE` \
             lets everything through and tells of it"
        }
        Module::Smack => "`smackload` loads a missing rule, and `chsmack PATH` shows a file's label",
    };
    Finding {
        path,
        detail: Some(module.name().to_owned()),
        ..Finding::new(
            Cause::MandatoryAccessControl,
            format!(
                "{} denied it ({asked}): no line of the unit can open that; its own policy must. {run}.",
                module.name()
            ),
        )
    }
}
