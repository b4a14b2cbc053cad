use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// The number of lines of progress where the output is no terminal.
const LINES: u64 = 20;

/// How far a soak is: a bar on a terminal, and else a line now and then.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    begun: Instant,
}

impl Progress {
    /// The progress of so many ticks, of which some are done already.
    pub(super) fn new(ticks: u64, done: u64) -> Self {
        let bar = ProgressBar::new(ticks);
        let style = "{bar:24} {percent} % of {len} simulated minutes, {elapsed}, {eta} left";
        bar.set_style(ProgressStyle::with_template(style).expect("a template"));
        bar.set_position(done);
        bar.reset_eta();
        bar.enable_steady_tick(Duration::from_millis(500));
        Self { bar, begun: Instant::now() }
    }

    /// One tick more is done.
    pub(super) fn tick(&self) {
        self.bar.inc(1);
        let (done, all) = (self.bar.position(), self.bar.length().unwrap_or_default());
        if self.bar.is_hidden() && done * LINES / all.max(1) != (done - 1) * LINES / all.max(1) {
            let (percent, seconds) = (done * 100 / all, self.begun.elapsed().as_secs());
            eprintln!("{percent} % of {all} simulated minutes after {seconds} s");
        }
    }

    /// A line beside the progress.
    pub(super) fn say(&self, line: &str) {
        if self.bar.is_hidden() {
            eprintln!("{line}");
        } else {
            self.bar.println(line);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
