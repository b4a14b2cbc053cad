package host

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

const pluginID = "scaleway-audittrail-datasource"

// node is an object of JSON or YAML that the tests look into.
type node = map[string]any

// inside calls visit with every object within a value.
func inside(value any, visit func(node)) {
	switch value := value.(type) {
	case node:
		visit(value)
		for _, value := range value {
			inside(value, visit)
		}
	case []any:
		for _, value := range value {
			inside(value, visit)
		}
	}
}

func read(t *testing.T, path string, decode func([]byte, any) error, into any) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", path))
	if err != nil {
		t.Fatal(err)
	}
	if err := decode(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return text
}

// dashboards are the paths of those that plugin.json offers; there are no others.
func dashboards(t *testing.T) []string {
	t.Helper()
	var manifest struct{ Includes []struct{ Type, Path string } }
	read(t, "plugin.json", json.Unmarshal, &manifest)
	var paths []string
	for _, include := range manifest.Includes {
		if include.Type == "dashboard" {
			paths = append(paths, filepath.Join("frontend", "src", include.Path))
		}
	}
	present, err := filepath.Glob("../../frontend/src/dashboards/*.json")
	if err != nil || len(present) != len(paths) || len(paths) == 0 {
		t.Fatalf("plugin.json includes %v, but there are %v", paths, present)
	}
	return paths
}

var (
	fixedID    = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	variable   = regexp.MustCompile(`^\$(\w+)$|^\$\{(\w+)\}$`)
	metricName = regexp.MustCompile(`\b(?:instance_server|kubernetes_cluster|load_balancer|rdb_instance)_\w+`)
)

// asked is a query of a dashboard as the front end sends it: the resource's id instead of its variable, a time instead of
// another one, and no value for those that are set to all.
func asked(t *testing.T, query node, resource string) string {
	t.Helper()
	query = clone(t, query)
	scope, _ := query["scope"].(node)
	for name, list := range scope {
		var values []any
		for _, value := range list.([]any) {
			switch match := variable.FindStringSubmatch(value.(string)); {
			case match == nil:
				values = append(values, value)
			case match[1]+match[2] == "resource_id":
				values = append(values, resource)
			}
		}
		scope[name] = values
	}
	if query["target"] != nil {
		query["target"] = []any{resource}
	}
	if query["recoveredFrom"] != nil {
		query["recoveredFrom"] = week.From.Format(time.RFC3339)
	}
	text, err := json.Marshal(query)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func clone(t *testing.T, original node) node {
	t.Helper()
	text, err := json.Marshal(original)
	if err != nil {
		t.Fatal(err)
	}
	var copied node
	if err := json.Unmarshal(text, &copied); err != nil {
		t.Fatal(err)
	}
	return copied
}

// attacked is the server of the simulated incident.
func attacked(t *testing.T, source Source) string {
	t.Helper()
	query := `{"queryType": "values", "column": "resource_id", "scope": {"resourceNames": ["web-3"], "methods": ["ServerAction"]}}`
	return column[string](t, onPanel(t, source, night, query), "value")[0]
}

// severity is the only severity that an annotation query asks for, or nothing.
func severity(query node) string {
	scope, _ := query["scope"].(node)
	severities, _ := scope["severities"].([]any)
	if query["queryType"] != "annotations" || len(severities) != 1 {
		return ""
	}
	return fmt.Sprint(severities[0])
}

// isTileOfOne tells whether a query is the number of events about one resource.
func isTileOfOne(query node) bool {
	scope, _ := query["scope"].(node)
	return query["queryType"] == "counts" && query["over"] == "total" && scope["resourceIds"] != nil
}

func TestDashboardsHaveValidQueries(t *testing.T) {
	t.Parallel()
	source := simulated(t)
	resource := attacked(t, source)
	for _, path := range dashboards(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			var dashboard node
			read(t, path, json.Unmarshal, &dashboard)
			queries, shown := 0, map[string]int{}
			inside(dashboard, func(query node) {
				if query["version"] == nil || query["queryType"] == nil {
					return
				}
				queries++
				text := asked(t, query, resource)
				about := fmt.Sprint(query["queryType"], query["scope"])
				if lane := severity(query); lane != "" {
					// Of the lanes of one question, not every one has an event.
					about = strings.Replace(about, lane, "", 1)
				}
				if isTileOfOne(query) {
					// Nothing serious need have happened to one resource.
					shown[about]++
				}
				if _, known := shown[about]; !known {
					shown[about] = 0
				}
				for _, frame := range answers(t, source, nil, week.OnPanel(text)) {
					rows, err := frame.RowLen()
					if err != nil {
						t.Errorf("%s: %v", text, err)
					}
					shown[about] += rows
				}
			})
			for about, rows := range shown {
				if rows == 0 {
					t.Errorf("%s shows nothing of the incident's week", about)
				}
			}
			if queries < 5 {
				t.Errorf("there are %d queries", queries)
			}
		})
	}
}

