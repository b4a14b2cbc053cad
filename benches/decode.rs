//! How fast pages become columns, beside how fast two quick parsers merely parse the same bytes. One core.
//!
//! `cargo bench --bench decode [-- RUNS]` prints a table, and last a line of JSON: bytes and events of the pages, and
//! medians in megabytes a second. The pages are the sandbox's, ten of a hundred events to a listing, and the recorded one
//! alone; all three take turns, so that what else the machine does disturbs them alike.

use std::hint::black_box;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use audittrail::event::{Decoder, Kind, List};
use audittrail::sandbox::{Config, ORGANIZATION_ID, SECRET_KEY, start};
use serde_json::{Value, json};

const RECORDED: &[u8] = include_bytes!("../tests/data/events.fr-par.json");
const EVENTS: usize = 14_000;
const PAGES_OF_A_LISTING: usize = 10;
const RUNS: usize = 41;

fn get(url: &str, path: &str) -> std::io::Result<Vec<u8>> {
    let mut socket = TcpStream::connect(url.trim_start_matches("http://"))?;
    write!(socket, "GET {path} HTTP/1.1\r\nHost: sandbox\r\nX-Auth-Token: {SECRET_KEY}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer)?;
    let head = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").map_or(0, |place| place + 4);
    Ok(answer.split_off(head))
}

/// All pages of events that the sandbox has of one region.
fn pages() -> Vec<Vec<u8>> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let now = chrono::DateTime::from_timestamp(1_767_225_600, 0).expect("a time");
    let sandbox = runtime.block_on(start(Config { events: EVENTS, now, ..Config::default() })).expect("a sandbox");
    let (mut pages, mut token) = (Vec::new(), String::new());
    loop {
        let path = format!(
            "/audit-trail/v1alpha1/regions/fr-par/events?organization_id={ORGANIZATION_ID}&recorded_after=2000-01-01T00:00:00Z&page_size=100{token}"
        );
        let page = get(&sandbox.url(), &path).expect("a page");
        let next = serde_json::from_slice::<Value>(&page).expect("JSON")["next_page_token"].as_str().map(str::to_owned);
        pages.push(page);
        let Some(next) = next else { break };
        token = format!("&page_token={next}");
    }
    runtime.block_on(sandbox.stop());
    pages
}

fn decode(pages: &[Vec<u8>]) -> usize {
    let listings = pages.chunks(PAGES_OF_A_LISTING);
    let events = listings.map(|pages| {
        let mut decoder = Decoder::new("fr-par");
        for page in pages {
            black_box(decoder.page(List::Of(Kind::Api), page).expect("a page"));
        }
        decoder.finish().expect("a page fits").len()
    });
    events.sum()
}

/// Medians in megabytes a second: pages to columns, `sonic_rs`'s value and `simd_json`'s tape of them.
fn measure(what: &str, pages: &[Vec<u8>], runs: usize, repeat: usize) -> [f64; 3] {
    let bytes: usize = pages.iter().map(Vec::len).sum();
    // simd_json parses in place: its copies are made outside of what is timed.
    let mut buffers = simd_json::Buffers::default();
    let mut seconds = [const { Vec::new() }; 3];
    for _ in 0..runs {
        let mut time = |place: usize, run: &mut dyn FnMut()| {
            let start = Instant::now();
            run();
            seconds[place].push(start.elapsed().as_secs_f64());
        };
        let mut copies: Vec<Vec<u8>> = (0..repeat).flat_map(|_| pages.iter().cloned()).collect();
        time(0, &mut || {
            for _ in 0..repeat {
                black_box(decode(pages));
            }
        });
        time(1, &mut || {
            for _ in 0..repeat {
                for page in pages {
                    black_box(sonic_rs::from_slice::<sonic_rs::Value>(page).expect("JSON"));
                }
            }
        });
        time(2, &mut || {
            for page in &mut copies {
                black_box(simd_json::to_tape_with_buffers(page, &mut buffers).expect("JSON"));
            }
        });
    }
    #[expect(clippy::cast_precision_loss, reason = "far fewer bytes than 2^52")]
    let megabytes = (bytes * repeat) as f64 / 1e6;
    let medians = seconds.map(|mut seconds: Vec<f64>| {
        seconds.sort_by(f64::total_cmp);
        megabytes / seconds[runs / 2]
    });
    for (name, median) in ["pages to columns", "sonic-rs, value", "simd-json, tape"].into_iter().zip(medians) {
        println!("{what:10} {name:18} {median:8.0} MB/s");
    }
    medians
}

fn main() {
    // cargo itself passes `--bench`.
    let runs = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(RUNS).max(1);
    let pages = pages();
    let recorded = [RECORDED.to_vec()];
    let [decoder, sonic, simd_json] = measure("sandbox", &pages, runs, 1);
    let [recorded_decoder, recorded_sonic, recorded_simd_json] = measure("recorded", &recorded, runs, 100);
    let line = json!({
        "bytes": pages.iter().map(Vec::len).sum::<usize>(),
        "events": decode(&pages),
        "decoder_mb_s": decoder.round(),
        "sonic_mb_s": sonic.round(),
        "simd_json_mb_s": simd_json.round(),
        "recorded_decoder_mb_s": recorded_decoder.round(),
        "recorded_sonic_mb_s": recorded_sonic.round(),
        "recorded_simd_json_mb_s": recorded_simd_json.round(),
    });
    println!("{line}");
}
