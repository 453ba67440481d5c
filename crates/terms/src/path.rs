//! An absolute path that is already in its simplest spelling.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An absolute, normalised path: it starts with `/`, has no `//`, no `.` or `..` component and no trailing `/`
/// (but for the root itself).
///
/// Such a path is a name, not a promise that something is there, and it may pass through symlinks. Paths are
/// ordered component by component, so a directory sorts directly before everything below it (systemd:
/// `path_compare`). Bytes need not be UTF-8: recordings contain what programs really opened.
///
/// Since there is one spelling only, paths are compared as bytes, which is several times faster than by components.
#[derive(Clone)]
pub struct AbsPath(Spelling);

/// A plan is made of constant paths for the most part; they take no memory of their own.
#[derive(Clone)]
enum Spelling {
    Constant(&'static str),
    Shared(Arc<Path>),
}

/// The number of bytes that is too many for a path (`PATH_MAX`).
const LONGEST: usize = 4096;

impl Hash for AbsPath {
    /// As its bytes.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl PartialEq for AbsPath {
    fn eq(&self, other: &AbsPath) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for AbsPath {}

impl Ord for AbsPath {
    /// By components: a `/` ends one, and so comes before every other byte.
    fn cmp(&self, other: &AbsPath) -> Ordering {
        let (a, b) = (self.as_bytes(), other.as_bytes());
        let rank = |byte: &u8| if *byte == b'/' { 0 } else { *byte };
        match a.iter().zip(b).find(|(x, y)| x != y) {
            Some((x, y)) => rank(x).cmp(&rank(y)),
            None => a.len().cmp(&b.len()),
        }
    }
}

impl PartialOrd for AbsPath {
    fn partial_cmp(&self, other: &AbsPath) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Why a text is not an [`AbsPath`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathError {
    /// The path does not start with `/`.
    NotAbsolute,
    /// The path contains a `..` component, which systemd refuses.
    ParentComponent,
    /// The path has 4096 bytes (`PATH_MAX`) or more.
    TooLong,
    /// The path contains a NUL byte.
    Nul,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PathError::NotAbsolute => "the path is not absolute",
            PathError::ParentComponent => "the path contains a `..` component",
            PathError::TooLong => "the path has 4096 bytes or more",
            PathError::Nul => "the path contains a NUL byte",
        })
    }
}

impl std::error::Error for PathError {}

impl AbsPath {
    /// The root directory, `/`.
    pub const fn root() -> Self {
        AbsPath(Spelling::Constant("/"))
    }

    /// A path that the program knows.
    ///
    /// # Panics
    /// When it is not an absolute path in its simplest spelling.
    pub const fn constant(path: &'static str) -> Self {
        assert!(is_simplest(path.as_bytes()), "a constant path is absolute and in its simplest spelling");
        AbsPath(Spelling::Constant(path))
    }

    /// Simplifies `//`, `/./`, `..` at the very beginning and a trailing `/`, then checks the rules that systemd has for
    /// paths in units (`path_simplify_and_warn`).
    pub fn parse(text: impl AsRef<OsStr>) -> Result<Self, PathError> {
        let bytes = text.as_ref().as_bytes();
        if bytes.first() != Some(&b'/') {
            return Err(PathError::NotAbsolute);
        }
        if bytes.contains(&0) {
            return Err(PathError::Nul);
        }
        // Most paths are written simply, and no component begins with a dot.
        let is_simple = bytes.windows(2).all(|pair| pair[0] != b'/' || !matches!(pair[1], b'/' | b'.'));
        if is_simple && bytes.len() > 1 && bytes.len() < LONGEST && bytes.last() != Some(&b'/') {
            return Ok(AbsPath::of_simple(bytes));
        }
        let mut simple = Vec::with_capacity(bytes.len());
        for component in bytes.split(|&b| b == b'/') {
            match component {
                b"" | b"." => {}
                // The root is its own parent.
                b".." if simple.is_empty() => {}
                b".." => return Err(PathError::ParentComponent),
                name => {
                    simple.push(b'/');
                    simple.extend_from_slice(name);
                }
            }
        }
        if simple.is_empty() {
            simple.push(b'/');
        }
        if simple.len() >= LONGEST {
            return Err(PathError::TooLong);
        }
        Ok(AbsPath::of_simple(&simple))
    }