func TestDashboardsFitEveryGrafana(t *testing.T) {
	t.Parallel()
	for _, path := range dashboards(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			var dashboard node
			text := read(t, path, json.Unmarshal, &dashboard)
			if found := fixedID.Find(text); found != nil {
				t.Errorf("it holds the id %s", found)
			}
			if uid, _ := dashboard["uid"].(string); !strings.HasPrefix(uid, "scaleway-audittrail-") || len(uid) > 40 {
				t.Errorf("its uid is %q", uid)
			}
			if dashboard["id"] != nil {
				t.Errorf("its id is %v", dashboard["id"])
			}
			kinds := map[any]any{"-- Mixed --": "datasource", "-- Grafana --": "grafana"}
			inside(dashboard, func(chosen node) {
				if chosen["type"] == "datasource" && chosen["query"] != nil {
					kinds[fmt.Sprintf("${%s}", chosen["name"])] = chosen["query"]
				}
			})
			if kinds["${audit}"] != pluginID {
				t.Errorf("the variable audit chooses a %v", kinds["${audit}"])
			}
			panels := map[any]bool{}
			inside(dashboard, func(thing node) {
				if reference, ok := thing["datasource"]; ok {
					reference, _ := reference.(node)
					if kind, known := kinds[reference["uid"]]; !known || kind != reference["type"] {
						t.Errorf("%v refers to the data source %v", thing["title"], reference)
					}
				}
				if thing["gridPos"] != nil {
					if panels[thing["id"]] {
						t.Errorf("two panels have the id %v", thing["id"])
					}
					panels[thing["id"]] = true
				}
			})
		})
	}
}

func TestDashboardsKnowTheMetricsOfTheSandbox(t *testing.T) {
	t.Parallel()
	output, err := exec.Command(binary(t, "audittrail", "AUDITTRAIL_BIN"), "metrics", "--hours", "1").Output()
	if err != nil {
		t.Fatal(err)
	}
	names := 0
	for _, path := range dashboards(t) {
		text := read(t, path, json.Unmarshal, new(node))
		for _, name := range metricName.FindAllString(string(text), -1) {
			names++
			if !strings.Contains(string(output), "\n"+name+"{") {
				t.Errorf("%s asks for %s, which the sandbox does not have", path, name)
			}
		}
	}
	if names == 0 {
		t.Error("no dashboard shows a metric")
	}
}

// alertRule is a rule as Grafana provisions it.
type alertRule struct {
	UID          string
	Title        string
	Condition    string
	NoDataState  string `yaml:"noDataState"`
	ExecErrState string `yaml:"execErrState"`
	Annotations  map[string]string
	Data         []struct {
		RefID             string                 `yaml:"refId"`
		DatasourceUID     string                 `yaml:"datasourceUid"`
		RelativeTimeRange struct{ From, To int } `yaml:"relativeTimeRange"`
		Model             node
	}
}

func (r alertRule) isAboutDetections() bool { return r.Data[0].Model["queryType"] == "detections" }

// columns are the labels of the rule's answer.
func (r alertRule) columns() []string {
	if r.isAboutDetections() {
		return []string{"rule", "level", "principal", "source_ip", "resource", "first", "last"}
	}
	var columns []string
	for _, column := range r.Data[0].Model["groupBy"].([]any) {
		columns = append(columns, column.(string))
	}
	return columns
}

func alertRules(t *testing.T) []alertRule {
	t.Helper()
	var file struct{ Groups []struct{ Rules []alertRule } }
	read(t, "provisioning/alerting/scaleway.yaml", yaml.Unmarshal, &file)
	var rules []alertRule
	for _, group := range file.Groups {
		rules = append(rules, group.Rules...)
	}
	if len(rules) == 0 {
		t.Fatal("there are no rules")
	}
	return rules
}

