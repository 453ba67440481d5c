//! The lints, one file each, in reading order.

use crate::lint::Lint;

/// Declares the modules, and lists their lints in the same order.
macro_rules! lints {
    ($($module:ident::$lint:ident)*) => {
        $(mod $module;)*
        /// Every lint, in the order of codes.
        pub static LINTS: &[&Lint] = &[$(&$module::$lint),*];
    };
}

lints! {
    unknown_directive::UNKNOWN_DIRECTIVE
    misplaced_directive::MISPLACED_DIRECTIVE
    unknown_section::UNKNOWN_SECTION
    percent::PERCENT
    newer_than_target::NEWER_THAN_TARGET
    old_spelling::OLD_SPELLING
    comment_in_value::COMMENT_IN_VALUE
    empty_resets_nothing::EMPTY_RESETS_NOTHING
    unknown_system_call::UNKNOWN_SYSTEM_CALL
    overridden::OVERRIDDEN
    obsolete::OBSOLETE
    refused::REFUSED
    ignored::IGNORED
    read_write_without_effect::READ_WRITE_WITHOUT_EFFECT
    hidden_anyway::HIDDEN_ANYWAY
    redundant::REDUNDANT
    optional_path_missing::OPTIONAL_PATH_MISSING
    outranked::OUTRANKED
    host_read_only::HOST_READ_ONLY
    needs_other::NEEDS_OTHER
    forced::FORCED
    binds_reset_together::BINDS_RESET_TOGETHER
    device_not_there::DEVICE_NOT_THERE
    write_cannot_be_denied::WRITE_CANNOT_BE_DENIED
    tmpfs_replaced::TMPFS_REPLACED
    exec_entry_lifts_read_only::EXEC_ENTRY_LIFTS_READ_ONLY
    exec_flag_lost::EXEC_FLAG_LOST
    run_left_writable::RUN_LEFT_WRITABLE
    sys_left_writable::SYS_LEFT_WRITABLE
    read_write_outranked::READ_WRITE_OUTRANKED
    outside_root::OUTSIDE_ROOT
    hidden_below_tmpfs::HIDDEN_BELOW_TMPFS
    no_exec_does_not_reach::NO_EXEC_DOES_NOT_REACH
    homes_left_open::HOMES_LEFT_OPEN
    mount_point_left_behind::MOUNT_POINT_LEFT_BEHIND
    not_shared::NOT_SHARED
    private_tmp_read_only::PRIVATE_TMP_READ_ONLY
    no_user_namespaces::NO_USER_NAMESPACES
    automount_not_covered::AUTOMOUNT_NOT_COVERED
    missing_path::MISSING_PATH
    notify_socket_hidden::NOTIFY_SOCKET_HIDDEN
    cannot_run::CANNOT_RUN
    setup_fails::SETUP_FAILS
    working_directory::WORKING_DIRECTORY
    user_missing::USER_MISSING
    user_cannot_use::USER_CANNOT_USE
    environment_file_missing::ENVIRONMENT_FILE_MISSING
    shell_syntax::SHELL_SYNTAX
    variable_in_word::VARIABLE_IN_WORD
    needs_hidden::NEEDS_HIDDEN
    credential_missing::CREDENTIAL_MISSING
    fuse_not_for_root::FUSE_NOT_FOR_ROOT
    empty_root_broken::EMPTY_ROOT_BROKEN
    secret_in_unit::SECRET_IN_UNIT
    secrets_visible::SECRETS_VISIBLE
    state_in_etc::STATE_IN_ETC
    writable_and_executable::WRITABLE_AND_EXECUTABLE
    nobody::NOBODY
    foreign_calls::FOREIGN_CALLS
}
