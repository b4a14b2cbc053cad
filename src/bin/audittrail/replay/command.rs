use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use audittrail::detection::Pack;
use clap::Args;

use super::grafana::{Address, Live};
use super::judge::{Rule, has_past, rules};
use super::late::NamedEvents;
use super::numbers::Numbers;
use super::part::{Part, parts};
use super::plant::Planted;
use super::pool;
use super::progress::Progress;
use super::results::Results;
use super::rsigma::Outside;
use super::run;
use super::scenario::cases;
use super::summary::{ALL_FIRE, ALL_NEW, Correlations, Planned, Summary};
use crate::Error;

/// Replay simulated days, with an evaluation of all shipped rules each minute.
#[derive(Args)]
pub(crate) struct Replay {
    /// The days of each seed.
    #[arg(long, default_value_t = 3)]
    days: u32,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many seeds follow each other.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// In how many parts the days of a seed are replayed, each with the days before it as its past.
    #[arg(long, default_value_t = 1)]
    parts: usize,
    /// How many parts are replayed at the same time; two for each processor when absent, since an evaluation mostly waits.
    #[arg(long)]
    jobs: Option<usize>,
    /// How many cases of the rules are among the events of each day.
    #[arg(long, default_value_t = 100)]
    cases: usize,
    /// The folder with the shipped rules and their cases.
    #[arg(long, default_value = "detections")]
    rules: PathBuf,
    /// Paste the rules into the data source's settings, as the organization's own; they have ids and names of their own.
    #[arg(long)]
    own: bool,
    /// The folder for summary.json and the results of parts. A part that has a result there is not replayed again.
    #[arg(long)]
    output: Option<PathBuf>,
    /// A fault that the replay has to find, in the half hour around it.
    #[arg(long, value_enum, conflicts_with = "output")]
    plant: Option<Planted>,
    /// Let the scheduler of this Grafana evaluate the rules, at real times, while the cases of one seed happen. The URL has the user
    /// and the password of an administrator (default: admin and admin); without a value, it is that of the environment's `GRAFANA_URL`,
    /// which lists of processes do not show. The Grafana has this plugin, on this machine.
    // An option of clap for the environment would make each replay one in a Grafana where the variable is set.
    #[arg(long, value_name = "URL", conflicts_with_all = ["plant", "output", "own", "rules", "days", "seeds", "parts", "jobs"])]
    #[allow(clippy::option_option)] // clap's form of an option whose value may be absent
    grafana: Option<Option<Address>>,
    /// In how many minutes the cases end, in a real Grafana. The run takes some minutes longer.
    #[arg(long, default_value_t = 10, requires = "grafana", value_parser = clap::value_parser!(u32).range(1..=600))]
    minutes: u32,
}

