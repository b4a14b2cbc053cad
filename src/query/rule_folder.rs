//! A folder of rules on Grafana's server, below a root that the server's administrator sets.
//!
//! Files end with `.yml` or `.yaml`. A link to a file may lead to another place within the folder, as in a volume of Kubernetes,
//! and not out of it. Links to folders are not followed, and names that begin with a dot are left out.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::detection::{RuleError, RuleFile};

/// The most files of a folder.
const MOST_FILES: usize = 1_000;

/// The largest file, in bytes.
const LARGEST_FILE: u64 = 256 << 10;

/// The most folders in each other.
const DEEPEST: usize = 8;

/// The most entries that are looked at.
const MOST_ENTRIES: usize = 10_000;

/// What says that a folder has not changed: the names, sizes and times of its files.
pub(super) type Stamp = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// A folder of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RuleFolder {
    /// The folder below which all folders of rules are.
    root: PathBuf,
    /// The path of this one below the root.
    below: PathBuf,
}

/// The files of a folder, and what could not be read.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// The files, by name.
    pub(super) stamp: Stamp,
    /// The real path of the folder.
    real: PathBuf,
    pub(super) problems: Vec<RuleError>,
}

impl RuleFolder {
    pub(super) fn new(root: &Path, below: &Path) -> Self {
        Self { root: root.to_owned(), below: below.to_owned() }
    }

    /// Lists the files.
    pub(super) fn list(&self) -> Listed {
        let mut listed = Listed::default();
        let real = self.root.canonicalize().and_then(|root| Ok((self.root.join(&self.below).canonicalize()?, root)));
        match real {
            Ok((folder, root)) if folder.starts_with(&root) => listed.real = folder,
            Ok(_) => {
                listed.problem(
                    &self.below,
                    "the folder is a link out of the root that the server's administrator has set",
                );
                return listed;
            }
            Err(error) => {
                listed.problem(&self.below, &format!("the folder cannot be read ({error})"));
                return listed;
            }
        }
        let mut entries = 0;
        let mut folders = vec![(listed.real.clone(), 0)];
        while let Some((folder, depth)) = folders.pop() {
            let found = match fs::read_dir(&folder) {
                Ok(found) => found,
                Err(error) => {
                    listed.problem(&folder, &format!("the folder cannot be read ({error})"));
                    continue;
                }
            };
            for entry in found {
                entries += 1;
                if entries > MOST_ENTRIES {
                    let message = format!("the folder has more than {MOST_ENTRIES} entries; the others are not read");
                    listed.problem(&folder, &message);
                    return listed.sorted();
                }
                match entry {
                    Ok(entry) => folders.extend(listed.add(&entry.path(), depth).map(|below| (below, depth + 1))),
                    Err(error) => listed.problem(&folder, &format!("an entry of the folder cannot be read ({error})")),
                }
            }
        }
        listed.sorted()
    }
}

impl Listed {
    /// Reads the files.
    pub(super) fn files(&self) -> (Vec<RuleFile>, Vec<RuleError>) {
        let (mut files, mut problems) = (Vec::new(), Vec::new());
        for (path, ..) in &self.stamp {
            let name = self.name(path);
            match read(path, &self.real) {
                Ok(text) => files.push(RuleFile::new(name, text)),
                Err(problem) => problems.push(of_file(&name, &problem)),
            }
        }
        (files, problems)
    }

    /// Adds a file. Returns a folder that is to be looked into.
    fn add(&mut self, path: &Path, depth: usize) -> Option<PathBuf> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') {
            return None;
        }
        let is_rules = path.extension().is_some_and(|ending| ending == "yml" || ending == "yaml");
        let about = match path.canonicalize().and_then(|real| Ok((fs::metadata(&real)?, real))) {
            Ok((about, real)) if real.starts_with(&self.real) => about,
            Ok(_) => {
                if is_rules {
                    self.problem(path, "the file is a link out of the folder");
                }
                return None;
            }
            Err(error) => {
                if is_rules {
                    self.problem(path, &format!("the file cannot be read ({error})"));
                }
                return None;
            }
        };
        if about.is_dir() {
            if path.is_symlink() {
                // It might lead in a circle.
                self.problem(path, "a link to a folder is not followed; its files are not read");
                return None;
            }
            if depth < DEEPEST {
                return Some(path.to_owned());
            }
            self.problem(path, &format!("the folder is in more than {DEEPEST} others; its files are not read"));
        } else if is_rules && about.is_file() {
            if self.stamp.len() == MOST_FILES {
                self.problem(path, &format!("the folder has more than {MOST_FILES} files; this one is not read"));
            } else {
                self.stamp.push((path.to_owned(), about.len(), about.modified().ok()));
            }
        }
        None
    }

    fn sorted(mut self) -> Self {
        self.stamp.sort();
        self
    }

    /// The name of a file for people: its path below the folder.
    fn name(&self, path: &Path) -> String {
        path.strip_prefix(&self.real).unwrap_or(path).to_string_lossy().into_owned()
    }

    fn problem(&mut self, path: &Path, message: &str) {
        let name = self.name(path);
        self.problems.push(of_file(&name, message));
    }
}

