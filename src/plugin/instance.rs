//! The data sources in use, made from the settings that Grafana sends with each request.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use grafana_plugin_sdk::pluginv2::{DataSourceInstanceSettings, PluginContext};
use parking_lot::Mutex;

use crate::query::{DataSource, Failure, Meters};
use crate::settings::{Settings, fingerprint};
use crate::time::SystemClock;

/// The most data sources in memory; a further one replaces the least recently used.
const MOST: usize = 256;

/// The time after its last request for which a data source stays in memory with its events and its key. Grafana does not
/// report a deleted data source.
const IDLE: Duration = Duration::from_hours(2);

/// The time for which equal settings are not parsed again. A file named in the settings may change meanwhile.
const PARSED_FOR: Duration = Duration::from_mins(1);

/// A hash of settings as Grafana sends them, secrets included.
type Sent = [u8; 32];

/// Organization id and uid in Grafana.
type Name = (i64, String);

#[derive(Debug)]
struct Instance {
    sent: Sent,
    parsed_at: Instant,
    fingerprint: [u8; 32],
    data_source: Arc<DataSource>,
    used_at: Instant,
}

impl Instance {
    /// Whether a request uses the instance, or used it a short time ago.
    fn is_in_use(&self, now: Instant) -> bool {
        Arc::strong_count(&self.data_source) > 1 || now.saturating_duration_since(self.used_at) < IDLE
    }
}

/// The data sources by name; changed settings or a changed key replace a data source.
#[derive(Debug)]
pub(super) struct Instances {
    /// Locked for look-ups and inserts, never across an await.
    known: Mutex<HashMap<Name, Instance>>,
    meters: Meters,
    /// The folder below which folders of rules are.
    detection_root: Option<PathBuf>,
}

impl Instances {
    pub(super) fn new(meters: Meters, detection_root: Option<PathBuf>) -> Self {
        Self { known: Mutex::default(), meters, detection_root }
    }

    /// The data source of a request. A data source with another credential has its own cache.
    ///
    /// # Errors
    /// When the request names no data source, or its settings are invalid.
    pub(super) fn data_source(&self, context: Option<&PluginContext>) -> Result<Arc<DataSource>, Failure> {
        self.data_source_at(context, Instant::now(), PARSED_FOR)
    }

    /// The data source for "Save & test", with newly parsed settings.
    ///
    /// # Errors
    /// As [`data_source`](Self::data_source).
    pub(super) fn tested(&self, context: Option<&PluginContext>) -> Result<Arc<DataSource>, Failure> {
        self.data_source_at(context, Instant::now(), Duration::ZERO)
    }

    fn data_source_at(
        &self,
        context: Option<&PluginContext>,
        now: Instant,
        parsed_for: Duration,
    ) -> Result<Arc<DataSource>, Failure> {
        let source = context.and_then(|context| context.data_source_instance_settings.as_ref()).ok_or_else(|| {
            Failure::input(
                "the request names no data source; it does not come from a data source's page, panel or rule"
                    .to_owned(),
            )
        })?;
        let name = (context.map_or(0, |context| context.org_id), source.uid.clone());
        let sent = sent(source);
        let mut known = self.known.lock();
        if let Some(instance) = known.get_mut(&name)
            && instance.sent == sent
            && now.saturating_duration_since(instance.parsed_at) < parsed_for
        {
            instance.used_at = now;
            return Ok(Arc::clone(&instance.data_source));
        }
        let settings = Settings::parse(&source.json_data, &source.decrypted_secure_json_data)
            .map_err(|error| Failure::input(error.to_string()))?;
        let settings = Settings { detection_root: self.detection_root.clone(), ..settings };
        let fingerprint = settings.fingerprint();
        let data_source = match known.get(&name) {
            Some(instance) if instance.fingerprint == fingerprint => Arc::clone(&instance.data_source),
            _ => Arc::new(DataSource::new(settings, Arc::new(SystemClock), &self.meters)?),
        };
        let instance =
            Instance { sent, parsed_at: now, fingerprint, data_source: Arc::clone(&data_source), used_at: now };
        known.insert(name, instance);
        if known.len() > MOST {
            let oldest = known.iter().min_by_key(|(_, instance)| instance.used_at).map(|(name, _)| name.clone());
            known.remove(&oldest.expect("the map has an entry, since it has more than the most"));
        }
        Ok(data_source)
    }

    /// Drops the data sources without a request for a while.
    fn remove_idle(&self, now: Instant) {
        self.known.lock().retain(|_, instance| instance.is_in_use(now));
    }
}

/// Drops idle data sources from time to time, until the instances are dropped.
pub(super) async fn remove_idle(instances: Weak<Instances>) {
    let mut ticks = tokio::time::interval(IDLE / 8);
    loop {
        ticks.tick().await;
        let Some(instances) = instances.upgrade() else { return };
        instances.remove_idle(Instant::now());
    }
}

