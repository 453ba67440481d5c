//! Settings as a list, for people to read.

use crate::catalogue::{self, Directive, Engine, Section};
use crate::read::show_kept;
use crate::{NotEnforced, Settings};
use ringfence_terms::Origin;
use std::sync::LazyLock;

/// One effective setting.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The directive.
    pub directive: &'static Directive,
    /// The value as a unit would write it, one for each entry of a list.
    pub value: String,
    /// The assignment responsible. It is one of another directive where that one implies this value, and missing for a
    /// built-in default.
    pub origin: Option<Origin>,
}

impl Setting {
    /// Whether another directive brought the value about.
    pub fn is_implied(&self) -> bool {
        let own = |origin: &Origin| self.directive.names().any(|name| *name == *origin.directive);
        !self.origin.as_ref().is_none_or(own)
    }
}

impl Settings {
    /// Every setting in effect, built-in defaults included, in the order of the catalogue; a list gives one for each of
    /// its entries.
    pub fn list(&self) -> Vec<Setting> {
        let section = Section::of_type(self.unit.suffix());
        let of_this_type = |d: &&Directive| {
            d.sections.contains(&Section::Unit)
                || d.sections.contains(&Section::Install)
                || section.is_some_and(|section| d.sections.contains(&section))
        };
        catalogue::all()
            .filter(of_this_type)
            .flat_map(|directive| {
                (directive.show)(self)
                    .into_iter()
                    .chain(show_kept(self, directive))
                    .map(move |shown| Setting { directive, value: shown.value, origin: shown.origin })
            })
            .collect()
    }

    /// Every setting that a line of the unit decides, itself or by implication.
    pub fn explicit(&self) -> Vec<Setting> {
        self.list().into_iter().filter(|setting| setting.origin.is_some()).collect()
    }
}

/// The lines that the engine does not enforce, each once, in the order of the catalogue.
pub(crate) fn not_enforced(settings: &Settings) -> Vec<NotEnforced> {
    let mut all: Vec<NotEnforced> = Vec::new();
    let mut add = |origin: &Origin, why: &'static str| {
        if !all.iter().any(|known| known.origin == *origin) {
            all.push(NotEnforced { origin: origin.clone(), why });
        }
    };
    let own = Section::of_type(settings.unit.suffix());
    for origin in &settings.other {
        let sections = [own, Some(Section::Unit)];
        let directive = sections.into_iter().flatten().find_map(|s| catalogue::find(s, &origin.directive));
        if let Some(Engine::Cannot(why)) = directive.map(|d| d.engine) {
            add(origin, why);
        }
    }
    for (directive, why) in TYPED_BUT_NOT_ENFORCED.iter() {
        for shown in (directive.show)(settings) {
            let own_line = |origin: &&Origin| directive.names().any(|name| *name == *origin.directive);
            if let Some(origin) = shown.origin.as_ref().filter(own_line) {
                add(origin, why);
            }
        }
    }
    all
}

/// Directives that have a type, and that the engine cannot enforce.
static TYPED_BUT_NOT_ENFORCED: LazyLock<Vec<(&Directive, &str)>> = LazyLock::new(|| {
    let typed = catalogue::all().filter(|directive| !directive.kept);
    typed
        .filter_map(|directive| match directive.engine {
            Engine::Cannot(why) => Some((directive, why)),
            Engine::Enforces | Engine::NotConcerned => None,
        })
        .collect()
});