/// A fault of a whole file or folder: any rule may have been in it.
fn of_file(name: &str, message: &str) -> RuleError {
    RuleError { file: name.into(), rule: None, level: None, tags: None, line: None, message: message.to_owned() }
}

/// The text of a file, which is looked at again: it may have been replaced meanwhile.
fn read(path: &Path, folder: &Path) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("the file cannot be read ({error})");
    let real = path.canonicalize().map_err(failed)?;
    if !real.starts_with(folder) {
        return Err("the file is a link out of the folder".to_owned());
    }
    let file = fs::File::open(&real).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err("it is not a file".to_owned());
    }
    let mut text = Vec::new();
    file.take(LARGEST_FILE + 1).read_to_end(&mut text).map_err(failed)?;
    if text.len() as u64 > LARGEST_FILE {
        return Err(format!("the file is larger than {} KiB", LARGEST_FILE >> 10));
    }
    String::from_utf8(text).map_err(|_| "the file is not UTF-8".to_owned())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn names(folder: &RuleFolder) -> (Vec<String>, Vec<String>) {
        let listed = folder.list();
        let (files, problems) = listed.files();
        let problems = listed.problems.iter().chain(&problems).map(ToString::to_string).collect();
        (files.into_iter().map(|file| file.name).collect(), problems)
    }

    #[test]
    fn files_of_the_folder_are_read_and_no_others() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("team/rules");
        fs::create_dir_all(folder.join("more/.hidden")).unwrap();
        for (name, text) in [
            ("team/rules/b.yml", "b"),
            ("team/rules/more/a.yaml", "a"),
            ("team/rules/notes.txt", "x"),
            ("team/rules/.c.yml", "x"),
            ("team/rules/more/.hidden/d.yml", "x"),
            ("team/e.yml", "x"),
        ] {
            fs::write(root.path().join(name), text).unwrap();
        }
        // A volume of Kubernetes has links to a folder whose name begins with dots.
        fs::create_dir(folder.join("..data")).unwrap();
        fs::write(folder.join("..data/f.yml"), "f").unwrap();
        symlink("..data/f.yml", folder.join("f.yml")).unwrap();
        let rules = RuleFolder::new(root.path(), Path::new("team/rules"));
        let expected = ["b.yml", "f.yml", "more/a.yaml"].map(str::to_owned).to_vec();
        assert_eq!(names(&rules), (expected, vec![]));
    }

    #[test]
    fn links_out_of_the_folder_are_not_followed() {
        let root = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret.yml"), "secret").unwrap();
        fs::create_dir(root.path().join("rules")).unwrap();
        fs::write(root.path().join("other.yml"), "x").unwrap();
        symlink(outside.path().join("secret.yml"), root.path().join("rules/a.yml")).unwrap();
        symlink("../other.yml", root.path().join("rules/b.yml")).unwrap();
        symlink(outside.path(), root.path().join("rules/folder")).unwrap();
        symlink("nowhere", root.path().join("rules/c.yml")).unwrap();
        // Nor is a link to a folder within, which leads in a circle.
        symlink(".", root.path().join("rules/again")).unwrap();
        let (files, problems) = names(&RuleFolder::new(root.path(), Path::new("rules")));
        assert_eq!(files, [""; 0]);
        assert!(problems.contains(&"a.yml: the file is a link out of the folder".to_owned()), "{problems:?}");
        assert!(problems.contains(&"b.yml: the file is a link out of the folder".to_owned()), "{problems:?}");
        assert!(problems.iter().any(|problem| problem.starts_with("c.yml: the file cannot be read (")), "{problems:?}");
        assert!(
            problems.iter().any(|problem| problem.starts_with("again: a link to a folder is not followed")),
            "{problems:?}"
        );
        assert!(!problems.iter().any(|problem| problem.contains("secret")));
        symlink(outside.path(), root.path().join("out")).unwrap();
        let (files, problems) = names(&RuleFolder::new(root.path(), Path::new("out")));
        assert_eq!((files.len(), problems.len()), (0, 1));
        assert!(problems[0].contains("a link out of the root"), "{problems:?}");
    }

    #[test]
    fn large_and_unreadable_files_are_named() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("large.yml"), vec![b'x'; (256 << 10) + 1]).unwrap();
        fs::write(root.path().join("fits.yml"), vec![b'x'; 256 << 10]).unwrap();
        fs::write(root.path().join("bytes.yml"), [0xff]).unwrap();
        let rules = RuleFolder::new(root.path(), Path::new(""));
        let problems = ["bytes.yml: the file is not UTF-8", "large.yml: the file is larger than 256 KiB"];
        assert_eq!(names(&rules), (vec!["fits.yml".to_owned()], problems.map(str::to_owned).to_vec()));
        let (_, problems) = names(&RuleFolder::new(root.path(), Path::new("absent")));
        assert!(problems[0].starts_with("absent: the folder cannot be read ("), "{problems:?}");
    }
}