fn sent(source: &DataSourceInstanceSettings) -> Sent {
    let secrets: BTreeMap<_, _> = source.decrypted_secure_json_data.iter().collect();
    let secrets = secrets.into_iter().flat_map(|(name, secret)| [name.as_bytes(), secret.as_bytes()]);
    fingerprint(std::iter::once(source.json_data.as_slice()).chain(secrets))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const KEY: &str = "11111111-1111-4111-8111-111111111111";
    const OTHER_KEY: &str = "22222222-2222-4222-8222-222222222222";
    const CERTIFICATE: &str = include_str!("../../tests/data/certificate.pem");

    fn instances() -> Instances {
        Instances::new(Meters::default(), None)
    }

    fn context(uid: &str, key: &str, more: &str) -> PluginContext {
        let json_data = format!(r#"{{"organizationId": "0a1b2c3d-0000-4000-8000-000000000001"{more}}}"#).into_bytes();
        let decrypted_secure_json_data = HashMap::from([("secretKey".to_owned(), key.to_owned())]);
        let source = DataSourceInstanceSettings {
            uid: uid.to_owned(),
            json_data,
            decrypted_secure_json_data,
            ..DataSourceInstanceSettings::default()
        };
        PluginContext { org_id: 1, data_source_instance_settings: Some(source), ..PluginContext::default() }
    }

    fn names(instances: &Instances) -> Vec<String> {
        let mut names: Vec<_> = instances.known.lock().keys().map(|(_, uid)| uid.clone()).collect();
        names.sort();
        names
    }

    #[test]
    fn equal_settings_share_a_data_source_and_others_have_their_own() {
        let (instances, now) = (instances(), Instant::now());
        let data_source =
            |context: &PluginContext, after| instances.data_source_at(Some(context), now + after, PARSED_FOR).unwrap();
        let usual = context("a", KEY, "");
        let first = data_source(&usual, Duration::ZERO);
        assert!(Arc::ptr_eq(&first, &data_source(&usual, PARSED_FOR / 2)));
        assert!(Arc::ptr_eq(&first, &data_source(&usual, PARSED_FOR * 2)), "parsed again, and equal");
        assert!(
            Arc::ptr_eq(&first, &data_source(&context("a", KEY, " "), PARSED_FOR * 2)),
            "written otherwise, and equal"
        );
        let other_organization = PluginContext { org_id: 2, ..usual.clone() };
        assert!(!Arc::ptr_eq(&first, &data_source(&other_organization, Duration::ZERO)));
        let other_key = data_source(&context("a", OTHER_KEY, ""), PARSED_FOR * 2);
        assert!(!Arc::ptr_eq(&first, &other_key));
        assert!(!Arc::ptr_eq(
            &other_key,
            &data_source(&context("a", OTHER_KEY, r#", "maxEvents": 7"#), PARSED_FOR * 2)
        ));
    }

    #[test]
    fn invalid_settings_leave_the_data_source_of_the_valid_ones() {
        let (instances, now) = (instances(), Instant::now());
        let first = instances.data_source_at(Some(&context("a", KEY, "")), now, PARSED_FOR).unwrap();
        let failure = instances
            .data_source_at(Some(&context("a", KEY, r#", "maxEvents": "many""#)), now, PARSED_FOR)
            .unwrap_err();
        assert!(failure.message.contains("maxEvents"), "{failure}");
        assert!(Arc::ptr_eq(&first, &instances.data_source_at(Some(&context("a", KEY, "")), now, PARSED_FOR).unwrap()));
    }

    #[test]
    fn a_changed_certificate_file_is_read_within_a_minute() {
        let (instances, now) = (instances(), Instant::now());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        fs::write(&file, CERTIFICATE).unwrap();
        let context = context("a", KEY, &format!(r#", "caCertificate": "{}""#, file.display()));
        let first = instances.data_source_at(Some(&context), now, PARSED_FOR).unwrap();
        fs::write(&file, CERTIFICATE.repeat(2)).unwrap();
        assert!(Arc::ptr_eq(
            &first,
            &instances.data_source_at(Some(&context), now + PARSED_FOR / 2, PARSED_FOR).unwrap()
        ));
        let second = instances.data_source_at(Some(&context), now + PARSED_FOR, PARSED_FOR).unwrap();
        assert!(!Arc::ptr_eq(&first, &second));
        fs::remove_file(&file).unwrap();
        let failure = instances.data_source_at(Some(&context), now + PARSED_FOR * 2, PARSED_FOR).unwrap_err();
        assert!(failure.message.contains("cannot be read"), "{failure}");
        let failure = instances.tested(Some(&context)).unwrap_err();
        assert!(failure.message.contains("cannot be read"), "{failure}");
    }

    #[test]
    fn an_idle_data_source_leaves_memory_unless_a_request_uses_it() {
        let (instances, now) = (instances(), Instant::now());
        let used = instances.data_source_at(Some(&context("used", KEY, "")), now, PARSED_FOR).unwrap();
        instances.data_source_at(Some(&context("deleted", KEY, "")), now, PARSED_FOR).unwrap();
        instances.remove_idle(now + IDLE / 2);
        assert_eq!(names(&instances), ["deleted", "used"]);
        instances.remove_idle(now + IDLE);
        assert_eq!(names(&instances), ["used"]);
        drop(used);
        instances.remove_idle(now + IDLE);
        assert_eq!(names(&instances), [""; 0]);
    }

    #[test]
    fn one_data_source_too_many_replaces_the_least_recently_used() {
        let (instances, now) = (instances(), Instant::now());
        for number in 0..=MOST {
            let after = Duration::from_millis(number as u64);
            instances
                .data_source_at(Some(&context(&format!("{number:03}"), KEY, "")), now + after, PARSED_FOR)
                .unwrap();
        }
        let names = names(&instances);
        assert_eq!((names.len(), names[0].as_str()), (MOST, "001"));
    }
}