// fires is whether the rule's threshold is exceeded when it is evaluated at that time.
func (r alertRule) fires(t *testing.T, source Source, at time.Time) bool {
	t.Helper()
	query, threshold := r.Data[0], r.Data[1].Model
	text, err := json.Marshal(query.Model)
	if err != nil {
		t.Fatal(err)
	}
	ago := func(seconds int) time.Time { return at.Add(-time.Duration(seconds) * time.Second) }
	within := Range{ago(query.RelativeTimeRange.From), ago(query.RelativeTimeRange.To)}
	counted := evaluate(t, answer(t, source, FromAlert, within.InRule(string(text))))
	condition := threshold["conditions"].([]any)[0].(node)["evaluator"].(node)
	limit := condition["params"].([]any)[0].(int)
	if threshold["type"] != "threshold" || condition["type"] != "gt" || threshold["expression"] != query.RefID {
		t.Fatalf("%s has the condition %v", r.UID, threshold)
	}
	for _, sum := range counted.sums {
		if sum > float64(limit) {
			return true
		}
	}
	return false
}

// TestRulesSeeTheIncident evaluates the example rules while the simulated incident goes on, and on the day before, when
// no client guesses passwords.
func TestRulesSeeTheIncident(t *testing.T) {
	t.Parallel()
	source := present(t)
	now := time.Now()
	const step = 5 * time.Minute
	begun, ended := now.Add(-175*time.Minute), now.Add(-80*time.Minute)
	for _, rule := range alertRules(t) {
		t.Run(rule.UID, func(t *testing.T) {
			t.Parallel()
			query := rule.Data[0]
			if rule.NoDataState != "OK" || rule.ExecErrState != "Error" || rule.Condition != rule.Data[1].RefID {
				t.Errorf("states %q and %q, condition %q", rule.NoDataState, rule.ExecErrState, rule.Condition)
			}
			if query.RelativeTimeRange.To < 120 || query.RelativeTimeRange.From <= query.RelativeTimeRange.To {
				t.Errorf("the range is %v; it has to end at the lag", query.RelativeTimeRange)
			}
			seen := false
			for at := begun; at.Before(ended) && !seen; at = at.Add(step) {
				seen = rule.fires(t, source, at)
			}
			if !seen {
				t.Error("it does not fire")
			}
			if query.RelativeTimeRange.From > 3600 {
				return // what it watches for happens on ordinary days too
			}
			for at := begun.Add(-24 * time.Hour); at.Before(begun); at = at.Add(step) {
				if rule.fires(t, source, at) {
					t.Errorf("it fires at %s, when nothing happened", at)
				}
			}
		})
	}
}

// TestProvisioningFitsTogether holds the files against each other: rules and their data source, labels and groups.
func TestProvisioningFitsTogether(t *testing.T) {
	t.Parallel()
	var sources struct{ Datasources []node }
	text := read(t, "provisioning/datasources/scaleway.yaml", yaml.Unmarshal, &sources)
	if found := fixedID.Find(text); found != nil {
		t.Errorf("the data sources hold the id %s", found)
	}
	uid := ""
	for _, source := range sources.Datasources {
		if source["type"] == pluginID {
			uid, _ = source["uid"].(string)
		}
	}
	label := regexp.MustCompile(`\$labels\.(\w+)`)
	for _, rule := range alertRules(t) {
		if rule.Data[0].DatasourceUID != uid || uid == "" {
			t.Errorf("%s asks %q, and the data source is %q", rule.UID, rule.Data[0].DatasourceUID, uid)
		}
		for _, match := range label.FindAllStringSubmatch(fmt.Sprint(rule.Annotations), -1) {
			if !slices.Contains(rule.columns(), match[1]) && match[1] != "ref_id" { // which Grafana adds where there is no data
				t.Errorf("%s speaks of %s, which it does not group by", rule.UID, match[1])
			}
		}
	}
}

// TestContainersUseTheSandbox holds what docker-compose.yaml repeats against what the sandbox says of itself.
func TestContainersUseTheSandbox(t *testing.T) {
	t.Parallel()
	var compose struct {
		Services map[string]struct {
			Environment map[string]string
			Volumes     []string
		}
	}
	read(t, "docker-compose.yaml", yaml.Unmarshal, &compose)
	house := sandbox(t)
	grafana := compose.Services["grafana"]
	for name, want := range map[string]string{
		"SCW_SECRET_KEY":                            house.Key,
		"SCW_DEFAULT_ORGANIZATION_ID":               house.Organization,
		"GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS": pluginID,
	} {
		if grafana.Environment[name] != want {
			t.Errorf("%s is %q, want %q", name, grafana.Environment[name], want)
		}
	}
	if !slices.Contains(grafana.Volumes, "./dist:/var/lib/grafana/plugins/"+pluginID+":ro") {
		t.Errorf("Grafana has the volumes %v, none of them the plugin", grafana.Volumes)
	}
}
