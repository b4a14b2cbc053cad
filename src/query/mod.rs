//! The desk: what can be asked, and how each question is answered. `docs/query-model.md` is the model for people.
//!
//! A question is one file here and one line in [`Question`].

pub mod annotations;
pub mod answer;
mod console;
pub mod counts;
pub mod events;
pub mod filter;
pub mod model;
pub mod plan;
pub mod sentence;
pub mod values;

use std::sync::Arc;
use std::time::Instant;

use crate::frame::Frame;
use crate::scaleway::iam::{Directory, Names};
use crate::scaleway::{self, Client, Error};
use crate::settings::Settings;
use crate::trail::Trail;

pub use answer::{Answer, Failure};
pub use model::{Query, Question, Request};

/// What answers questions: one data source's settings, trail and names.
#[derive(Debug)]
pub struct Desk {
    /// The data source's settings.
    pub settings: Settings,
    /// The client for calls beside the trail's.
    pub client: Client,
    /// The events.
    pub trail: Trail,
    /// The principals' names.
    directory: Directory,
}

impl Desk {
    /// A desk for the settings of a data source.
    ///
    /// # Errors
    /// When no HTTP client can be made of them.
    pub fn new(settings: Settings, calls: &scaleway::Meter, events: &crate::trail::Meter) -> Result<Self, Error> {
        let client = Client::new(&settings, calls)?;
        let trail = Trail::new(client.clone(), settings.organization_id.clone(), settings.max_events, events.clone());
        Ok(Self { settings, client, trail, directory: Directory::default() })
    }

    /// The principals' names; asked for again when they are old, or when `lacks` says that one is missing.
    ///
    /// # Errors
    /// When IAM cannot be read.
    pub async fn names(&self, deadline: Instant, lacks: impl Fn(&Names) -> bool + Send) -> Result<Arc<Names>, Error> {
        // Names are the lesser part of an answer: they may not take the time that the events need.
        let deadline = deadline.min(Instant::now() + self.settings.query_timeout / 4);
        self.directory.names(&self.client, &self.settings.organization_id, deadline, lacks).await
    }

    /// Answers a query with frames; a hidden one with none.
    ///
    /// # Errors
    /// When the query cannot be understood or answered; under an alert rule also when the answer would be incomplete.
    pub async fn answer(&self, query: &Query, request: &Request) -> Result<Vec<Frame>, Failure> {
        // A rule has no hidden query: to answer nothing would be to say that there are no data.
        if query.hide && !request.from_alert {
            return Ok(Vec::new());
        }
        request.check(query)?;
        let deadline = Instant::now() + self.settings.query_timeout;
        let answer = Answer::gather(self, query, request, deadline).await?;
        let held = self.trail.meter().hold(&answer.events);
        let frames = match &query.question {
            Question::Counts(counts) => vec![counts::frame(counts, &answer, request)?],
            Question::Values(values) => vec![values::frame(values, &answer)?],
            // A rule means the number of events, whatever the panel it was made from shows.
            Question::Annotations(_) | Question::Events(_) | Question::Volume if request.from_alert => {
                vec![counts::total(&answer)?]
            }
            Question::Annotations(annotations) => vec![annotations::frame(annotations, &answer, request)?],
            Question::Events(events) => vec![events::frame(events, &answer)?],
            Question::Volume => counts::volume(&answer, request),
        };
        drop(held);
        Ok(answer.finish(frames))
    }
}
