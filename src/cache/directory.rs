//! The cache directory, in which settled segments outlive the process.
//!
//! A file is one segment: an Arrow IPC stream whose schema's metadata has a header in JSON, followed by a checksum of that
//! stream. It is written under a temporary name and then renamed, so that a reader sees all of it or nothing; several
//! processes may share the directory. A damaged file is removed, and its interval is fetched again.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::error::Error;
use std::ffi::OsStr;
use std::fmt::Display;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::ipc::CompressionType;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::{IpcWriteOptions, StreamWriter};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::segment::Segment;
use crate::event::Events;
use crate::scaleway::audit_trail::{Flaws, ListKey};
use crate::time::{Interval, Time};

/// The key of the header in a schema's metadata; another version of the format has another key.
const HEADER: &str = "audittrail-segment-2";

/// The extension of a file's name.
const EXTENSION: &str = "segment";

/// The extension of files in a former format, which are removed.
const FORMER_EXTENSION: &str = "held";

const CHECKSUM_BYTES: usize = 32;

/// The time between two writes; younger segments are fetched again after a restart.
const WRITE_EVERY: Duration = Duration::from_mins(1);

type AnyError = Box<dyn Error + Send + Sync>;

/// The directory of one cache.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    written: Mutex<Option<Instant>>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    #[serde(flatten)]
    key: ListKey,
    interval: Interval,
    flaws: Flaws,
}

impl Directory {
    /// The directory of the cache with the hash `name`, below `path`. If it cannot be made, nothing is persisted, and the log
    /// has the error.
    pub(super) fn open(path: &Path, name: &[u8; 32]) -> Option<Self> {
        let path = path.join(format!("{:032x}", u128::from_be_bytes(*name.first_chunk().expect("32 bytes have 16"))));
        let made = make_private(&path).inspect_err(|error| warn(&path, error));
        made.is_ok().then(|| Self { path, written: Mutex::new(None) })
    }

    /// The path of the directory.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is time to write files.
    pub(super) fn is_due(&self) -> bool {
        let mut written = self.written.lock();
        let is_due = written.is_none_or(|then| then.elapsed() >= WRITE_EVERY);
        if is_due {
            *written = Some(Instant::now());
        }
        is_due
    }

    /// Writes a segment, and removes the files of covered intervals. Returns whether the segment was written.
    pub(super) fn write(&self, key: &ListKey, segment: &Segment) -> bool {
        self.try_write(key, segment).inspect_err(|error| warn(&self.path, error)).is_ok()
    }

    fn try_write(&self, key: &ListKey, segment: &Segment) -> Result<(), AnyError> {
        let mut bytes = encode(key, segment)?;
        bytes.extend_from_slice(&Sha256::digest(&bytes));
        // A temporary file is readable for its owner only.
        let mut file = tempfile::NamedTempFile::new_in(&self.path)?;
        file.write_all(&bytes)?;
        let list = serde_json::to_vec(&(&key.region, (key.list, &key.filter)))?;
        let hash = u64::from_be_bytes(*Sha256::digest(list).first_chunk().expect("32 bytes have 8"));
        let range = segment.interval.nanos();
        let start = format!("{hash:016x}_");
        let name = format!("{start}{}_{}.{EXTENSION}", range.start, range.end);
        file.persist(self.path.join(&name)).map_err(|error| error.error)?;
        for (path, other) in files(&self.path, EXTENSION) {
            let is_covered = interval_of(&other).is_some_and(|other| segment.interval.covers(other));
            if other.starts_with(&start) && other != name && is_covered {
                // Another process may have removed it already.
                let _ = fs::remove_file(path);
            }
        }
        Ok(())
    }

    /// Removes the files of intervals that end before the source's coverage, also of former credentials, and files of former
    /// formats.
    pub(super) fn remove_expired(&self, coverage: Interval) {
        let caches = self.path.parent().and_then(|above| fs::read_dir(above).ok()).into_iter().flatten().flatten();
        let length = self.path.file_name().map_or(0, OsStr::len);
        for cache in caches.filter(|cache| cache.file_name().len() == length) {
            let expired = files(&cache.path(), EXTENSION)
                .into_iter()
                .filter(|(_, name)| interval_of(name).is_some_and(|interval| interval.end < coverage.start));
            for (path, _) in expired.chain(files(&cache.path(), FORMER_EXTENSION)) {
                // Another process may have removed it already.
                let _ = fs::remove_file(path);
            }
        }
    }

