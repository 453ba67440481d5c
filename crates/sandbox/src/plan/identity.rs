//! Who the service runs as, in numbers.

use crate::facts::Facts;
use ringfence_settings::Settings;
use ringfence_unit::Manager;

/// A number from the range of dynamic users (systemd: `src/shared/user-record.c`, 61184 to 65519). Which one systemd
/// would take does not matter: nothing else belongs to it.
pub const DYNAMIC_USER: u32 = 61184;

/// The user and group of the service: the manager's own in a user manager. A name that nobody knows stands for a number that owns nothing, because the start
/// fails then.
pub(crate) fn ids(settings: &Settings, facts: &dyn Facts) -> (u32, u32) {
    if settings.manager == Manager::User {
        let caller = &facts.features().caller;
        return (caller.uid, caller.gid);
    }
    let identity = &settings.identity;
    let user = identity.user.value.as_deref();
    let known = user.and_then(|name| facts.user(name));
    let number = user.and_then(|name| name.parse().ok());
    let (uid, own_group) = match known {
        Some(user) => (user.uid, user.gid),
        None if identity.dynamic_user.value => (DYNAMIC_USER, DYNAMIC_USER),
        None if user.is_none() => (0, 0),
        None => (number.unwrap_or(DYNAMIC_USER), number.unwrap_or(DYNAMIC_USER)),
    };
    let gid = identity.group.value.as_deref().and_then(|name| facts.group(name)).unwrap_or(own_group);
    (uid, gid)
}
