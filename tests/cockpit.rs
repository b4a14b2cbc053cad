//! Cockpit's client against a real Prometheus, whose series have Cockpit's names and labels.
//!
//! `tests/run.sh` puts Debian's `prometheus` and `promtool` on PATH and includes these tests.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use audittrail::cockpit::{Answer, Client, Error, MOST_POINTS, MOST_SERIES};
use audittrail::locale::Language;
use audittrail::query::Meters;
use audittrail::settings::Settings;
use audittrail::time::{Interval, SystemClock, Time};
use serde_json::json;
use tempfile::TempDir;

const MINUTE: Duration = Duration::from_mins(1);

/// 2026-11-01T00:00:00Z, when the series begin.
const START: i64 = 1_793_491_200;

/// How many minutes the series last.
const MINUTES: i64 = 180;

/// When the counter starts again.
const RESET: i64 = 60;

/// The first and the last minute without a sample of the server.
const GAP: (i64, i64) = (90, 119);

const SERVER: &str = r#"resource_id="5e4f0001-0000-4000-8000-000000000001",resource_name="web-1",project_id="a0000000-0000-4000-8000-000000000001",region="fr-par",az="fr-par-1""#;
const BALANCER: &str = r#"resource_id="1b000001-0000-4000-8000-000000000001",resource_name="front",project_id="a0000000-0000-4000-8000-000000000001",region="fr-par""#;

fn minute(minute: i64) -> Time {
    Time::from_nanos((START + minute * 60) * 1_000_000_000)
}

