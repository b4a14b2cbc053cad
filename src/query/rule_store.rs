//! The rules of a data source: those of the binary, and the organization's own, pasted into the settings or in a folder.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::task::spawn_blocking;

use super::error::{Failure, Fault};
use super::rule_folder::{RuleFolder, Stamp};
use super::text::listed;
use crate::detection::{Pack, RuleError, RuleFile};
use crate::locale::Language;
use crate::settings::Settings;

/// The name of the rules that are pasted into the settings.
const PASTED: &str = "detectionRules";

/// The time for which a folder is not looked at again.
const LOOKED_AT_FOR: Duration = Duration::from_mins(1);

/// The rules of a data source, and the faults of the organization's own.
#[derive(Clone, Debug)]
pub struct Rules {
    /// All rules that can be used.
    pub pack: Arc<Pack>,
    /// The faults of the others.
    pub problems: Arc<[RuleError]>,
}

/// The rules of a data source, read at the first use and when the folder has changed.
#[derive(Debug)]
pub(super) struct RuleStore {
    pasted: Option<RuleFile>,
    folder: Option<RuleFolder>,
    /// The faults of the settings about rules.
    problem: Option<RuleError>,
    state: Arc<Mutex<Option<Loaded>>>,
}

#[derive(Debug)]
struct Loaded {
    rules: Rules,
    stamp: Stamp,
    looked_at: Instant,
}

impl RuleStore {
    pub(super) fn new(settings: &Settings) -> Self {
        let pasted = settings.detection_rules.as_ref().map(|text| RuleFile::new(PASTED, text.clone()));
        let (folder, problem) = match (&settings.detection_root, &settings.detection_folder) {
            (_, None) => (None, None),
            (Some(root), Some(below)) => (Some(RuleFolder::new(root, below)), None),
            (None, Some(_)) => (None, Some(without_root())),
        };
        Self { pasted, folder, problem, state: Arc::default() }
    }

    /// The rules as they are.
    ///
    /// # Errors
    /// When the folder was never read, and does not answer before the deadline.
    pub(super) async fn rules(&self, deadline: Instant) -> Result<Rules, Failure> {
        if self.pasted.is_none() && self.folder.is_none() {
            return Ok(Rules { pack: Pack::shipped(), problems: self.problem.iter().cloned().collect() });
        }
        let known = self.state.lock().as_ref().map(|loaded| (loaded.rules.clone(), loaded.looked_at));
        if let Some((rules, looked_at)) = &known
            && (self.folder.is_none() || looked_at.elapsed() < LOOKED_AT_FOR)
        {
            return Ok(rules.clone());
        }
        let (pasted, folder, problem) = (self.pasted.clone(), self.folder.clone(), self.problem.clone());
        let state = Arc::clone(&self.state);
        let load = spawn_blocking(move || load(pasted.as_ref(), folder.as_ref(), problem, &state));
        let patience = deadline.saturating_duration_since(Instant::now()) / 2;
        // A panic is logged by the panic hook.
        let loaded = tokio::time::timeout(patience, load).await.ok().and_then(Result::ok);
        loaded.or(known.map(|(rules, _)| rules)).ok_or_else(unreadable)
    }

    /// The organization's own rules as they are now, in sentences; none where it has none.
    pub(super) async fn sentences(&self, deadline: Instant) -> Vec<String> {
        if self.pasted.is_none() && self.folder.is_none() && self.problem.is_none() {
            return Vec::new();
        }
        *self.state.lock() = None;
        let rules = match self.rules(deadline).await {
            Ok(rules) => rules,
            Err(failure) => return vec![format!("Rules of detections: {failure}.")],
        };
        let own = rules.pack.rules().iter().filter(|rule| !rule.is_shipped()).count();
        let problems: Vec<String> = rules.problems.iter().map(ToString::to_string).collect();
        let usable = format!("The organization's own rules of detections: {own} can be used.");
        let broken =
            (!problems.is_empty()).then(|| format!("Others cannot: {}.", listed(Language::English, &problems)));
        std::iter::once(usable).chain(broken).collect()
    }
}

/// Reads the rules, unless the folder is as it was.
fn load(
    pasted: Option<&RuleFile>,
    folder: Option<&RuleFolder>,
    problem: Option<RuleError>,
    state: &Mutex<Option<Loaded>>,
) -> Rules {
    let looked_at = Instant::now();
    let listed = folder.map(RuleFolder::list).unwrap_or_default();
    if let Some(loaded) = state.lock().as_mut().filter(|loaded| loaded.stamp == listed.stamp) {
        loaded.looked_at = looked_at;
        return loaded.rules.clone();
    }
    let mut files: Vec<RuleFile> = pasted.cloned().into_iter().collect();
    let mut problems: Vec<RuleError> = problem.into_iter().chain(listed.problems.clone()).collect();
    let (more, unread) = listed.files();
    files.extend(more);
    problems.extend(unread);
    let (pack, errors) = Pack::with_shipped(&files);
    problems.extend(errors);
    let rules = Rules { pack: Arc::new(pack), problems: problems.into() };
    *state.lock() = Some(Loaded { rules: rules.clone(), stamp: listed.stamp, looked_at });
    rules
}

fn without_root() -> RuleError {
    let message = "no folder of rules can be used, because the server's administrator has set no root for such folders: \
                   detection_root in the section [plugin.scaleway-audittrail-datasource] of Grafana's configuration";
    RuleError {
        file: "detectionFolder".into(),
        rule: None,
        level: None,
        tags: None,
        line: None,
        message: message.to_owned(),
    }
}

fn unreadable() -> Failure {
    let message =
        "the folder of rules (detectionFolder) was not read in time. See whether the disk of Grafana's server answers";
    Failure { message: message.to_owned(), status: 504, fault: Fault::Downstream }
}