impl Replay {
    pub(crate) fn run(&self) -> Result<ExitCode, Error> {
        let files_of_rules = files(&self.rules, ".yml")?;
        let files_of_cases = files(&self.rules, ".events.json")?;
        let (rules, cases) = (rules(&files_of_rules)?, cases(&files_of_cases)?);
        if rules.is_empty() {
            return Err(format!("there is no rule in {}", self.rules.display()).into());
        }
        if self.own {
            check_own(&rules)?;
        }
        let texts: Vec<String> = files_of_rules.into_iter().map(|(_, text)| text).collect();
        let results = self.results(texts.iter().cloned().chain(files_of_cases.into_iter().map(|(_, text)| text)))?;
        let replay = run::Replay {
            days: self.days,
            cases_a_day: self.cases,
            rules: &rules,
            outside: if self.plant.is_none() { Some(Outside::new(&rules, &texts)?) } else { None },
            cases: &cases,
            planted: self.plant,
            own: self.own.then(|| texts.join("\n---\n")),
        };
        let summary = match &self.grafana {
            Some(address) => self.live(&replay, address.as_ref())?,
            None => self.summary(&replay, results.as_ref())?,
        };
        if let Some(output) = &self.output {
            fs::write(output.join("summary.json"), format!("{:#}\n", summary.json()))?;
        }
        print!("{summary}");
        Ok(if summary.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// The results of parts in the folder for them; with a planted fault there are none.
    fn results(&self, texts: impl Iterator<Item = String>) -> Result<Option<Results>, Error> {
        let Some(folder) = self.output.as_deref().filter(|_| self.plant.is_none()) else { return Ok(None) };
        let options = format!("{} {} {}", self.days, self.cases, self.own);
        let inputs: Vec<String> = texts.chain([options]).collect();
        Ok(Some(Results::new(folder, &std::env::current_exe()?, &inputs)?))
    }

    /// Replays the parts that have no result.
    fn summary(&self, replay: &run::Replay<'_>, results: Option<&Results>) -> Result<Summary, Error> {
        let number = if self.plant.is_some() { 1 } else { self.parts };
        let parts = parts(self.seed..self.seed + self.seeds, self.days, number);
        let known = |part: &Part| results.and_then(|results| results.of(part));
        let ticks = |part: &Part| part.ticks.len() as u64;
        let done = parts.iter().filter(|part| known(part).is_some()).map(ticks).sum();
        let progress = Progress::new(parts.iter().map(ticks).sum(), done);
        let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let work = |part: &Part| -> Result<(u64, Numbers), Error> {
            if let Some(numbers) = known(part) {
                return Ok((part.seed, numbers));
            }
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let (named, _guard) = NamedEvents::of_thread();
            let numbers = runtime.block_on(replay.run(part, &named, || progress.tick()))?;
            if let Some(results) = results {
                results.store(part, &numbers)?;
            }
            progress.say(&line(part, &numbers));
            Ok((part.seed, numbers))
        };
        let replayed = pool::replayed(&parts, self.jobs.unwrap_or(2 * processors), work)?;
        drop(progress);
        Ok(Summary::new(replayed, self.planned("soak", self.days, replay)))
    }

    /// A seed in a real Grafana.
    fn live(&self, replay: &run::Replay<'_>, address: Option<&Address>) -> Result<Summary, Error> {
        let address = address.cloned().map_or_else(Address::of_environment, Ok)?;
        let live = Live { replay, address: &address, seed: self.seed, minutes: self.minutes };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let numbers = runtime.block_on(live.run())?;
        Ok(Summary::new([(self.seed, numbers)], self.planned("grafana", 1, replay)))
    }

    fn planned(&self, name: &'static str, days: u32, replay: &run::Replay<'_>) -> Planned {
        let correlations = replay.outside.as_ref().map(|outside| Correlations {
            read: outside.titles(),
            all: outside.correlations(),
            is_shipped: is_shipped(replay.rules),
        });
        Planned { name, days, has_fault: self.plant.is_some(), rules: self.expected(replay), correlations }
    }

    /// The titles of the shown rules, and from how many days on each has to fire, if the days have all cases and one makes it fire.
    fn expected(&self, replay: &run::Replay<'_>) -> Vec<(String, Option<u64>)> {
        let has_all_cases = self.days as usize * self.cases >= replay.cases.len();
        let shown = replay.rules.iter().filter(|rule| rule.is_shown);
        let fires = |rule: &Rule| replay.cases.iter().any(|case| case.is_firing && rule.is(&case.rule));
        let from = |rule| if has_past(replay.rules, rule) { ALL_NEW } else { ALL_FIRE };
        shown.map(|rule| (rule.title.clone(), (has_all_cases && fires(rule)).then(|| from(rule)))).collect()
    }
}

/// Whether the rules are those that ship.
fn is_shipped(rules: &[Rule]) -> bool {
    Pack::shipped().rules().iter().all(|shipped| rules.iter().any(|rule| rule.is(&shipped.id)))
}

/// The data source cannot use an own rule with the id or the name of a shipped one.
fn check_own(rules: &[Rule]) -> Result<(), Error> {
    let shipped = Pack::shipped();
    let names = || shipped.rules().iter().flat_map(|rule| [Some(&rule.id), rule.name.as_ref()]).flatten();
    for rule in rules {
        if let Some(name) = names().find(|name| rule.is(name)) {
            let title = &rule.title;
            let error =
                format!("--own needs rules with ids and names of their own: {title:?} has {name} of a shipped rule");
            return Err(error.into());
        }
    }
    Ok(())
}

/// A line about a part that is done.
fn line(part: &Part, numbers: &Numbers) -> String {
    let word = if numbers.is_right() { "ok" } else { "failed" };
    format!("seed {}, part {}: {word}, {} alerts", part.seed, part.number + 1, numbers.fired)
}

/// The names and texts of the files of a folder with an ending, by name.
fn files(folder: &Path, ending: &str) -> Result<Vec<(String, String)>, Error> {
    let mut files = Vec::new();
    for file in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        if name.ends_with(ending) {
            files.push((name, fs::read_to_string(file.path())?));
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        replay: Replay,
    }

    #[test]
    fn a_planted_fault_has_no_folder_of_results() {
        let parsed = |arguments: &[&str]| Program::try_parse_from([&["replay"], arguments].concat());
        assert!(parsed(&["--plant", "lost"]).is_ok_and(|program| program.replay.plant == Some(Planted::Lost)));
        assert!(parsed(&["--plant", "lost", "--output", "soak"]).is_err());
    }

    #[test]
    fn an_error_about_a_grafana_does_not_have_its_password() {
        let error = |arguments: &[&str]| {
            let parsed = Program::try_parse_from([&["replay"], arguments].concat());
            parsed.err().map(|error| error.to_string()).unwrap_or_default()
        };
        for url in
            ["admin:canary@host:3000", "canary", "http://admin:canary@", "http://admin:canary@[host", "file:///canary"]
        {
            let error = error(&["--grafana", url]);
            assert!(error.contains("http://127.0.0.1:3000") && !error.contains("canary"), "{url}: {error}");
        }
        let url = "http://admin:canary@127.0.0.1:3000";
        assert_eq!(error(&["--grafana", url]), "");
        assert_eq!(error(&["--grafana"]), "", "the URL is the environment's");
        for other in [&["--rules", "own"][..], &["--days", "3"], &["--own"]] {
            let error = error(&[&["--grafana", url], other].concat());
            assert!(error.contains(other[0]) && !error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn the_rules_that_ship_are_known() {
        let texts = files(Path::new("detections"), ".yml").unwrap();
        assert!(is_shipped(&rules(&texts).unwrap()));
        assert!(!is_shipped(&[]));
    }

    #[test]
    fn own_rules_are_not_the_shipped_ones() {
        let shipped = Pack::shipped();
        let (own_id, shipped_rule) = ("0a1b2c3d-0000-4000-8000-00000000aaaa", &shipped.rules()[0]);
        let of = |id: &str, name: &str| {
            let text =
                format!("title: T\nid: {id}\nname: {name}\ndetection:\n  s: {{method_name: A}}\n  condition: s\n");
            check_own(&rules(&[("rule.yml".to_owned(), text)]).unwrap()).map_err(|error| error.to_string())
        };
        let error = |taken: &str| {
            Err(format!("--own needs rules with ids and names of their own: \"T\" has {taken} of a shipped rule"))
        };
        let name = shipped_rule.name.as_deref().unwrap();
        assert_eq!(of(&shipped_rule.id, "own"), error(&shipped_rule.id));
        assert_eq!(of(own_id, name), error(name));
        assert_eq!(of(own_id, "own"), Ok(()));
    }
}
