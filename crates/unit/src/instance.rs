//! A template as one of its instances.

use crate::specifier::Specifiers;
use crate::{Unit, UnitNameError};

impl Unit {
    /// The same unit under the name of another instance of its template: what its specifiers say of the name is that
    /// instance's. Its files are the same; an instance's own drop-ins are not looked for.
    ///
    /// # Errors
    /// When its name takes no instance, or not this one.
    pub fn as_instance(&self, instance: &str) -> Result<Unit, UnitNameError> {
        let id = self.id.with_instance(instance)?;
        let mut specifiers = self.specifiers.clone();
        let of_name = Specifiers::of_name(&id);
        for letter in Specifiers::OF_NAME.chars() {
            if let Some(value) = of_name.get(letter) {
                specifiers.set(letter, value);
            }
        }
        Ok(Unit { name: id.clone(), id, specifiers, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use crate::find::{Environment, Root, load_file};
    use crate::{Manager, UnitName};

    #[test]
    fn specifiers_are_the_instances() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("each@.service");
        std::fs::write(&path, "[Service]\nExecStart=/bin/true %i\n").unwrap();
        let unit = load_file(Root::system(), Manager::System, Environment::default(), &path, None).unwrap();
        let instance = unit.as_instance("0-1.2.3.4:5-6.7.8.9:10").unwrap();
        assert_eq!(instance.id, UnitName::parse("each@0-1.2.3.4:5-6.7.8.9:10.service").unwrap());
        assert_eq!(instance.specifiers.expand("%i %p").as_deref(), Ok("0-1.2.3.4:5-6.7.8.9:10 each"));
        assert_eq!(instance.assignments, unit.assignments);
        assert!(unit.as_instance("a/b").is_err());
    }
}