/// The samples of all series, as promtool reads them.
fn metrics() -> String {
    let mut text = String::new();
    let mut series = |name: &str, labels: &str, value: &dyn Fn(i64) -> Option<f64>| {
        for (minute, value) in (0..MINUTES).filter_map(|minute| Some((minute, value(minute)?))) {
            writeln!(text, "{name}{{{labels}}} {value} {}", START + minute * 60).expect("a text takes all");
        }
    };
    let number = |minute: i64| f64::from(i32::try_from(minute).expect("a small number"));
    let is_sampled = |minute: i64| !(GAP.0..=GAP.1).contains(&minute);
    // Half of one CPU: 30 s in each minute.
    series("instance_server_cpu_seconds_total", SERVER, &|minute| {
        let since = if minute < RESET { minute + 1_000 } else { minute - RESET };
        is_sampled(minute).then_some(number(since) * 30.0)
    });
    series("instance_server_vcpu_count", SERVER, &|minute| is_sampled(minute).then_some(4.0));
    series("load_balancer_lb_connection_usage", BALANCER, &|minute| Some(if minute == 30 { f64::NAN } else { 0.25 }));
    for backend in ["api", "web"] {
        let labels = format!(r#"{BALANCER},backend_name="{backend}",state="DOWN""#);
        series("load_balancer_lb_backend_status", &labels, &|_| Some(0.0));
    }
    for database in 0..MOST_SERIES + 10 {
        let labels = format!(
            r#"resource_id="db-{database:02}",resource_name="db-{database:02}",region="fr-par",instance="db-{database:02}-0""#
        );
        // Noise of another phase each, and one that fills up.
        let fills = database == 33;
        series("rdb_instance_postgresql_node_filesystem_avail_bytes", &labels, &|minute| {
            let noise = (number(minute) * 2.4 + f64::from(u32::try_from(database).expect("few"))).sin();
            Some(if fills && minute > 100 { 1e6 + noise } else { 1e9 + noise * 1e6 })
        });
    }
    text.push_str("# EOF\n");
    text
}

/// A Prometheus with these series, which ends with the test.
struct Prometheus {
    process: Child,
    client: Client,
    /// Its data.
    _folder: TempDir,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn client(port: u16) -> Client {
    let organization = "0a1b2c3d-0000-4000-8000-000000000001";
    let data = json!({ "organizationId": organization, "cockpitUrls": format!("http://127.0.0.1:{port}") });
    let secrets = [("secretKey", "11111111-1111-4111-8111-111111111111"), ("cockpitToken", "token")];
    let secrets: HashMap<_, _> = secrets.map(|(name, secret)| (name.to_owned(), secret.to_owned())).into();
    let settings = Settings::parse(data.to_string().as_bytes(), &secrets).expect("settings");
    let clients = Client::all(&settings, &(Arc::new(SystemClock) as _), &Meters::default().cockpit);
    clients.expect("a client").pop().expect("one URL has one client")
}

impl Prometheus {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (text, blocks) = (folder.path().join("metrics.txt"), folder.path().join("blocks"));
        fs::write(&text, metrics()).expect("metrics");
        let made = Command::new("promtool")
            .args(["tsdb", "create-blocks-from", "openmetrics"])
            .args([&text, &blocks])
            .output()
            .expect("promtool is on PATH");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let log = fs::File::create(folder.path().join("log")).expect("a log");
        let process = Command::new("prometheus")
            .arg("--config.file=/dev/null")
            .arg(format!("--storage.tsdb.path={}", blocks.display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--web.route-prefix=/prometheus")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("prometheus is on PATH");
        let mut started = Self { process, client: client(port), _folder: folder };
        started.answers().await;
        started
    }

    /// Waits until it answers, however slow the machine is.
    async fn answers(&mut self) {
        let deadline = soon();
        while let Err(error) = self.client.instant("1", minute(0), deadline).await {
            let ended = self.process.try_wait().expect("a process");
            assert!(ended.is_none() && Instant::now() < deadline, "{ended:?}: {error}");
        }
    }

    /// The series of an expression from one minute up to, not including, another, with a sample each minute.
    async fn range(&self, expression: &str, from: i64, until: i64) -> Answer {
        let interval = Interval::new(minute(from), minute(until));
        self.client
            .range(expression, interval, MINUTE, soon())
            .await
            .unwrap_or_else(|error| panic!("{expression}: {error}"))
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_mins(2)
}

/// The samples of the only series of an answer, by minute.
fn samples(answer: &Answer) -> HashMap<i64, f64> {
    let [series] = &answer.series[..] else { panic!("{} series", answer.series.len()) };
    let minutes = series.samples.iter().map(|(time, value)| (time.nanos() / 60_000_000_000 - START / 60, *value));
    minutes.collect()
}

#[tokio::test]
#[ignore = "prometheus is missing on PATH: tests/run.sh fetches it"]
async fn samples_show_resets_gaps_and_values_that_are_not_a_number() {
    let prometheus = Prometheus::start().await;
    let counter = samples(&prometheus.range("instance_server_cpu_seconds_total", 0, MINUTES).await);
    let at = |minute: i64| counter.get(&minute).copied();
    assert_eq!(
        (at(0), at(RESET - 1), at(RESET), at(RESET + 1)),
        (Some(30_000.0), Some(31_770.0), Some(0.0), Some(30.0))
    );
    // The last sample before the gap stays for five minutes.
    let (first, last) = GAP;
    assert_eq!((at(first - 1), at(first + 3)), (Some(870.0), Some(870.0)));
    assert!((first + 5..=last).all(|minute| at(minute).is_none()), "{counter:?}");
    assert_eq!(at(last + 1), Some(1_800.0));

    // Half of one of four CPUs; the minute in which the counter starts again is lost.
    let busy = "rate(instance_server_cpu_seconds_total[2m]) / instance_server_vcpu_count";
    let busy = samples(&prometheus.range(busy, 5, MINUTES).await);
    for (minute, value) in &busy {
        let expected = if (RESET..=RESET + 1).contains(minute) { 0.0625 } else { 0.125 };
        assert!((value - expected).abs() < 1e-9, "{value} at minute {minute}");
    }

    let usage = samples(&prometheus.range("load_balancer_lb_connection_usage", 0, MINUTES).await);
    assert_eq!(usage.len(), 180);
    assert!(usage.iter().all(|(minute, value)| value.is_nan() == (*minute == 30)), "{usage:?}");
}

#[tokio::test]
#[ignore = "prometheus is missing on PATH: tests/run.sh fetches it"]
async fn the_finest_step_has_the_most_points_that_prometheus_allows() {
    let prometheus = Prometheus::start().await;
    let quarters = u32::try_from(MOST_POINTS).unwrap();
    for (length, points) in
        [(Duration::from_secs(15) * quarters, 11_000), (Duration::from_secs(15) * (quarters + 1), 5_501)]
    {
        let interval = Interval::new(minute(0), minute(0) + length);
        let answer = prometheus.client.range("vector(1)", interval, Duration::ZERO, soon()).await.unwrap();
        assert_eq!(answer.series[0].samples.len(), points);
    }
    let interval = Interval::new(minute(0) + Duration::from_nanos(1), minute(3) - Duration::from_nanos(1));
    let answer = prometheus.client.range("vector(1)", interval, MINUTE, soon()).await.unwrap();
    let times: Vec<Time> = answer.series[0].samples.iter().map(|(time, _)| *time).collect();
    assert_eq!(times, [minute(1), minute(2)]);
}

#[tokio::test]
#[ignore = "prometheus is missing on PATH: tests/run.sh fetches it"]
async fn of_too_many_series_the_one_that_moved_is_among_those_that_stay() {
    let prometheus = Prometheus::start().await;
    let answer = prometheus.range("rdb_instance_postgresql_node_filesystem_avail_bytes", 0, MINUTES).await;
    assert_eq!((answer.series.len(), answer.left_out), (MOST_SERIES, 10));
    assert!(answer.series.iter().any(|series| series.labels["resource_id"] == "db-33"));
    let notice = "the expression has 60 series, and only the 50 that moved most are used; let it select fewer";
    assert_eq!(answer.notices(Language::English), [notice]);
}

#[tokio::test]
#[ignore = "prometheus is missing on PATH: tests/run.sh fetches it"]
async fn an_expression_that_drops_or_renames_labels_has_a_notice() {
    let prometheus = Prometheus::start().await;
    for (expression, all, nameless) in [
        ("load_balancer_lb_backend_status", 2, 0),
        ("sum by (resource_name) (load_balancer_lb_backend_status)", 1, 0),
        ("sum by (backend_name) (load_balancer_lb_backend_status)", 2, 2),
        ("sum(load_balancer_lb_backend_status)", 1, 1),
        (
            r#"label_replace(sum by (resource_id) (load_balancer_lb_backend_status), "id", "$1", "resource_id", "(.*)")"#,
            1,
            0,
        ),
        (r#"sum by (id) (label_replace(load_balancer_lb_backend_status, "id", "$1", "resource_id", "(.*)"))"#, 1, 1),
    ] {
        let answer = prometheus.range(expression, 0, 10).await;
        assert_eq!((answer.series.len(), answer.without_resource()), (all, nameless), "{expression}");
        let notice = format!("{nameless} of {all} series have neither resource_id nor resource_name");
        assert_eq!(
            answer.notices(Language::English).iter().any(|text| text.starts_with(&notice)),
            nameless > 0,
            "{expression}"
        );
    }
}

#[tokio::test]
#[ignore = "prometheus is missing on PATH: tests/run.sh fetches it"]
async fn wrong_expressions_are_errors_with_prometheus_own_message() {
    let prometheus = Prometheus::start().await;
    let interval = Interval::new(minute(0), minute(10));
    let range = async |expression| prometheus.client.range(expression, interval, MINUTE, soon()).await.unwrap_err();
    for expression in ["rate(up[5m]", "", "up{", "up[5m]", "unknown_function(up)", "\"text\""] {
        let error = range(expression).await;
        assert!(matches!(&error, Error::Expression { message } if !message.is_empty()), "{expression}: {error}");
    }
    let both = r#"label_replace(load_balancer_lb_backend_status, "backend_name", "", "", "")"#;
    let error = range(both).await;
    assert!(matches!(error, Error::Evaluation { status: 422, .. }), "{error}");
    assert!(error.to_string().contains("same labelset"), "{error}");

    let instant = async |expression| prometheus.client.instant(expression, minute(10), soon()).await;
    assert!(matches!(instant("instance_server_vcpu_count[5m]").await, Err(Error::NoNumber { .. })));
    assert!(matches!(instant("\"text\"").await, Err(Error::NoNumber { .. })));
    assert!(matches!(instant("up{").await, Err(Error::Expression { .. })));
    assert_eq!(instant("no_such_metric").await, Ok(Answer::default()));
    let answer = instant("instance_server_vcpu_count * 2").await.unwrap();
    assert_eq!(answer.series[0].samples, [(minute(10), 8.0)]);
    assert_eq!(answer.series[0].labels["resource_name"], "web-1");
    assert_eq!(instant("1 / 0").await.unwrap().series[0].samples, [(minute(10), f64::INFINITY)]);
}

#[tokio::test]
#[ignore = "prometheus is missing on PATH: tests/run.sh fetches it"]
async fn label_values_and_series_are_those_of_the_selectors() {
    let Prometheus { client, .. } = &Prometheus::start().await;
    let all = Interval::new(minute(0), minute(MINUTES));
    let names = client.label_values("__name__", &[r#"{resource_id!="",az="fr-par-1"}"#], all, soon()).await.unwrap();
    assert_eq!(names, ["instance_server_cpu_seconds_total", "instance_server_vcpu_count"]);
    let backends = client.label_values("backend_name", &[], all, soon()).await.unwrap();
    assert_eq!(backends, ["api", "web"]);
    assert_eq!(client.label_values("no_such_label", &[], all, soon()).await.unwrap(), [""; 0]);

    let selectors = ["instance_server_vcpu_count", r#"load_balancer_lb_backend_status{backend_name="api"}"#];
    let series = client.series(&selectors, all, soon()).await.unwrap();
    let found: Vec<_> = series.iter().map(|labels| (&*labels["__name__"], &*labels["resource_name"])).collect();
    assert_eq!(found, [("instance_server_vcpu_count", "web-1"), ("load_balancer_lb_backend_status", "front")]);
    let later = Interval::new(minute(0) + 24 * 60 * MINUTE, minute(0) + 25 * 60 * MINUTE);
    assert_eq!(client.series(&selectors, later, soon()).await.unwrap(), []);
    let error = client.series(&[], all, soon()).await.unwrap_err();
    assert!(matches!(error, Error::Expression { .. }), "{error}");
}
