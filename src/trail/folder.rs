//! A folder in which settled windows outlive the process.
//!
//! A file is one span of one series: a mark, a checksum, and then a header in JSON and the events as a compressed Arrow
//! stream. It is written beside its place and moved there, so that who reads sees all of it or nothing; several processes
//! may share the folder. A file that does not read as it was written is removed and its window is read from Scaleway
//! again.

use std::cmp::Reverse;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Cursor, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::fetch::Weigh;
use super::store::{Series, Span};
use crate::event::{Events, Kind, List};
use crate::scaleway::audit_trail::{Filter, Flaws, RETENTION_DAYS};

/// What a file begins with; another version has another mark.
const MARK: &[u8; 16] = b"audittrail-held2";

/// How a file's name ends.
const ENDING: &str = "held";

/// How often files are written; what is younger is read from Scaleway again after a restart.
const EVERY: Duration = Duration::from_mins(1);

const LEVEL: i32 = 3;

/// How long Scaleway keeps events, in nanoseconds: a file of older ones alone is removed.
const RETENTION: i64 = RETENTION_DAYS * 86_400 * 1_000_000_000;

/// The folder of one trail.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    written: Mutex<Option<Instant>>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    region: String,
    list: String,
    filter: Filter,
    from: i64,
    to: i64,
    flaws: Flaws,
}

impl Header {
    fn new(series: &Series, span: &Span) -> Self {
        Self {
            region: series.region.clone(),
            list: series.list.as_str().to_owned(),
            filter: series.filter.clone(),
            from: span.range.start,
            to: span.range.end,
            flaws: span.flaws.clone(),
        }
    }

    fn series(&self) -> Option<Series> {
        let mut lists = Kind::ALL.into_iter().map(List::Of).chain([List::Combined]);
        let list = lists.find(|list| list.as_str() == self.list)?;
        Some(Series { region: self.region.clone(), list, filter: self.filter.clone() })
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Folder {
    /// The folder of the trail called `name`, below `path`. Where it cannot be made, nothing is kept, and the log says why.
    pub(super) fn open(path: &Path, name: &[u8; 32]) -> Option<Self> {
        let path = path.join(hex(&name[..16]));
        let made = make_private(&path);
        if let Err(error) = &made {
            tracing::warn!(folder = %path.display(), %error, "held events cannot be kept; check the setting cacheDirectory");
        }
        made.is_ok().then(|| Self { path, written: Mutex::new(None) })
    }

    /// Whether files are to be written now.
    pub(super) fn is_due(&self) -> bool {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let due = written.is_none_or(|then| then.elapsed() >= EVERY);
        if due {
            *written = Some(Instant::now());
        }
        due
    }

    /// Writes a span, and removes the files that it makes superfluous; tells whether it is there.
    pub(super) fn write(&self, series: &Series, span: &Span) -> bool {
        match self.try_write(series, span) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(folder = %self.path.display(), %error, "held events cannot be kept; check the setting cacheDirectory");
                false
            }
        }
    }

    fn try_write(&self, series: &Series, span: &Span) -> io::Result<()> {
        let header = serde_json::to_vec(&Header::new(series, span))?;
        let mut body = MARK.to_vec();
        body.extend_from_slice(&[0; 32]);
        body.extend_from_slice(&u32::try_from(header.len()).map_err(io::Error::other)?.to_le_bytes());
        body.extend_from_slice(&header);
        let batch = span.events.to_batch().map_err(io::Error::other)?;
        let mut stream = StreamWriter::try_new(Vec::new(), &batch.schema()).map_err(io::Error::other)?;
        stream.write(&batch).map_err(io::Error::other)?;
        let stream = stream.into_inner().map_err(io::Error::other)?;
        body.extend_from_slice(&(stream.len() as u64).to_le_bytes());
        body.extend_from_slice(&zstd::bulk::compress(&stream, LEVEL)?);
        let checksum: [u8; 32] = Sha256::digest(&body[MARK.len() + 32..]).into();
        body[MARK.len()..MARK.len() + 32].copy_from_slice(&checksum);

        // Files of a temporary name are readable for their owner only, from the beginning.
        let mut file = tempfile::NamedTempFile::new_in(&self.path)?;
        file.write_all(&body)?;
        let start = format!(
            "{}_",
            hex(&Sha256::digest(serde_json::to_vec(&(&series.region, (series.list.as_str(), &series.filter)))?)[..8])
        );
        let name = format!("{start}{}_{}.{ENDING}", span.range.start, span.range.end);
        file.persist(self.path.join(&name)).map_err(|error| error.error)?;
        for (path, other) in files(&self.path) {
            let within = |bounds: Range<i64>| bounds.start >= span.range.start && bounds.end <= span.range.end;
            if other.starts_with(&start) && other != name && bounds(&other).is_some_and(within) {
                // Another process may have removed it already.
                let _ = fs::remove_file(path);
            }
        }
        Ok(())
    }

