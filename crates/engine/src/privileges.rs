//! User, groups and capabilities (capabilities(7); systemd: `exec_invoke` from "Drop groups as early as possible" on, and
//! `src/basic/capability-util.c`).

use crate::failure::Failure;
use crate::identity::Identity;
use crate::step::Step;
use ringfence_settings::{Capability, CapabilitySet as Wanted};
use rustix::io::{Errno, Result};
use rustix::process::{Gid, Uid};
use rustix::thread::{
    CapabilitiesSecureBits, CapabilitySet, capabilities, capabilities_secure_bits,
    capability_is_in_ambient_set, capability_is_in_bounding_set, configure_capability_in_ambient_set,
    remove_capability_from_bounding_set, set_capabilities, set_capabilities_secure_bits,
    set_keep_capabilities, set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};

/// Whether the calling thread has a capability in effect.
pub fn has(capability: Capability) -> bool {
    capabilities(None).is_ok_and(|sets| sets.effective.contains(bit(capability)))
}

fn bit(capability: Capability) -> CapabilitySet {
    CapabilitySet::from_bits_retain(1 << capability.number())
}

/// Every capability that the running kernel knows.
fn known() -> impl Iterator<Item = Capability> {
    (0..=Capability::LIMIT)
        .filter_map(Capability::from_number)
        .take_while(|capability| capability_is_in_bounding_set(bit(*capability)).is_ok())
}

/// Takes every capability that is not to be kept out of the bounding and the inheritable set
/// (systemd: `capability_bounding_set_drop`).
pub fn limit_bounding_set(keep: Wanted) -> Result<()> {
    if known().all(|capability| keep.contains(capability)) {
        return Ok(());
    }
    let before = capabilities(None)?;
    raise(Capability::SETPCAP)?;
    let mut after = before;
    for capability in known().filter(|capability| !keep.contains(*capability)) {
        if let Err(e) = remove_capability_from_bounding_set(bit(capability))
            && capability_is_in_bounding_set(bit(capability))?
        {
            return Err(e);
        }
        after.inheritable.remove(bit(capability));
    }
    set_capabilities(None, after)
}

/// Puts a capability into the effective set; without it in the permitted one the next step that needs it says so.
fn raise(capability: Capability) -> Result<()> {
    let mut sets = capabilities(None)?;
    if sets.effective.contains(bit(capability)) || !sets.permitted.contains(bit(capability)) {
        return Ok(());
    }
    sets.effective.insert(bit(capability));
    set_capabilities(None, sets)
}

/// Makes the ambient set what is asked for, as far as the bounding set has it
/// (systemd: `capability_ambient_set_apply`).
pub fn set_ambient(wanted: Wanted, also_inheritable: bool) -> Result<()> {
    let bounded = |capability: &Capability| capability_is_in_bounding_set(bit(*capability)) == Ok(true);
    let wanted: Vec<Capability> =
        known().filter(|capability| wanted.contains(*capability)).filter(bounded).collect();
    if also_inheritable {
        let mut sets = capabilities(None)?;
        sets.inheritable = wanted.iter().fold(CapabilitySet::empty(), |set, c| set | bit(*c));
        set_capabilities(None, sets)?;
    }
    for capability in known() {
        let wanted = wanted.contains(&capability);
        if wanted || capability_is_in_ambient_set(bit(capability))? {
            configure_capability_in_ambient_set(bit(capability), wanted)?;
        }
    }
    Ok(())
}

/// Supplementary groups and group (systemd: `enforce_groups`).
pub fn change_groups(identity: &Identity) -> std::result::Result<(), Failure> {
    set_supplementary_groups(identity.groups.as_deref())?;
    if let Some(gid) = identity.gid {
        let gid = Gid::from_raw(gid);
        set_thread_res_gid(gid, gid, gid)
            .map_err(|e| Failure::new(Step::Group, format!("change the group to {gid}")).errno(e))?;
    }
    Ok(())
}

/// What a command with `+` or `!` gets of the unit's users and groups: the user's own supplementary groups, because systemd
/// sets them while it looks them up (`get_supplementary_groups`).
pub fn take_own_groups(identity: &Identity) -> std::result::Result<(), Failure> {
    set_supplementary_groups(identity.own_groups.as_deref())
}

fn set_supplementary_groups(groups: Option<&[u32]>) -> std::result::Result<(), Failure> {
    let Some(groups) = groups else { return Ok(()) };
    let groups: Vec<Gid> = groups.iter().map(|g| Gid::from_raw(*g)).collect();
    set_thread_groups(&groups).map_err(|e| Failure::new(Step::Group, "set the supplementary groups").errno(e))
}

/// Changes the user. Capabilities are kept over it where the next steps need them (systemd: `enforce_user`).
pub fn change_user(uid: u32, keep: bool) -> Result<()> {
    if keep && uid != 0 {
        let bits = capabilities_secure_bits()?;
        let wanted = bits | CapabilitiesSecureBits::KEEP_CAPS;
        if wanted != bits {
            set_capabilities_secure_bits(wanted)?;
        }
    }
    let uid = Uid::from_raw(uid);
    set_thread_res_uid(uid, uid, uid)
}

/// Lets the permitted capabilities survive a change of the user.
pub fn keep_over_user_change(keep: bool) -> Result<()> {
    set_keep_capabilities(keep)
}

/// Puts a capability into the effective, permitted and inheritable sets (systemd: `keep_capability`).
pub fn keep(capability: Capability) -> Result<()> {
    change(capability, true)
}

/// Takes a capability out of the effective, permitted and inheritable sets (systemd: `drop_capability`).
pub fn drop(capability: Capability) -> Result<()> {
    change(capability, false)
}

fn change(capability: Capability, on: bool) -> Result<()> {
    let mut sets = capabilities(None)?;
    for set in [&mut sets.effective, &mut sets.permitted, &mut sets.inheritable] {
        set.set(bit(capability), on);
    }
    set_capabilities(None, sets)
}

/// `SecureBits=`.
pub fn set_secure_bits(wanted: u32) -> std::result::Result<(), Failure> {
    let fail = |e: Errno| Failure::new(Step::SecureBits, "set the secure bits").errno(e);
    let wanted = CapabilitiesSecureBits::from_bits_retain(wanted);
    if capabilities_secure_bits().map_err(fail)? == wanted {
        return Ok(());
    }
    raise(Capability::SETPCAP)
        .map_err(|e| Failure::new(Step::Capabilities, "gain CAP_SETPCAP for the secure bits").errno(e))?;
    set_capabilities_secure_bits(wanted).map_err(fail)
}
