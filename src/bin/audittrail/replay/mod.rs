//! `audittrail replay`: rules over simulated days, evaluated each minute through the plugin's query layer, against the truth
//! that the scenario knows.

mod answer;
mod clock;
mod command;
mod compare;
mod judge;
mod plant;
mod run;
mod scenario;
#[cfg(test)]
mod tests;
mod weather;

pub(super) use command::Replay;
