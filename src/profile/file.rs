use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use super::day::{Day, KEPT, WINDOW};
use super::days::Profile;
use super::hash::Salt;
use super::tally::{ENTRY, MOST_BYTES, Tally};
use crate::cache::make_private;

/// What a file begins with; another version of the format has another beginning.
const FORMAT: &[u8] = b"audittrail-profile-1\n";

/// What a file's name begins with.
const NAME: &str = "usual";

/// The extension of a file's name.
const EXTENSION: &str = "profile";

const CHECKSUM: usize = 32;

/// A file without a write for so long is removed: with [`KEPT`] days in it, no day of it is older than ninety days then.
const UNUSED: Duration = Duration::from_hours(24 * WINDOW as u64);

const _: () = assert!(KEPT + WINDOW <= 90);

/// The most bytes of the numbers in a file.
const MOST: usize = MOST_BYTES + KEPT as usize * DAY_HEADER;

/// The bytes before a day's entries: its number, and how many entries it has.
const DAY_HEADER: usize = 2 * size_of::<u32>();

/// The file of a profile, in the folder of its data source's cached events.
///
/// It is written under a temporary name and renamed, so that a reader sees all of it or nothing. Its name has a part of the
/// salt's check, so that data sources with the same key and other regions have files of their own. A damaged file is
/// removed, and its days are counted again. The removal of the file erases the profile: the process that wrote it
/// forgets its days too.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(super) path: PathBuf,
}

impl File {
    /// The file in a folder, for profiles with a salt.
    pub(crate) fn of(folder: &Path, salt: &Salt) -> Self {
        let check = u64::from_be_bytes(*salt.check().first_chunk().expect("32 bytes have 8"));
        Self { path: folder.join(format!("{NAME}-{check:016x}.{EXTENSION}")) }
    }

    /// Whether there is a file, or the disk does not tell.
    pub(crate) fn exists(&self) -> bool {
        self.path.try_exists().unwrap_or(true)
    }

    /// The profile in the file, without days that are too old on `today`; `None` where there is no file that can be used.
    pub(crate) fn read(&self, salt: Salt, today: Day) -> Option<Profile> {
        let file = fs::read(&self.path).ok()?;
        match decode(&file, salt) {
            Ok(mut profile) => {
                profile.forget_old(today);
                Some(profile)
            }
            Err(error) => {
                tracing::warn!(file = %self.path.display(), error, "a profile of usual events cannot be used and is removed");
                let _ = fs::remove_file(&self.path);
                None
            }
        }
    }

    /// Writes a profile, and returns whether it was written; an error is logged.
    pub(crate) fn write(&self, profile: &Profile) -> bool {
        let written = self.try_write(profile).inspect_err(|error| {
            tracing::warn!(file = %self.path.display(), %error, "the profile of usual events cannot be written; check the setting cacheDirectory");
        });
        written.is_ok()
    }

    fn try_write(&self, profile: &Profile) -> io::Result<()> {
        let folder = self.path.parent().expect("the file is in a folder");
        // The folder may be removed at any time.
        make_private(folder)?;
        // A temporary file is readable for its owner only.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&encode(profile)?)?;
        file.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }

    /// Erases the profile on disk.
    pub(crate) fn remove(&self) {
        let _ = fs::remove_file(&self.path);
    }

    /// Removes the files of all data sources that share the cache directory which have not been written for
    /// [`WINDOW`] days, also of former credentials and regions.
    pub(crate) fn remove_unused(&self, now: SystemTime) {
        let folders = self.path.ancestors().nth(2).into_iter().flat_map(entries);
        for path in folders.flat_map(|folder| entries(&folder)).filter(|path| is_profile(path)) {
            let written = fs::metadata(&path).and_then(|metadata| metadata.modified());
            if written.is_ok_and(|written| now.duration_since(written).is_ok_and(|age| age > UNUSED)) {
                // Another process may have removed it already.
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// The paths of the entries of a folder.
fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// Whether a path is that of a profile, of any data source.
fn is_profile(path: &Path) -> bool {
    let is_named = path.file_name().and_then(OsStr::to_str).is_some_and(|name| name.starts_with(NAME));
    is_named && path.extension().is_some_and(|extension| extension == EXTENSION)
}

/// The format, the check of the salt, the days with their entries, compressed, and a checksum of all that.
fn encode(profile: &Profile) -> io::Result<Vec<u8>> {
    let mut numbers = Vec::with_capacity(profile.bytes());
    for (day, tally) in profile.days() {
        let entries = u32::try_from(tally.lists.len()).expect("a profile has fewer than 2^32 entries");
        numbers.extend(day.number().to_le_bytes());
        numbers.extend(entries.to_le_bytes());
        tally.lists.iter().for_each(|list| numbers.extend(list.to_le_bytes()));
        tally.items.iter().chain(&tally.counts).for_each(|number| numbers.extend(number.to_le_bytes()));
    }
    let mut file = FORMAT.to_vec();
    file.extend(profile.salt.check());
    file.extend(zstd::bulk::compress(&numbers, zstd::DEFAULT_COMPRESSION_LEVEL)?);
    file.extend(Sha256::digest(&file));
    Ok(file)
}

fn decode(file: &[u8], salt: Salt) -> Result<Profile, &'static str> {
    let (file, checksum) = file.split_last_chunk::<CHECKSUM>().ok_or("it has no checksum")?;
    if Sha256::digest(file).as_slice() != checksum {
        return Err("its checksum is wrong");
    }
    let file = file.strip_prefix(FORMAT).ok_or("its format is another one")?;
    let (check, numbers) = file.split_first_chunk::<32>().ok_or("it has no header")?;
    if *check != salt.check() {
        return Err("it is of another data source");
    }
    let numbers = zstd::bulk::decompress(numbers, MOST).map_err(|_| "it cannot be decompressed")?;
    let (mut rest, mut profile) = (numbers.as_slice(), Profile::new(salt));
    while !rest.is_empty() {
        let (day, tally) = take_day(&mut rest).ok_or("it ends within a day")?;
        profile.add(day, tally);
    }
    Ok(profile)
}

fn take_day(rest: &mut &[u8]) -> Option<(Day, Tally)> {
    let day = Day::new(i32::from_le_bytes(*rest.split_off(..4)?.first_chunk()?));
    let entries = usize::try_from(u32::from_le_bytes(*rest.split_off(..4)?.first_chunk()?)).ok()?;
    let numbers = rest.split_off(..entries.checked_mul(ENTRY)?)?;
    let (lists, others) = numbers.split_at(entries * size_of::<u64>());
    let (items, counts) = others.split_at(entries * size_of::<u32>());
    let tally = Tally {
        lists: lists.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect(),
        items: items.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect(),
        counts: counts.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect(),
    };
    Some((day, tally))
}
