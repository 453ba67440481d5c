//! The recorded cases are complete and of their form.

use ringfence_agreement::{Case, Facts, cases_dir, process_dir};

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
fn every_case_about_a_process_is_recorded() {
    let (facts, cases) = (Facts::load().unwrap(), Case::all(&process_dir()).unwrap());
    assert!(cases.len() > 8, "only {} cases were found", cases.len());
    for (name, case) in cases {
        let expect = case.expect.unwrap_or_else(|| panic!("{name} has not been recorded"));
        assert_eq!(expect.result == "success", !expect.process.is_empty(), "{name}");
        let mut whole = expect.whole_itself(&facts);
        if expect.result == "success" {
            assert!(whole.process.contains_key("answer i386 getpid"), "{name}: {whole:?}");
        }
        whole.cut_itself(&facts);
        assert_eq!(whole, expect, "{name}");
    }
}

#[test]
fn the_whole_outcome_has_every_standard_path_and_the_cut_one_only_what_differs() {
    let (facts, cases) = (Facts::load().unwrap(), Case::all(&cases_dir()).unwrap());
    for (name, case) in cases {
        let expect = case.expect.unwrap();
        let mut whole = expect.whole(&facts);
        let all = facts.tried.keys().all(|path| whole.tried.contains_key(path));
        assert_eq!(all, expect.result == "success", "{name}");
        whole.cut(&facts);
        assert_eq!(whole, expect, "{name}");
    }
}
