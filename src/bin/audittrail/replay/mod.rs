//! `audittrail replay`: rules over simulated days, evaluated each minute through the plugin's query layer, against the truth
//! that the scenario knows.
//!
//! | file | content |
//! |---|---|
//! | `command` | the options, and the steps of a soak |
//! | `part`, `pool`, `progress` | which minutes are replayed by themselves, on which thread, and how far that is |
//! | `results`, `numbers`, `summary` | the stored result of a part, the sum of parts, the printed summary |
//! | `run` | the replay of one part: API, plugin, an evaluation each minute |
//! | `timeline`, `clock` | when evaluations are and when the trail shows an event; the server's clock |
//! | `scenario/` | the events of an organization that is not easy to watch |
//! | `weather`, `injected` | injected faults, and whether each kind happened |
//! | `judge/` | the truth: rules judged by definition, without the engine |
//! | `rsigma` | another engine's firings of correlations beside the truth |
//! | `answer`, `compare` | the alert instances of an answer, beside the truth |
//! | `late` | which late events the engine has to count and name |
//! | `plant` | faults that a replay has to find |
//! | `grafana/` | the same truth, at real times, beside the scheduler of a real Grafana |

mod answer;
mod clock;
mod command;
mod compare;
mod grafana;
mod injected;
mod judge;
mod late;
mod numbers;
mod part;
mod plant;
mod pool;
mod progress;
mod results;
mod rsigma;
mod run;
mod scenario;
mod summary;
mod timeline;
mod weather;

pub(super) use command::Replay;