    /// From bytes that are a path in its simplest spelling already.
    fn of_simple(bytes: &[u8]) -> Self {
        AbsPath(Spelling::Shared(Arc::from(Path::new(OsStr::from_bytes(bytes)))))
    }

    /// The path as the standard library's type.
    pub fn as_path(&self) -> &Path {
        match &self.0 {
            Spelling::Constant(path) => Path::new(path),
            Spelling::Shared(path) => path,
        }
    }

    /// The raw bytes of the path.
    pub fn as_bytes(&self) -> &[u8] {
        self.as_path().as_os_str().as_bytes()
    }

    /// Whether this is `/`.
    pub fn is_root(&self) -> bool {
        self.as_bytes() == b"/"
    }

    /// The directory that holds this path; `None` for `/`.
    pub fn parent(&self) -> Option<AbsPath> {
        let bytes = self.as_bytes();
        if self.is_root() {
            return None;
        }
        let slash = bytes.iter().rposition(|&b| b == b'/')?;
        Some(AbsPath::of_simple(&bytes[..slash.max(1)]))
    }

    /// The last component; `None` for `/`.
    pub fn file_name(&self) -> Option<&OsStr> {
        self.as_path().file_name()
    }

    /// The components after the leading `/`, in order.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &OsStr> {
        let names = self.as_bytes().split(|&b| b == b'/').map(OsStr::from_bytes);
        names.filter(|name| !name.is_empty())
    }

