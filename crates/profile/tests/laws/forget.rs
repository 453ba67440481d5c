//! What is left out of a profile.

use ringfence_profile::{Event, Privilege, Profile, Program, What};
use std::sync::Arc;

#[test]
fn what_sets_a_process_up_leaves_no_need_of_capabilities() {
    let mut profile = Profile::new();
    for (by, privilege) in [
        ("/usr/bin/starter@0", Privilege::Capability(8)),
        ("/usr/bin/starter@0", Privilege::Capability(5)),
        ("/usr/bin/served@0", Privilege::Capability(5)),
        ("/usr/bin/starter@0", Privilege::Socket { family: 1, kind: 1, protocol: 0 }),
    ] {
        let by: Arc<Program> = Arc::new(by.parse().expect("a program"));
        profile.add(&Event { by, errno: None, what: What::Privilege(privilege) });
    }
    profile.forget_capabilities_of("starter".as_ref());
    let left: Vec<(&Privilege, usize)> = profile.privileges().map(|(what, by)| (what, by.len())).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.contains(&(&Privilege::Capability(5), 1)), "{left:?}");
    assert!(left.contains(&(&Privilege::Socket { family: 1, kind: 1, protocol: 0 }, 1)), "{left:?}");
}