    /// The newest segments of the directory, up to `most_bytes` of events; the oldest of them first. A segment that ends
    /// after `settled_until` was written by a fast clock, and may lack events: its file is removed.
    pub(super) fn read(&self, most_bytes: usize, settled_until: Time) -> Vec<(ListKey, Segment)> {
        let mut files = files(&self.path, EXTENSION);
        files.sort_by_key(|(_, name)| Reverse(interval_of(name).map(|interval| interval.end)));
        let (mut segments, mut bytes) = (Vec::new(), 0);
        for (path, _) in files {
            match read(&path, settled_until) {
                Ok((key, segment)) => {
                    bytes += segment.events.bytes();
                    segments.push((key, segment));
                }
                // Another process has just written a larger one.
                Err(error) if is_not_found(&error) => {}
                Err(error) => {
                    tracing::warn!(file = %path.display(), %error, "a file of cached events is damaged and is removed");
                    let _ = fs::remove_file(&path);
                }
            }
            if bytes >= most_bytes {
                break;
            }
        }
        // The segments loaded last are evicted last.
        segments.reverse();
        segments
    }
}

fn warn(directory: &Path, error: &dyn Display) {
    tracing::warn!(directory = %directory.display(), %error, "events cannot be cached on disk; check the setting cacheDirectory");
}

/// The files of a directory with an extension, and their names.
fn files(directory: &Path, extension: &str) -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let named = entries.filter_map(|entry| Some((entry.path(), entry.file_name().into_string().ok()?)));
    named.filter(|(path, _)| path.extension().is_some_and(|other| other == extension)).collect()
}

/// The interval in a file's name.
fn interval_of(name: &str) -> Option<Interval> {
    let (rest, end) = name.strip_suffix(EXTENSION)?.strip_suffix('.')?.rsplit_once('_')?;
    let (_, start) = rest.rsplit_once('_')?;
    Some(Interval::from_nanos(start.parse().ok()?, end.parse().ok()?))
}

fn encode(key: &ListKey, segment: &Segment) -> Result<Vec<u8>, AnyError> {
    let batch = segment.events.to_batch()?;
    let header = Header { key: key.clone(), interval: segment.interval, flaws: segment.flaws.clone() };
    let metadata = HashMap::from([(HEADER.to_owned(), serde_json::to_string(&header)?)]);
    let schema = Arc::new(batch.schema_ref().as_ref().clone().with_metadata(metadata));
    let batch = batch.with_schema(Arc::clone(&schema))?;
    let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::ZSTD))?;
    let mut stream = StreamWriter::try_new_with_options(Vec::new(), &schema, options)?;
    stream.write(&batch)?;
    Ok(stream.into_inner()?)
}

fn read(path: &Path, settled_until: Time) -> Result<(ListKey, Segment), AnyError> {
    let file = fs::read(path)?;
    let (stream, checksum) = file.split_last_chunk::<CHECKSUM_BYTES>().ok_or("it has no checksum")?;
    if Sha256::digest(stream).as_slice() != checksum {
        return Err("its checksum is wrong".into());
    }
    let batch = StreamReader::try_new(stream, None)?.next().ok_or("it has no events")??;
    let header = batch.schema_ref().metadata().get(HEADER).ok_or("it has no header")?;
    let Header { key, interval, flaws } = serde_json::from_str(header)?;
    if interval.end > settled_until {
        return Err("its interval had not ended long enough ago".into());
    }
    let events = Events::from_batch(&batch)?.packed()?;
    if events.within(interval).len() != events.len() {
        return Err("it has events of another interval".into());
    }
    Ok((key, Segment { interval, events, flaws }))
}

fn is_not_found(error: &AnyError) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// Makes a directory for this process's user only.
#[cfg(unix)]
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

/// Makes a directory.
#[cfg(not(unix))]
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}