    /// Appends a relative path; a leading `/` of `relative` is ignored, so that a path can be put below a root.
    pub fn join(&self, relative: impl AsRef<OsStr>) -> Result<AbsPath, PathError> {
        let (above, relative) = (self.as_bytes(), relative.as_ref().as_bytes());
        let mut bytes = Vec::with_capacity(above.len() + 1 + relative.len());
        bytes.extend_from_slice(above);
        if !self.is_root() {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(relative);
        // One name below a simple path makes a simple path.
        let is_name =
            !matches!(relative, b"" | b"." | b"..") && !relative.iter().any(|b| matches!(b, b'/' | 0));
        if is_name && bytes.len() < LONGEST {
            return Ok(AbsPath::of_simple(&bytes));
        }
        AbsPath::parse(OsStr::from_bytes(&bytes))
    }

    /// Whether this path is `other` or lies below it, judged by names alone.
    pub fn is_at_or_below(&self, other: &AbsPath) -> bool {
        let (path, above) = (self.as_bytes(), other.as_bytes());
        other.is_root() || (path.starts_with(above) && matches!(path.get(above.len()), None | Some(b'/')))
    }

    /// Whether this path lies below `other` and is not `other` itself.
    pub fn is_below(&self, other: &AbsPath) -> bool {
        self != other && self.is_at_or_below(other)
    }

    /// Every path from `/` down to this one.
    pub fn ancestors_from_root(&self) -> Vec<AbsPath> {
        let bytes = self.as_bytes();
        let ends = (1..bytes.len()).filter(|&at| bytes[at] == b'/').map(|at| &bytes[..at]);
        let above = std::iter::once(AbsPath::root()).chain(ends.map(AbsPath::of_simple));
        above.chain((!self.is_root()).then(|| self.clone())).collect()
    }

    /// Every path on the way down to this one that has at least so many components, the last one being this one.
    pub fn ancestors_below(&self, components: usize) -> impl Iterator<Item = AbsPath> {
        let bytes = self.as_bytes();
        let ends = (2..=bytes.len()).filter(|&at| bytes.get(at).is_none_or(|&byte| byte == b'/'));
        ends.skip(components.saturating_sub(1)).map(|at| match at == bytes.len() {
            true => self.clone(),
            false => AbsPath::of_simple(&bytes[..at]),
        })
    }

    /// As [`ancestors_below`](Self::ancestors_below) from the first component on, for who only wants to look at them.
    pub fn prefixes(&self) -> impl Iterator<Item = &Path> {
        let bytes = self.as_bytes();
        let ends = (2..=bytes.len()).filter(|&at| bytes.get(at).is_none_or(|&byte| byte == b'/'));
        ends.map(|at| Path::new(OsStr::from_bytes(&bytes[..at])))
    }

    /// Whether this is a path in its simplest spelling.
    pub fn is(&self, simple: &Path) -> bool {
        self.as_bytes() == simple.as_os_str().as_bytes()
    }

    /// Moves a path from below `from` to below `to`; `None` when it is not at or below `from`.
    pub fn rebase(&self, from: &AbsPath, to: &AbsPath) -> Option<AbsPath> {
        if !self.is_at_or_below(from) {
            return None;
        }
        let above = if from.is_root() { 0 } else { from.as_bytes().len() };
        // Either nothing or a slash and what follows it.
        let rest = if self == from { &[][..] } else { &self.as_bytes()[above..] };
        match (rest.is_empty(), to.is_root()) {
            (true, _) => Some(to.clone()),
            (false, true) => Some(AbsPath::of_simple(rest)),
            (false, false) => {
                let bytes = [to.as_bytes(), rest].concat();
                (bytes.len() < LONGEST).then(|| AbsPath::of_simple(&bytes))
            }
        }
    }
}

/// Whether a path is absolute, short enough, and spelt as simply as it can be.
const fn is_simplest(path: &[u8]) -> bool {
    let length = path.len();
    if length == 0 || length >= LONGEST || path[0] != b'/' || (length > 1 && path[length - 1] == b'/') {
        return false;
    }
    let mut at = 1;
    while at < length {
        let rest = path.split_at(at).1;
        if path[at] == 0 || (path[at - 1] == b'/' && matches!(rest, [b'/', ..] | [b'.'] | [b'.', b'/', ..])) {
            return false;
        }
        if path[at - 1] == b'/' && matches!(rest, [b'.', b'.'] | [b'.', b'.', b'/', ..]) {
            return false;
        }
        at += 1;
    }
    true
}

impl AsRef<Path> for AbsPath {
    fn as_ref(&self) -> &Path {
        self.as_path()
    }
}

impl From<&AbsPath> for PathBuf {
    fn from(path: &AbsPath) -> PathBuf {
        path.as_path().to_path_buf()
    }
}

impl std::str::FromStr for AbsPath {
    type Err = PathError;
    fn from_str(text: &str) -> Result<Self, PathError> {
        AbsPath::parse(text)
    }
}

impl fmt::Display for AbsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.as_path().display(), f)
    }
}

