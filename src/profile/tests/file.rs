//! A profile on disk.

use std::fs;
use std::time::{Duration, SystemTime};

use super::super::{File, Profile, Salt};
use super::setup::{ROBOT, day, on, profile, salt};

const DAY: Duration = Duration::from_hours(24);

/// A file with a profile of some days, in a folder of a cache directory.
fn written() -> (tempfile::TempDir, File, Profile) {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("cache");
    fs::create_dir(&folder).unwrap();
    let (file, profile) = (File::of(&folder, &salt()), profile(0..30, &on(0..30, ROBOT)));
    assert!(file.write(&profile));
    (directory, file, profile)
}

#[test]
fn a_profile_is_read_as_it_was_written_without_old_days() {
    let (_directory, file, profile) = written();
    let read = file.read(salt(), day(30)).unwrap();
    assert!(read.days().eq(profile.days()));
    assert_eq!(file.read(salt(), day(80)).unwrap().days().count(), 10);
    // The file is a third of the numbers, and has none of the texts.
    let bytes = fs::read(&file.path).unwrap();
    assert!(bytes.len() < profile.bytes(), "{} bytes of {}", bytes.len(), profile.bytes());
}

#[test]
fn a_file_that_cannot_be_used_is_removed() {
    let (_directory, file, profile) = written();
    assert!(file.read(Salt::new(&[8; 32], &["fr-par".to_owned()]), day(30)).is_none());
    assert!(!file.exists(), "a profile of another key is left");
    assert!(file.read(salt(), day(30)).is_none());
    assert!(file.write(&profile));
    let whole = fs::read(&file.path).unwrap();
    for damaged in [&whole[..whole.len() / 2], &[], &whole[1..], &[&whole[..], b"x"].concat()] {
        fs::write(&file.path, damaged).unwrap();
        assert!(file.read(salt(), day(30)).is_none());
        assert!(!file.exists());
    }
    for index in (0..whole.len()).step_by(7) {
        let mut damaged = whole.clone();
        damaged[index] ^= 1;
        fs::write(&file.path, damaged).unwrap();
        assert!(file.read(salt(), day(30)).is_none(), "byte {index}");
    }
}

#[test]
fn the_order_and_repetition_of_regions_do_not_matter() {
    let regions =
        |names: &[&str]| Salt::new(&[7; 32], &names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    assert_eq!(regions(&["nl-ams", "fr-par"]), regions(&["fr-par", "nl-ams", "fr-par"]));
    assert_ne!(regions(&["fr-par"]), Salt::new(&[8; 32], &["fr-par".to_owned()]));
}

#[test]
fn a_file_is_removed_thirty_days_after_its_last_write_also_one_of_a_former_key() {
    let (directory, file, profile) = written();
    let former = File::of(&directory.path().join("former"), &Salt::new(&[8; 32], &["fr-par".to_owned()]));
    assert!(former.write(&profile));
    let other = directory.path().join("former").join("cpu.profile");
    fs::write(&other, "of another program").unwrap();
    file.remove_unused(SystemTime::now() + 29 * DAY);
    assert!(file.exists() && former.exists());
    file.remove_unused(SystemTime::now() + 31 * DAY);
    assert!(!file.exists() && !former.exists() && other.exists());
}
