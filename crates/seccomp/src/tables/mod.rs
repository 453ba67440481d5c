//! Checked-in facts: what systemd 257.13 and libseccomp 2.6.0 know of system calls.

pub(crate) mod groups;
pub(crate) mod known;
pub(crate) mod numbers;

/// How many ABIs [`numbers::NUMBERS`] has a column for.
pub(crate) const ABIS: usize = 10;

/// Makes two tables from lines of `"name" number or _, once for each ABI;`: the calls' names, and each one's number in
/// each ABI in the order of [`Abi`](crate::Abi)'s variants.
///
/// They are apart because names are pointers, which the loader writes down anew whenever a program starts.
macro_rules! rows {
    (@cell _) => { None };
    (@cell $number:literal) => { Some($number) };
    ($($name:literal $a:tt $b:tt $c:tt $d:tt $e:tt $f:tt $g:tt $h:tt $i:tt $j:tt;)*) => {
        pub(crate) static NAMES: &[&str] = &[$($name),*];
        pub(crate) static NUMBERS: &[[Option<u32>; $crate::tables::ABIS]] = &[$([
            rows!(@cell $a), rows!(@cell $b), rows!(@cell $c), rows!(@cell $d), rows!(@cell $e),
            rows!(@cell $f), rows!(@cell $g), rows!(@cell $h), rows!(@cell $i), rows!(@cell $j),
        ]),*];
    };
}
pub(crate) use rows;
