//! systemd.exec(5), "Logging and Standard Input/Output".

use super::field::{Field, kept, optional, scalar, words_only};
use super::{Directive, Implication, Kind, Manual, Merge, Section};
use crate::read::{
    AbsolutePath, Boolean, LogNamespaceName, Span, Stream, Text, Unsigned, Word, input, input_data,
    input_text, output, show_input, show_input_data, show_output,
};

const MANUAL: Manual = Manual { page: "systemd.exec(5)", chapter: "Logging and Standard Input/Output" };
const NO_JOURNAL: &str =
    "output goes to the terminal and not to the journal, where this would have an effect";
const NO_TERMINAL: &str = "the terminal is used as it is: it is neither cleaned nor resized";

const fn here(name: &'static str, field: Field, doc: &'static str) -> Directive {
    Directive::new(name, Section::EXEC, MANUAL, field, doc)
}

macro_rules! output {
    ($stream:ident) => {
        Field {
            kind: Kind::Form("`inherit`, `null`, `tty`, `journal`, `kmsg`, `socket`, `fd:NAME`, or `file:`, `append:`, `truncate:` and a path"),
            merge: Merge::Last,
            kept: false,
            read: |line, settings| output(line, settings, Stream::$stream),
            show: |settings| show_output(settings, Stream::$stream),
        }
    };
}

words_only!(
    /// Levels of messages.
    Level: "emerg" "alert" "crit" "err" "warning" "notice" "info" "debug" "0" "1" "2" "3" "4" "5" "6" "7"
);
words_only!(
    /// Facilities of syslog.
    Facility: "kern" "user" "mail" "daemon" "auth" "syslog" "lpr" "news" "uucp" "cron" "authpriv" "ftp" "local0" "local1"
        "local2" "local3" "local4" "local5" "local6" "local7"
);

pub(super) static ALL: &[Directive] = &[
    here(
        "StandardInput",
        Field {
            kind: Kind::Form(
                "`null`, `tty`, `tty-force`, `tty-fail`, `data`, `socket`, `fd:NAME` or `file:PATH`",
            ),
            merge: Merge::Last,
            kept: false,
            read: input,
            show: show_input,
        },
        "Where standard input comes from.",
    ),
    here("StandardOutput", output!(Output), "Where standard output goes.").value_since(&[
        ("file:", 236),
        ("append:", 240),
        ("truncate:", 248),
    ]),
    here("StandardError", output!(Error), "Where standard error goes.").value_since(&[
        ("file:", 236),
        ("append:", 240),
        ("truncate:", 248),
    ]),
    here(
        "StandardInputText",
        Field {
            kind: Kind::Form("text with C escapes"),
            merge: Merge::List,
            kept: false,
            read: input_text,
            show: |settings| show_input_data(settings, "StandardInputText"),
        },
        "Text for standard input, one line for each assignment.",
    )
    .since(236),
    here(
        "StandardInputData",
        Field {
            kind: Kind::Form("base64"),
            merge: Merge::List,
            kept: false,
            read: input_data,
            show: |settings| show_input_data(settings, "StandardInputData"),
        },
        "Data for standard input.",
    )
    .since(236),
    here("LogLevelMax", kept!(Word<Level>, Last), "Up to which level messages are kept.")
        .since(236)
        .cannot(NO_JOURNAL),
    here(
        "LogExtraFields",
        kept!(Text, List),
        "Fields that every message of the service gets in the journal.",
    )
    .since(236)
    .cannot(NO_JOURNAL),
    here(
        "LogRateLimitIntervalSec",
        kept!(Span, Last),
        "The time in which LogRateLimitBurst= messages are kept.",
    )
    .since(240)
    .cannot(NO_JOURNAL),
    here(
        "LogRateLimitBurst",
        kept!(Unsigned, Last),
        "How many messages are kept in LogRateLimitIntervalSec=.",
    )
    .since(240)
    .cannot(NO_JOURNAL),
    here("LogFilterPatterns", kept!(Text, List), "Which messages are kept, by regular expressions.")
        .since(253)
        .cannot(NO_JOURNAL),
    here("LogNamespace", optional!(LogNamespaceName: sandbox.log_namespace), "Logs to a journal of its own.")
        .since(245)
        .plan("bind-read-only: /run/systemd/journal, that journal's")
        .implies(&[Implication::MountNamespace, Implication::Defaults("BindLogSockets", "yes")]),
    here(
        "SyslogIdentifier",
        optional!(Text: stdio.syslog_identifier),
        "The name before every message; the program's when not set.",
    ),
    here("SyslogFacility", kept!(Word<Facility>, Last), "The syslog facility of messages.")
        .cannot(NO_JOURNAL),
    here("SyslogLevel", kept!(Word<Level>, Last), "The level of messages that name none.").cannot(NO_JOURNAL),
    here("SyslogLevelPrefix", kept!(Boolean, Last), "Whether `<N>` before a message is its level.")
        .cannot(NO_JOURNAL),
    here(
        "TTYPath",
        optional!(AbsolutePath: stdio.terminal.path),
        "The terminal that `tty` stands for; /dev/console when not set.",
    ),
    here(
        "TTYReset",
        scalar!(Boolean: stdio.terminal.reset),
        "Whether the terminal is reset before and after.",
    )
    .cannot(NO_TERMINAL),
    here(
        "TTYVHangup",
        kept!(Boolean, Last),
        "Whether others are disconnected from the terminal before and after.",
    )
    .cannot(NO_TERMINAL),
    here("TTYColumns", kept!(Text, LastOrUnset), "How wide the terminal is.").since(250).cannot(NO_TERMINAL),
    here("TTYRows", kept!(Text, LastOrUnset), "How high the terminal is.").since(250).cannot(NO_TERMINAL),
    here(
        "TTYVTDisallocate",
        kept!(Boolean, Last),
        "Whether the virtual terminal is cleared before and after.",
    )
    .cannot(NO_TERMINAL),
];
