//! The folder with the results of parts, from which an interrupted soak goes on.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::numbers::Numbers;
use super::part::Part;

/// The results of parts, a file each. Those of another program, other rules or other options are none.
#[derive(Debug)]
pub(super) struct Results {
    folder: PathBuf,
    /// A hash of the program, the rules and the arguments, on which results depend.
    origin: String,
}

#[derive(Deserialize, Serialize)]
struct Stored {
    origin: String,
    numbers: Numbers,
}

impl Results {
    /// The results in a folder, which is made, of a program and its arguments.
    pub(super) fn new(folder: &Path, program: &Path, inputs: &[String]) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut hash = Sha256::new();
        let mut program = fs::File::open(program)?;
        let mut block = vec![0; 1 << 20];
        loop {
            match program.read(&mut block)? {
                0 => break,
                length => hash.update(&block[..length]),
            }
        }
        for input in inputs {
            hash.update(input.len().to_le_bytes());
            hash.update(input);
        }
        let hash = hash.finalize();
        let half = u128::from_be_bytes(*hash.first_chunk().expect("32 bytes have 16"));
        Ok(Self { folder: folder.to_owned(), origin: format!("{half:032x}") })
    }

    /// The result of a part; none where it has not been replayed to its end.
    pub(super) fn of(&self, part: &Part) -> Option<Numbers> {
        let stored: Stored = serde_json::from_slice(&fs::read(self.file(part)).ok()?).ok()?;
        (stored.origin == self.origin).then_some(stored.numbers)
    }

    /// Stores the result of a part, in whole or not at all.
    pub(super) fn store(&self, part: &Part, numbers: &Numbers) -> io::Result<()> {
        let stored = Stored { origin: self.origin.clone(), numbers: numbers.clone() };
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        serde_json::to_writer(&mut file, &stored)?;
        file.persist(self.file(part))?;
        Ok(())
    }

    fn file(&self, part: &Part) -> PathBuf {
        let Part { seed, ticks, .. } = part;
        self.folder.join(format!("seed-{seed}-ticks-{}-{}.json", ticks.start, ticks.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_with_a_result_is_not_replayed_unless_program_or_options_change() {
        let folder = tempfile::tempdir().unwrap();
        let (program, output) = (folder.path().join("program"), folder.path().join("soak"));
        fs::write(&program, "one").unwrap();
        let results = |inputs: &[&str]| {
            let inputs: Vec<String> = inputs.iter().map(|input| (*input).to_owned()).collect();
            Results::new(&output, &program, &inputs).unwrap()
        };
        let part = |seed| Part { seed, number: 0, ticks: 0..720 };
        let numbers = Numbers { evaluations: 7, missed: 1, ..Numbers::default() };
        assert_eq!(results(&["a", "b"]).of(&part(1)), None);
        results(&["a", "b"]).store(&part(1), &numbers).unwrap();
        assert_eq!(results(&["a", "b"]).of(&part(1)), Some(numbers.clone()), "after a restart");
        assert_eq!(results(&["a", "b"]).of(&part(2)), None);
        assert_eq!(results(&["a", "b"]).of(&Part { ticks: 0..721, ..part(1) }), None);
        assert_eq!(results(&["ab"]).of(&part(1)), None, "other options");
        fs::write(&program, "another").unwrap();
        assert_eq!(results(&["a", "b"]).of(&part(1)), None, "another program");
    }

    #[test]
    fn a_result_that_was_not_written_to_its_end_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        fs::write(&program, "").unwrap();
        let results = Results::new(folder.path(), &program, &[]).unwrap();
        let part = Part { seed: 1, number: 0, ticks: 0..1 };
        results.store(&part, &Numbers::default()).unwrap();
        let whole = fs::read(results.file(&part)).unwrap();
        fs::write(results.file(&part), &whole[..whole.len() / 2]).unwrap();
        assert_eq!(results.of(&part), None);
    }
}
