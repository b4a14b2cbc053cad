//! From JSON pages to columns, on one core.

use std::path::PathBuf;

use serde_json::Value;
use tokio::process::Command;

use crate::process::{figure, median, peer, run};
use crate::report::{Reach, Row};
use crate::{Error, Ground};

/// How many times as fast as the peer's decoding ours must be.
const TIMES_THE_PEER: f64 = 8.0;

/// The share of mere parsing's speed that decoding must reach.
const SHARE_OF_PARSING: f64 = 0.5;

/// How often the peer decodes all pages in one run.
const TIMES: &str = "10";

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
        let mut decode = Command::new("cargo");
        decode.args(["bench", "--locked", "--quiet", "--bench", "decode", "--"]).args(&pages);
        let figures: Value = run(&mut decode).await?;
        ours.push(figure(&figures, "decoder_mb_s")?);
        sonic.push(figure(&figures, "sonic_mb_s")?);
        simd.push(figure(&figures, "simd_json_mb_s")?);
        let mut decode = peer(&ground.options, ["decode", "--times", TIMES]);
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
