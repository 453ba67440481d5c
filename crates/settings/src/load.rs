//! From a unit to its settings.

use crate::catalogue::{self, Directive, Section};
use crate::read::{Line, Refusal};
use crate::suggest::nearest;
use crate::{BadSetting, Settings, derive, imply};
use ringfence_terms::{Complaint, Origin, Severity};
use ringfence_unit::{Assignment, Unit};
use std::path::Path;
use std::sync::Arc;

impl Settings {
    /// The effective settings of a unit: what its assignments say ([`as_written`](Self::as_written)), the defaults that
    /// depend on them, and what directives imply for each other ([`imply`]).
    ///
    /// Reading cannot fail. What systemd would warn about comes back as complaints, with the unit's own complaints
    /// first; what it would refuse the unit for is in [`Settings::refused`] too.
    pub fn from_unit(unit: &Unit) -> (Settings, Vec<Complaint>) {
        let (mut settings, mut complaints) = Settings::as_written(unit);
        derive::defaults(&mut settings);
        crate::verify::verify(&mut settings, unit, &mut complaints);
        imply::imply(&mut settings);
        settings.not_enforced = crate::show::not_enforced(&settings);
        (settings, complaints)
    }

    /// What the unit's assignments say, and nothing that follows from them.
    pub fn as_written(unit: &Unit) -> (Settings, Vec<Complaint>) {
        let mut settings = Settings::defaults(unit.id.clone(), unit.manager);
        let own = Section::of_type(unit.id.suffix());
        let mut reader = Reader { unit, own, last: None, complaints: unit.complaints.clone(), dropped: None };
        for assignment in &unit.assignments {
            reader.take(assignment, &mut settings);
        }
        (settings, reader.complaints)
    }
}

struct Reader<'a> {
    unit: &'a Unit,
    /// The section of the unit's type.
    own: Option<Section>,
    /// The name of the section that the last line stood in, and what it means if that says something about this unit.
    last: Option<(&'a Arc<str>, Option<Section>)>,
    complaints: Vec<Complaint>,
    /// The drop-in that is not read any further, since systemd refused a line of it.
    dropped: Option<Arc<Path>>,
}

impl<'a> Reader<'a> {
    fn take(&mut self, assignment: &'a Assignment, settings: &mut Settings) {
        let origin = &assignment.origin;
        if self.dropped.as_ref() == Some(&origin.file) {
            return;
        }
        let Some(section) = self.section(&assignment.section) else { return };
        let Some(directive) = catalogue::find(section, &origin.directive) else {
            self.unknown(section, origin);
            return;
        };
        let mut line = Line {
            directive,
            origin,
            value: &origin.value,
            specifiers: &self.unit.specifiers,
            complaints: &mut self.complaints,
        };
        if let Err(refusal) = (directive.read)(&mut line, settings) {
            self.refused(refusal, origin, settings);
        }
    }

    /// The section of a name, if it says something about this unit: `[Socket]` does not in a service.
    fn section(&mut self, name: &'a Arc<str>) -> Option<Section> {
        if let Some((last, section)) = self.last
            && Arc::ptr_eq(last, name)
        {
            return section;
        }
        let section = Section::from_name(name).filter(|section| {
            matches!(section, Section::Unit | Section::Install) || self.own == Some(*section)
        });
        self.last = Some((name, section));
        section
    }

    fn refused(&mut self, refusal: Refusal, origin: &Origin, settings: &mut Settings) {
        let in_fragment = self.unit.fragment.as_ref() == Some(&origin.file);
        let effect = if in_fragment {
            settings.refused.push(BadSetting { origin: Some(origin.clone()), why: refusal.why.clone() });
            "systemd refuses the unit"
        } else {
            self.dropped = Some(origin.file.clone());
            "systemd ignores the rest of this file"
        };
        self.complaints.push(Complaint {
            severity: Severity::Error,
            message: format!("{}; {effect}", refusal.why),
            file: origin.file.clone(),
            line: origin.line,
            subject: refusal.subject,
            help: refusal.help,
        });
    }

    fn unknown(&mut self, section: Section, origin: &Origin) {
        let name = &*origin.directive;
        if name.starts_with("X-") {
            return;
        }
        let elsewhere = catalogue::all().find(|d| d.names().any(|n| n == name));
        let help = match elsewhere {
            Some(directive) => {
                let sections: Vec<_> = directive.sections.iter().map(|s| format!("[{}]", s.name())).collect();
                Some(format!("{name}= belongs in {}", sections.join(", ")))
            }
            None => {
                let known =
                    catalogue::all().filter(|d| d.sections.contains(&section)).flat_map(Directive::names);
                nearest(name, known).map(|n| format!("did you mean `{n}=`?"))
            }
        };
        self.complaints.push(Complaint {
            severity: Severity::Warning,
            message: format!(
                "systemd knows no directive {name}= in [{}], and ignores the line",
                section.name()
            ),
            file: origin.file.clone(),
            line: origin.line,
            subject: name.to_owned(),
            help,
        });
    }
}
