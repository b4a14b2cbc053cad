package loki

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/grafana/loki/v3/pkg/logql/syntax"
	"github.com/prometheus/prometheus/model/labels"
	"gopkg.in/yaml.v3"
)

// exported is what `audittrail detections export --format loki` writes; a test in Rust says when it is stale.
const exported = "../data/loki/rules.yaml"

// detections has the rules with their cases.
const detections = "../../detections"

// file is a file of rules as Loki's ruler reads it, which refuses other keys.
type file struct {
	Groups []struct {
		Name     string
		Interval string
		Rules    []rule
	}
}

type rule struct {
	Alert       string
	Expr        string
	For         string
	Labels      map[string]string
	Annotations map[string]string
}

func groups(t *testing.T) file {
	t.Helper()
	text, err := os.Open(exported)
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	decoder := yaml.NewDecoder(text)
	decoder.KnownFields(true)
	var rules file
	if err := decoder.Decode(&rules); err != nil {
		t.Fatal(err)
	}
	return rules
}

func rules(t *testing.T) []rule {
	t.Helper()
	var all []rule
	for _, group := range groups(t).Groups {
		all = append(all, group.Rules...)
	}
	if len(all) < 40 {
		t.Fatalf("there are %d rules", len(all))
	}
	return all
}

// names are the names of the rules of the pack, which are those of its files, by their ids.
func names(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(detections, "*.yml"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var first struct{ ID, Name string }
		if err := yaml.Unmarshal(text, &first); err != nil {
			t.Fatal(err)
		}
		names[first.ID] = first.Name
	}
	return names
}

func TestLokiParsesTheRules(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, group := range groups(t).Groups {
		if _, err := time.ParseDuration(group.Interval); err != nil || seen[group.Name] || len(group.Rules) > 20 {
			t.Errorf("the group %s has the interval %s and %d rules", group.Name, group.Interval, len(group.Rules))
		}
		seen[group.Name] = true
	}
	for _, rule := range rules(t) {
		if _, err := syntax.ParseSampleExpr(rule.Expr); err != nil {
			t.Errorf("%s: %v\n%s", rule.Alert, err, rule.Expr)
		}
		for _, labels := range []map[string]string{{}, {"principal_id": "alice", "source_ip": "192.0.2.1", "resource": "key"}} {
			text := rendered(t, rule.Annotations["summary"], labels)
			want := rule.Alert
			if len(labels) > 0 {
				want += ": alice from 192.0.2.1 on key"
			}
			if text != want {
				t.Errorf("the summary reads %q, want %q", text, want)
			}
		}
	}
}

