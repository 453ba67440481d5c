//! The recorded cases are complete and of their form.

use ringfence_agreement::{Case, Facts, cases_dir};

#[test]
fn every_case_is_recorded() {
    let cases = Case::all(&cases_dir()).unwrap();
    assert!(cases.len() > 100, "only {} cases were found", cases.len());
    for (name, case) in cases {
        let expect = case.expect.unwrap_or_else(|| panic!("{name} has not been recorded"));
        if expect.result == "success" {
            assert!(expect.mounts.is_some() || !expect.tried.is_empty(), "{name}: the probe told nothing");
        } else {
            assert!(expect.tried.is_empty(), "{name}: the probe cannot have run");
            assert!(!expect.log.is_empty(), "{name}: systemd said nothing about the failure");
        }
    }
}

#[test]
fn a_failed_unit_has_tried_nothing_and_any_other_the_standard_paths() {
    let (facts, cases) = (Facts::load().unwrap(), Case::all(&cases_dir()).unwrap());
    for (name, case) in cases {
        let expect = case.expect.unwrap();
        let tried = expect.all_tried(&facts).len();
        assert_eq!(expect.result == "success", tried >= facts.tried.len(), "{name}: {tried} paths");
    }
}
