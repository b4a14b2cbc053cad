//! A directory in which settled segments outlive the process.
//!
//! A file is one segment: an Arrow IPC stream whose schema's metadata has a header in JSON, followed by a checksum of that
//! stream. It is written under a temporary name and then renamed, so that a reader sees all of it or nothing; several processes
//! may share the directory. A file that does not read as it was written is removed, and its interval is fetched again.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::ipc::CompressionType;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::{IpcWriteOptions, StreamWriter};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::list_key::ListKey;
use super::segment::Segment;
use crate::event::{Events, Kind, List};
use crate::scaleway::audit_trail::{Filter, Flaws};
use crate::time::{Interval, Time};

/// The key of the header in a schema's metadata; another version of the format has another key.
const HEADER: &str = "audittrail-segment-2";

/// The extension of a file's name.
const EXTENSION: &str = "segment";

/// The extension of files of a former format, which are removed.
const FORMER_EXTENSION: &str = "held";

const CHECKSUM_BYTES: usize = 32;

/// How often files are written; younger segments are fetched again after a restart.
const WRITE_EVERY: Duration = Duration::from_mins(1);

/// The directory of one cache.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    written: Mutex<Option<Instant>>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    region: String,
    list: String,
    filter: Filter,
    interval: Interval,
    flaws: Flaws,
}

impl Header {
    fn new(key: &ListKey, segment: &Segment) -> Self {
        Self {
            region: key.region.clone(),
            list: key.list.as_str().to_owned(),
            filter: key.filter.clone(),
            interval: segment.interval,
            flaws: segment.flaws.clone(),
        }
    }

    fn key(&self) -> Option<ListKey> {
        let mut lists = Kind::ALL.into_iter().map(List::Of).chain([List::Combined]);
        let list = lists.find(|list| list.as_str() == self.list)?;
        Some(ListKey { region: self.region.clone(), list, filter: self.filter.clone() })
    }
}

/// The first bytes of a hash, as a name.
fn hash_name(hash: &[u8], bytes: usize) -> String {
    use std::fmt::Write;
    hash[..bytes].iter().fold(String::new(), |mut name, byte| {
        write!(name, "{byte:02x}").expect("a String can be written to");
        name
    })
}

impl Directory {
    /// The directory of the cache called `name`, below `path`. Where it cannot be made, nothing is persisted, and the log says
    /// why.
    pub(super) fn open(path: &Path, name: &[u8; 32]) -> Option<Self> {
        let path = path.join(hash_name(name, 16));
        let made = make_private(&path);
        if let Err(error) = &made {
            tracing::warn!(directory = %path.display(), %error, "events cannot be cached on disk; check the setting cacheDirectory");
        }
        made.is_ok().then(|| Self { path, written: Mutex::new(None) })
    }

    /// Whether files are to be written now.
    pub(super) fn is_due(&self) -> bool {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = written.is_none_or(|then| then.elapsed() >= WRITE_EVERY);
        if is_due {
            *written = Some(Instant::now());
        }
        is_due
    }

    /// Writes a segment, and removes the files that it covers. Returns whether the segment is there.
    pub(super) fn write(&self, key: &ListKey, segment: &Segment) -> bool {
        match self.try_write(key, segment) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(directory = %self.path.display(), %error, "events cannot be cached on disk; check the setting cacheDirectory");
                false
            }
        }
    }

    fn try_write(&self, key: &ListKey, segment: &Segment) -> io::Result<()> {
        let mut bytes = encode(key, segment)?;
        bytes.extend_from_slice(&Sha256::digest(&bytes));
        // Files of a temporary name are readable for their owner only, from the beginning.
        let mut file = tempfile::NamedTempFile::new_in(&self.path)?;
        file.write_all(&bytes)?;
        let list = serde_json::to_vec(&(&key.region, (key.list.as_str(), &key.filter)))?;
        let start = format!("{}_", hash_name(&Sha256::digest(list), 8));
        let range = segment.interval.nanos();
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

    /// Removes the files of intervals that end before the source's coverage, those of former keys too, and files of former
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

    /// The segments of the directory, the oldest first: the newest ones, up to so many bytes of events. A segment that ends
    /// after `settled_until` was written by a clock that was ahead, and may lack events: its file is removed.
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
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    tracing::warn!(file = %path.display(), %error, "a file of cached events is damaged and is removed");
                    let _ = fs::remove_file(&path);
                }
            }
            if bytes >= most_bytes {
                break;
            }
        }
        // The segments that are loaded last are evicted last.
        segments.reverse();
        segments
    }
}

/// The files of a directory, and their names.
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

fn encode(key: &ListKey, segment: &Segment) -> io::Result<Vec<u8>> {
    let batch = segment.events.to_batch().map_err(io::Error::other)?;
    let header = serde_json::to_string(&Header::new(key, segment))?;
    let metadata = HashMap::from([(HEADER.to_owned(), header)]);
    let schema = Arc::new(batch.schema_ref().as_ref().clone().with_metadata(metadata));
    let batch = batch.with_schema(Arc::clone(&schema)).map_err(io::Error::other)?;
    let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::ZSTD));
    let options = options.map_err(io::Error::other)?;
    let mut stream = StreamWriter::try_new_with_options(Vec::new(), &schema, options).map_err(io::Error::other)?;
    stream.write(&batch).map_err(io::Error::other)?;
    stream.into_inner().map_err(io::Error::other)
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

fn read(path: &Path, settled_until: Time) -> io::Result<(ListKey, Segment)> {
    let mut file = Vec::new();
    File::open(path)?.read_to_end(&mut file)?;
    let length = file.len().checked_sub(CHECKSUM_BYTES).ok_or_else(|| damaged("it has no checksum"))?;
    let (stream, checksum) = file.split_at(length);
    if Sha256::digest(stream).as_slice() != checksum {
        return Err(damaged("its checksum is wrong"));
    }
    let mut stream = StreamReader::try_new(stream, None).map_err(io::Error::other)?;
    let batch = stream.next().ok_or_else(|| damaged("it has no events"))?.map_err(io::Error::other)?;
    let header = batch.schema_ref().metadata().get(HEADER).ok_or_else(|| damaged("it has no header"))?;
    let header: Header = serde_json::from_str(header)?;
    let key = header.key().ok_or_else(|| damaged("its list is unknown"))?;
    if header.interval.end > settled_until {
        return Err(damaged("its interval had not ended long enough ago"));
    }
    let schema = batch.schema_ref().as_ref().clone().with_metadata(HashMap::new());
    let batch = RecordBatch::try_new(Arc::new(schema), batch.columns().to_vec()).map_err(io::Error::other)?;
    let events = Events::from_batch(&batch).and_then(|events| events.packed()).map_err(io::Error::other)?;
    if events.within(header.interval).len() != events.len() {
        return Err(damaged("it has events of another interval"));
    }
    Ok((key, Segment { interval: header.interval, events, flaws: header.flaws }))
}

#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn make_private(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}