// rendered is an annotation as the ruler renders it.
func rendered(t *testing.T, text string, of map[string]string) string {
	t.Helper()
	parsed, err := template.New("").Option("missingkey=zero").Parse("{{$labels := .}}" + text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var result strings.Builder
	if err := parsed.Execute(&result, of); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return result.String()
}

// TestRulesFireOnTheirCases applies each rule to the lines of its cases, at each evaluation, and expects what the plugin's own
// tests expect of the detection.
func TestRulesFireOnTheirCases(t *testing.T) {
	t.Parallel()
	names := names(t)
	for _, rule := range rules(t) {
		name := names[rule.Labels["rule_id"]]
		expr, err := syntax.ParseExpr(rule.Expr)
		if err != nil {
			t.Fatal(err)
		}
		cases, err := Cases(filepath.Join(detections, name+".events.json"))
		if err != nil {
			t.Fatal(err)
		}
		fires, silent := 0, 0
		for _, of := range cases {
			got := firing(t, expr, of)
			// A window is one evaluation longer than that of its detection.
			if got != of.Fires && of.Differs != "correlation.timespan" {
				t.Errorf("%s fires at %q: %v, want %v", name, of.Name, got, of.Fires)
			}
			if of.Fires {
				fires++
			} else {
				silent++
			}
		}
		if fires == 0 || silent == 0 {
			t.Errorf("%s has %d cases that fire, and %d that do not", name, fires, silent)
		}
	}
}

// firing is whether a rule fires at an evaluation, of those each minute at an odd second.
func firing(t *testing.T, expr syntax.Expr, of Case) bool {
	t.Helper()
	var lines []Line
	for _, event := range of.Events {
		if line, ok := Shipped(event); ok {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return false
	}
	first := slices.MinFunc(lines, func(a, b Line) int { return a.Time.Compare(b.Time) }).Time
	last := slices.MaxFunc(lines, func(a, b Line) int { return a.Time.Compare(b.Time) }).Time
	for at := first.Truncate(time.Minute).Add(37 * time.Second); at.Before(last.Add(5 * time.Minute)); at = at.Add(time.Minute) {
		values, err := Evaluate(expr, lines, at)
		if err != nil {
			t.Fatal(err)
		}
		if len(values) > 0 {
			return true
		}
	}
	return false
}

// TestTextsOfRulesStayTexts: a rule whose value looks like LogQL selects that value, and nothing else.
func TestTextsOfRulesStayTexts(t *testing.T) {
	t.Parallel()
	query, err := os.ReadFile("../data/loki/hostile.logql")
	if err != nil {
		t.Fatal(err)
	}
	expr, err := syntax.ParseExpr(string(query))
	if err != nil {
		t.Fatal(err)
	}
	agent, err := os.ReadFile("../data/loki/hostile.txt")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{string(agent): 1, string(agent) + "x": 0, "": 0, "curl": 0} {
		event := map[string]any{"service_name": "scaleway.iam.v1alpha1.Api", "method_name": "CreateUser", "user_agent": text,
			"recorded_at": "2026-03-01T12:00:00Z", "id": "1", "status_code": 200.0}
		line, _ := Shipped(event)
		values, err := Evaluate(expr, []Line{line}, line.Time.Add(3*time.Minute))
		if err != nil || len(values) != want {
			t.Errorf("%q: %v, %v", text, values, err)
		}
	}
}

// TestEvaluation covers the tests' stand-in for Loki's engine.
func TestEvaluation(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	line := func(second int, text string) Line {
		return Line{Time: start.Add(time.Duration(second) * time.Second), Stream: labels.FromStrings("a", "x"), Text: text}
	}
	lines := []Line{line(0, `{"g":"1","v":"a"}`), line(10, `{"g":"1","v":"a"}`), line(20, `{"g":"1","v":"b"}`), line(60, `{"g":"2","v":"c"}`)}
	for _, test := range []struct {
		query string
		at    int
		want  map[string]float64
	}{
		{`sum by (g) (count_over_time({a="x"} | json g="g" [1m]))`, 60, map[string]float64{`{g="1"}`: 2, `{g="2"}`: 1}},
		{`sum by (g) (count_over_time({a="x"} | json g="g" [1m]))`, 59, map[string]float64{`{g="1"}`: 3}},
		{`sum by (g) (count_over_time({a="x"} | json g="g" [1m] offset 30s))`, 59, map[string]float64{`{g="1"}`: 3}},
		{`sum by (g) (count_over_time({a="x"} | json g="g" [1m] offset 30s))`, 29, map[string]float64{}},
		{`sum(count_over_time({a=~"x|y"} [2m])) > 4`, 60, map[string]float64{}},
		{`sum(count_over_time({a=~"x|y"} [2m])) >= 4`, 60, map[string]float64{`{}`: 4}},
		{`sum(count_over_time({a="y"} [2m])) >= 1`, 60, map[string]float64{}},
		{`count by (g) (sum by (g, v) (count_over_time({a="x"} | json g="g", v="v" [2m]))) > 1`, 60, map[string]float64{`{g="1"}`: 2}},
	} {
		expr, err := syntax.ParseExpr(test.query)
		if err != nil {
			t.Fatal(err)
		}
		values, err := Evaluate(expr, lines, start.Add(time.Duration(test.at)*time.Second))
		if err != nil || len(values) != len(test.want) {
			t.Errorf("%s at %d s: %v, %v", test.query, test.at, values, err)
		}
		for series, value := range test.want {
			if values[series] != value {
				t.Errorf("%s at %d s: %v, want %v", test.query, test.at, values, test.want)
			}
		}
	}
}
