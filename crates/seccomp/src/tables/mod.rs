//! Checked-in facts: what systemd 257.13 and libseccomp 2.6.0 know of system calls.

pub(crate) mod groups;
pub(crate) mod known;
pub(crate) mod numbers;

/// How many ABIs [`numbers::ROWS`] has a column for.
pub(crate) const ABIS: usize = 10;

/// A system call's name, and its number in each ABI in the order of [`Abi`](crate::Abi)'s variants.
pub(crate) type Row = (&'static str, [Option<u32>; ABIS]);

/// Makes the table from lines of `"name" number or _, once for each ABI;`.
macro_rules! rows {
    (@cell _) => { None };
    (@cell $number:literal) => { Some($number) };
    ($($name:literal $a:tt $b:tt $c:tt $d:tt $e:tt $f:tt $g:tt $h:tt $i:tt $j:tt;)*) => {
        pub(crate) static ROWS: &[Row] = &[$(($name, [
            rows!(@cell $a), rows!(@cell $b), rows!(@cell $c), rows!(@cell $d), rows!(@cell $e),
            rows!(@cell $f), rows!(@cell $g), rows!(@cell $h), rows!(@cell $i), rows!(@cell $j),
        ])),*];
    };
}
pub(crate) use rows;
