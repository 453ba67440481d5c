//! systemd.exec(5), "User/Group Identity".

use ringfence_terms::Sourced;

/// Who the service runs as. Names are checked for their form only; looking them up needs the host.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// `User=`: a name or a number.
    pub user: Sourced<Option<String>>,
    /// `Group=`: a name or a number.
    pub group: Sourced<Option<String>>,
    /// `DynamicUser=`.
    pub dynamic_user: Sourced<bool>,
    /// `SupplementaryGroups=`.
    pub supplementary_groups: Vec<Sourced<String>>,
    /// `SetLoginEnvironment=`; `None` is automatic.
    pub set_login_environment: Sourced<Option<bool>>,
    /// `PAMName=`; not enforced.
    pub pam_name: Sourced<Option<String>>,
}
