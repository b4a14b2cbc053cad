//! From a request's settings to the desk that answers it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use grafana_plugin_sdk::pluginv2::PluginContext;

use crate::query::{Desk, Failure};
use crate::settings::Settings;
use crate::{scaleway, trail};

/// The most data sources that are kept; beyond that all are made anew.
const MOST: usize = 256;

type Fingerprint = [u8; 32];

/// One desk per data source; a change of settings or key makes a new one and drops the old.
#[derive(Debug)]
pub(super) struct Instances {
    /// Held only to look up and to put in, never while something is awaited.
    desks: Mutex<HashMap<String, (Fingerprint, Arc<Desk>)>>,
    calls: scaleway::Meter,
    events: trail::Meter,
}

impl Instances {
    pub(super) fn new(calls: scaleway::Meter, events: trail::Meter) -> Self {
        Self { desks: Mutex::default(), calls, events }
    }

    /// The desk for a request's data source.
    ///
    /// The key of a desk includes the credential: who does not hold it gets another desk, and nothing that is held here.
    pub(super) fn desk(&self, context: Option<&PluginContext>) -> Result<Arc<Desk>, Failure> {
        let source = context.and_then(|context| context.data_source_instance_settings.as_ref()).ok_or_else(|| {
            Failure::input(
                "the request names no data source; it does not come from a data source's page, panel or rule"
                    .to_owned(),
            )
        })?;
        let settings = Settings::parse(&source.json_data, &source.decrypted_secure_json_data)
            .map_err(|error| Failure::input(error.to_string()))?;
        let fingerprint = settings.fingerprint();
        let name = format!("{}/{}", context.map_or(0, |context| context.org_id), source.uid);
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((held, desk)) = desks.get(&name)
            && *held == fingerprint
        {
            return Ok(Arc::clone(desk));
        }
        let desk = Arc::new(Desk::new(settings, &self.calls, &self.events)?);
        if desks.len() >= MOST {
            desks.clear();
        }
        desks.insert(name, (fingerprint, Arc::clone(&desk)));
        Ok(desk)
    }
}
