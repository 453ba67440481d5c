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
    refused::REFUSED
    ignored::IGNORED
    optional_path_missing::OPTIONAL_PATH_MISSING
    tmpfs_replaced::TMPFS_REPLACED
    exec_entry_lifts_read_only::EXEC_ENTRY_LIFTS_READ_ONLY
    exec_flag_lost::EXEC_FLAG_LOST
    run_left_writable::RUN_LEFT_WRITABLE
    sys_left_writable::SYS_LEFT_WRITABLE
    read_write_outranked::READ_WRITE_OUTRANKED
    outside_root::OUTSIDE_ROOT
    hidden_below_tmpfs::HIDDEN_BELOW_TMPFS
    missing_path::MISSING_PATH
}