impl fmt::Debug for AbsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_path(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> AbsPath {
        AbsPath::parse(text).unwrap()
    }

    #[test]
    fn simplifies_as_systemd_does() {
        for (text, simple) in
            [("/", "/"), ("//", "/"), ("/a//b/./c/", "/a/b/c"), ("/.", "/"), ("/../../a", "/a"), ("/..", "/")]
        {
            assert_eq!(path(text).to_string(), simple);
        }
    }

    #[test]
    fn refuses_what_systemd_refuses() {
        assert_eq!(AbsPath::parse("a/b"), Err(PathError::NotAbsolute));
        assert_eq!(AbsPath::parse(""), Err(PathError::NotAbsolute));
        assert_eq!(AbsPath::parse("/h/../i"), Err(PathError::ParentComponent));
        assert_eq!(AbsPath::parse("/".to_string() + &"x".repeat(4095)), Err(PathError::TooLong));
    }

    #[test]
    fn a_constant_path_is_as_good_as_any() {
        const TMP: AbsPath = AbsPath::constant("/var/tmp");
        assert_eq!(TMP, path("/var/tmp"));
        assert_eq!(TMP.parent(), Some(path("/var")));
        assert_eq!(AbsPath::constant("/"), AbsPath::root());
        for wrong in ["", "a", "/a/", "//", "/a//b", "/./a", "/a/.", "/..", "/../a", "/a\0"] {
            assert!(!is_simplest(wrong.as_bytes()), "{wrong}");
        }
        for right in ["/", "/.a", "/a/..b", "/a/...", "/a./b"] {
            assert!(is_simplest(right.as_bytes()), "{right}");
        }
    }

    #[test]
    fn ancestors_are_counted_by_their_components() {
        let below = |text: &str, components| -> Vec<String> {
            path(text).ancestors_below(components).map(|path| path.to_string()).collect()
        };
        assert_eq!(below("/a/bc/d", 1), ["/a", "/a/bc", "/a/bc/d"]);
        assert_eq!(below("/a/bc/d", 3), ["/a/bc/d"]);
        assert!(below("/a/bc/d", 4).is_empty() && below("/", 1).is_empty());
    }

    #[test]
    fn a_directory_sorts_directly_before_its_subtree() {
        let mut all = [path("/a-b"), path("/a/b"), path("/a"), path("/")];
        all.sort();
        assert_eq!(all, [path("/"), path("/a"), path("/a/b"), path("/a-b")]);
    }

    #[test]
    fn the_order_is_that_of_components() {
        let all =
            ["/", "/a", "/a/b", "/a/b/c", "/a-b", "/a-b/c", "/ab", "/b", "/\u{1}", "/a\u{1}b", "/a/\u{ff}"];
        for one in all {
            for other in all {
                let expected = Path::new(one).cmp(Path::new(other));
                assert_eq!(path(one).cmp(&path(other)), expected, "{one} {other}");
                assert_eq!(path(one) == path(other), one == other);
                assert_eq!(
                    path(one).is_at_or_below(&path(other)),
                    Path::new(one).starts_with(other),
                    "{one} {other}"
                );
            }
        }
    }

    #[test]
    fn below_is_by_component_not_by_prefix() {
        assert!(path("/usr/lib").is_below(&path("/usr")));
        assert!(!path("/usrlocal").is_below(&path("/usr")));
        assert!(path("/usr").is_at_or_below(&path("/usr")));
        assert_eq!(path("/usr/lib").rebase(&path("/usr"), &path("/x")), Some(path("/x/lib")));
        assert_eq!(path("/usr").rebase(&path("/usr"), &path("/x")), Some(path("/x")));
    }

    #[test]
    fn shortcuts_give_what_the_standard_library_gives() {
        let all = ["/", "/a", "/a/b", "/a/b/c", "/a-b/c", "/ab"];
        for text in all {
            let one = path(text);
            assert_eq!(one.parent().as_ref().map(AbsPath::as_path), Path::new(text).parent());
            assert!(one.components().eq(Path::new(text).iter().skip(1)));
            let mut names: Vec<&OsStr> = one.components().rev().collect();
            names.reverse();
            assert!(one.components().eq(names));
            let mut above: Vec<&Path> = Path::new(text).ancestors().collect();
            above.reverse();
            assert!(one.ancestors_from_root().iter().map(AbsPath::as_path).eq(above));
            for other in all {
                for to in all {
                    let rest = Path::new(text).strip_prefix(other).ok();
                    let expected = rest.map(|rest| path(&format!("{to}/{}", rest.display())));
                    assert_eq!(one.rebase(&path(other), &path(to)), expected, "{text} {other} {to}");
                }
            }
            for (below, simple) in [("x", "x"), ("/x/", "x"), ("x//./y", "x/y"), ("", ""), (".", "")] {
                assert_eq!(one.join(below), AbsPath::parse(format!("{text}/{simple}")), "{text} {below}");
            }
            assert!(one.join("x/..").is_err());
        }
        assert_eq!(path("/a").join(".."), Err(PathError::ParentComponent));
        assert_eq!(path("/a").join("x".repeat(4096)), Err(PathError::TooLong));
        assert_eq!(path("/a").join("x\0"), Err(PathError::Nul));
    }
}