    /// Removes the files of windows that lie before what Scaleway keeps, whole; those of former keys too.
    pub(super) fn sweep(&self, now: i64) {
        let trails = self.path.parent().and_then(|above| fs::read_dir(above).ok()).into_iter().flatten().flatten();
        let is_trail = |name: &OsStr| name.len() == self.path.file_name().map_or(0, OsStr::len);
        for trail in trails.filter(|trail| is_trail(&trail.file_name())) {
            for (path, name) in files(&trail.path()) {
                if bounds(&name).is_some_and(|bounds| bounds.end < now.saturating_sub(RETENTION)) {
                    // Another process may have removed it already.
                    let _ = fs::remove_file(path);
                }
            }
        }
    }

    /// What the folder holds, the newest first, up to so many bytes of events. A window that ends after `settled` was
    /// written by a clock that was ahead, and its events may be some of many: its file is removed.
    pub(super) fn read(&self, most: usize, weigh: Weigh, settled: i64) -> Vec<(Series, Span)> {
        let mut files = files(&self.path);
        files.sort_by_key(|(_, name)| Reverse(bounds(name).map(|bounds| bounds.end)));
        let (mut spans, mut bytes) = (Vec::new(), 0);
        for (path, _) in files {
            match read(&path, weigh, settled) {
                Ok((series, span)) => {
                    bytes += span.events.bytes();
                    spans.push((series, span));
                }
                // Another process has just put a larger one in its place.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    tracing::warn!(file = %path.display(), %error, "a file of held events cannot be believed; it is removed");
                    let _ = fs::remove_file(&path);
                }
            }
            if bytes >= most {
                break;
            }
        }
        // What was used last is evicted last.
        spans.reverse();
        spans
    }
}

/// The files of a folder, and their names.
fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.filter_map(|entry| Some((entry.path(), entry.file_name().into_string().ok()?)));
    named.filter(|(path, _)| path.extension().is_some_and(|ending| ending == ENDING)).collect()
}

/// The window of a file, as its name tells it.
fn bounds(name: &str) -> Option<Range<i64>> {
    let (rest, to) = name.strip_suffix(ENDING)?.strip_suffix('.')?.rsplit_once('_')?;
    let (_, from) = rest.rsplit_once('_')?;
    Some(from.parse().ok()?..to.parse().ok()?)
}

fn read(path: &Path, weigh: Weigh, settled: i64) -> io::Result<(Series, Span)> {
    let damaged = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut file = Vec::new();
    io::Read::read_to_end(&mut File::open(path)?, &mut file)?;
    let rest = file.strip_prefix(MARK).ok_or_else(|| damaged("it has no mark"))?;
    let (checksum, rest) = rest.split_first_chunk::<32>().ok_or_else(|| damaged("it has no checksum"))?;
    if Sha256::digest(rest).as_slice() != checksum {
        return Err(damaged("its checksum is another"));
    }
    let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(|| damaged("it has no header"))?;
    let length = u32::from_le_bytes(*length) as usize;
    let (header, rest) = rest.split_at_checked(length).ok_or_else(|| damaged("it has no header"))?;
    let header: Header = serde_json::from_slice(header)?;
    let series = header.series().ok_or_else(|| damaged("its list is unknown"))?;
    if header.to > settled {
        return Err(damaged("its window had not ended long enough ago"));
    }
    let (length, rest) = rest.split_first_chunk::<8>().ok_or_else(|| damaged("it has no events"))?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(io::Error::other)?;
    let stream = zstd::bulk::decompress(rest, length)?;
    let batch = StreamReader::try_new(Cursor::new(stream), None).map_err(io::Error::other)?.next();
    let batch = batch.ok_or_else(|| damaged("it has no events"))?.map_err(io::Error::other)?;
    // What an event means is this process's to say: the table may be another one than then.
    let events = Events::from_batch(&batch).and_then(|events| events.weighed(weigh).packed());
    let events = events.map_err(io::Error::other)?;
    if events.within(header.from, header.to).len() != events.len() {
        return Err(damaged("its events are not of its window"));
    }
    Ok((series, Span::settled(header.from..header.to, events, header.flaws)))
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
