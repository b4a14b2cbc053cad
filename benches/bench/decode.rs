//! From JSON pages to columns, on one core, beside how fast two quick parsers merely parse the same bytes.

use std::ffi::OsString;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use audittrail::event::{Decoder, Kind, List};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::process::{figure, median, peer, run};
use crate::report::{Reach, Row};
use crate::{Error, Ground};

/// How many times as fast as the peer's decoding ours must be.
const TIMES_THE_PEER: f64 = 8.0;

/// The share of mere parsing's speed that decoding must reach.
const SHARE_OF_PARSING: f64 = 0.5;

/// How often all pages are decoded in one run.
const TIMES: usize = 41;

/// The speed of our decoder and of mere parsers on the same pages, and the peer's.
pub(crate) async fn rows(ground: &Ground) -> Result<Vec<Row>, Error> {
    let folder = ground.options.folder.join("pages");
    std::fs::create_dir_all(&folder)?;
    let mut pages: Vec<PathBuf> = Vec::new();
    for (number, page) in ground.truth.pages.iter().enumerate() {
        pages.push(std::path::absolute(folder.join(format!("{number:03}.json")))?);
        std::fs::write(&pages[number], page)?;
    }
    let [mut ours, mut sonic, mut simd, mut peers] = [const { Vec::new() }; 4];
    for number in 1..=ground.options.runs {
        ground.say(&format!("decode: run {number} of {}", ground.options.runs));
        let mut decode = Command::new(std::env::current_exe()?);
        let figures: Value = run(decode.arg(MEASURE).args(&pages)).await?;
        ours.push(figure(&figures, "decoder_mb_s")?);
        sonic.push(figure(&figures, "sonic_mb_s")?);
        simd.push(figure(&figures, "simd_json_mb_s")?);
        let mut decode = peer(&ground.options, ["decode", "--times", &TIMES.to_string()]);
        let figures: Value = run(decode.args(&pages).env("GOMAXPROCS", "1")).await?;
        peers.push(figure(&figures, "mb_s")?);
    }
    let [ours, sonic, simd, peers] = [ours, sonic, simd, peers].map(median);
    let what = format!("decode, {} pages, one core", pages.len());
    Ok(vec![
        Row::info(format!("{what}: the peer"), peers, "MB/s"),
        Row::info(format!("{what}: sonic-rs merely parses"), sonic, "MB/s"),
        Row::info(format!("{what}: simd-json merely parses"), simd, "MB/s"),
        Row::info(format!("{what}: the plugin"), ours, "MB/s"),
        Row::new(format!("{what}: times as fast as the peer"), ours / peers, "x", Reach::AtLeast(TIMES_THE_PEER)),
        Row::new(
            format!("{what}: share of the faster parser's speed"),
            ours / sonic.max(simd),
            "x",
            Reach::AtLeast(SHARE_OF_PARSING),
        ),
    ])
}

/// The first argument of a harness process that is to [`measure`].
pub(crate) const MEASURE: &str = "decode";

fn decode(pages: Vec<Vec<u8>>) -> usize {
    let mut decoder = Decoder::new("fr-par");
    for page in pages {
        black_box(decoder.page(List::Of(Kind::Api), page).expect("a page"));
    }
    decoder.finish().expect("a page fits").len()
}

fn time<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(work());
    start.elapsed().as_secs_f64()
}

/// Prints a line of JSON: medians in megabytes a second, of pages that are one listing. All take turns, so that what else
/// the machine does disturbs them alike.
pub(crate) fn measure(files: impl Iterator<Item = OsString>) -> Result<(), Error> {
    let pages = files.map(std::fs::read).collect::<Result<Vec<Vec<u8>>, _>>()?;
    let mut buffers = simd_json::Buffers::default();
    let mut seconds = [const { Vec::new() }; 3];
    for _ in 0..TIMES {
        // Our decoder keeps its pages and simd_json parses in place: copies are made outside of what is timed.
        let copies = pages.clone();
        seconds[0].push(time(|| decode(copies)));
        seconds[1].push(time(|| {
            for page in &pages {
                black_box(sonic_rs::from_slice::<sonic_rs::Value>(page).expect("JSON"));
            }
        }));
        let mut copies = pages.clone();
        seconds[2].push(time(|| {
            for page in &mut copies {
                black_box(simd_json::to_tape_with_buffers(page, &mut buffers).expect("JSON"));
            }
        }));
    }
    let bytes: usize = pages.iter().map(Vec::len).sum();
    #[expect(clippy::cast_precision_loss, reason = "far fewer bytes than 2^52")]
    let [decoder, sonic, simd_json] = seconds.map(|seconds| (bytes as f64 / 1e6 / median(seconds)).round());
    let line = json!({
        "bytes": bytes,
        "events": decode(pages),
        "decoder_mb_s": decoder,
        "sonic_mb_s": sonic,
        "simd_json_mb_s": simd_json,
    });
    println!("{line}");
    Ok(())
}
