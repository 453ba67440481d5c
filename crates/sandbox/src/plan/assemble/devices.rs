//! `PrivateDevices=`.

use super::Wanted;
use crate::plan::draft::Draft;
use crate::plan::mode::MountMode;

/// A new `/dev`.
pub(super) fn private_dev(wanted: &mut Wanted) {
    let setting = &wanted.settings.sandbox.private_devices;
    if setting.value {
        wanted.add(Draft::at("/dev", MountMode::PrivateDev, setting.origin.as_ref()));
    }
}
