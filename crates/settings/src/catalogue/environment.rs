//! systemd.exec(5), "Environment".

use super::field::Field;
use super::{Directive, Kind, Manual, Merge, Section};
use crate::read::{
    Notation, Unset, Variable, VariableName, environment, environment_file, pass_environment,
    show_environment_files, show_list, unset_environment,
};

const MANUAL: Manual = Manual { page: "systemd.exec(5)", chapter: "Environment" };

const fn here(name: &'static str, field: Field, doc: &'static str) -> Directive {
    Directive::new(name, Section::EXEC, MANUAL, field, doc)
}

pub(super) static ALL: &[Directive] = &[
    here(
        "Environment",
        Field {
            kind: Variable::KIND,
            merge: Merge::ByName,
            kept: false,
            read: environment,
            show: |settings| show_list::<Variable>(&settings.environment.set),
        },
        "Sets environment variables.",
    ),
    here(
        "EnvironmentFile",
        Field {
            kind: Kind::Form("an absolute path, perhaps with wildcards, perhaps after `-` (may be missing)"),
            merge: Merge::List,
            kept: false,
            read: environment_file,
            show: show_environment_files,
        },
        "Reads environment variables from a file, at every start; they win over Environment=.",
    ),
    here(
        "PassEnvironment",
        Field {
            kind: VariableName::KIND,
            merge: Merge::List,
            kept: false,
            read: pass_environment,
            show: |settings| show_list::<VariableName>(&settings.environment.pass),
        },
        "Takes variables over from the manager's own environment.",
    )
    .since(228),
    here(
        "UnsetEnvironment",
        Field {
            kind: Unset::KIND,
            merge: Merge::List,
            kept: false,
            read: unset_environment,
            show: |settings| show_list::<Unset>(&settings.environment.unset),
        },
        "Removes variables, whichever way they came in.",
    )
    .since(235),
];
