package host

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"github.com/pmezard/go-difflib/difflib"
)

// questions are asked of the simulated and of the recorded organization; the names are those of the files.
var questions = []struct {
	name  string
	query string
	// rows is how many of them the file shows.
	rows int
	// points are the width of the panel, a thousand when zero.
	points int64
}{
	{"annotations", `{}`, 20, 0},
	{"annotations_capped", `{"cap": 20}`, 20, 0},
	{"annotations_serious", `{"scope": {"severities": ["critical"]}}`, 20, 0},
	{"annotations_overlay", `{"queryType": "annotations", "overlay": true, "scope": {"severities": ["critical"]}}`, 10, 0},
	{"events_logs", `{}`, 8, 0},
	{"events_logs_of_log_ins", `{"limit": 3, "scope": {"kinds": ["authentication"]}}`, 8, 0},
	{"events_logs_of_the_system", `{"limit": 3, "scope": {"kinds": ["system"]}}`, 8, 0},
	{"events_table", `{"queryType": "events", "format": "table"}`, 8, 0},
	{"events_table_of_hostile_names", `{"format": "table", "scope": {"text": "<script"}}`, 3, 0},
	{"counts_over_time", `{"queryType": "counts"}`, 30, 28},
	{"counts_over_time_by_outcome", `{"queryType": "counts", "groupBy": ["status_class"]}`, 30, 28},
	{"counts_over_time_by_product_and_outcome",
		`{"queryType": "counts", "groupBy": ["product", "status_class"], "groupLimit": 4}`, 30, 28},
	{"counts_over_time_of_nothing", `{"queryType": "counts", "scope": {"text": "no such thing"}}`, 30, 28},
	{"counts_over_time_by_method_of_nothing",
		`{"queryType": "counts", "groupBy": ["method"], "scope": {"text": "no such thing"}}`, 30, 28},
	{"counts_total", `{"queryType": "counts", "over": "total"}`, 3, 0},
	{"counts_total_by_method", `{"queryType": "counts", "over": "total", "groupBy": ["method"]}`, 60, 0},
	{"counts_total_by_principal_and_risk",
		`{"queryType": "counts", "over": "total", "groupBy": ["principal", "severity", "risk_class"]}`, 60, 0},
	{"counts_total_of_nothing", `{"queryType": "counts", "over": "total", "scope": {"text": "no such thing"}}`, 3, 0},
	{"counts_total_by_method_of_nothing",
		`{"queryType": "counts", "over": "total", "groupBy": ["method"], "scope": {"text": "no such thing"}}`, 3, 0},
	{"counts_over_time_of_methods", `{"queryType": "counts", "countOf": "method"}`, 30, 28},
	{"counts_over_time_with_a_lookback", `{"queryType": "counts", "lookbackSeconds": 172800}`, 30, 28},
	{"counts_total_of_principals_by_address",
		`{"queryType": "counts", "over": "total", "countOf": "principal", "groupBy": ["source_ip"]}`, 60, 0},
	{"counts_total_with_a_lookback", `{"queryType": "counts", "over": "total", "lookbackSeconds": 86400}`, 3, 0},
	{"annotations_of_detections", `{"queryType": "detections", "show": "annotations", "levels": ["critical"]}`, 10, 0},
	{"detections", `{"queryType": "detections", "levels": ["critical"]}`, 10, 0},
	{"detections_of_denied_methods", `{"queryType": "detections", "ruleIds": ["4a72eea6-3a6b-451d-9d1b-eac630722d58"]}`, 10, 0},
	{"detections_lines", `{"queryType": "detections", "show": "lines", "levels": ["critical"]}`, 5, 0},
	{"detections_over_time", `{"queryType": "detections", "show": "counts", "levels": ["critical"]}`, 30, 28},
	{"volume", `{"queryType": "volume"}`, 10, 28},
	{"values_of_principals", `{"queryType": "values"}`, 60, 0},
	{"values_of_risk_classes", `{"queryType": "values", "column": "risk_class"}`, 60, 0},
}

func TestGoldenAnswers(t *testing.T) {
	t.Parallel()
	inputs := []struct {
		name   string
		source Source
		within Range
	}{
		{"simulated", simulated(t), week},
		{"recorded", recorded(t), autumn},
	}
	for _, input := range inputs {
		for _, question := range questions {
			t.Run(input.name+"/"+question.name, func(t *testing.T) {
				t.Parallel()
				query := input.within.OnPanel(question.query)
				if question.points > 0 {
					query = input.within.OnPanelOf(question.points, question.query)
				}
				if strings.HasPrefix(question.name, "annotations") && !strings.Contains(question.query, "overlay") {
					query.RefID = "Anno" // as Grafana names the query of every annotation
				}
				frames := answers(t, input.source, nil, query)
				golden(t, filepath.Join(input.name, question.name), shown(query, frames, question.rows))
			})
		}
	}
}

// TestGoldenFilesAreAllUsed: a file that no test reads says nothing about the plugin.
func TestGoldenFilesAreAllUsed(t *testing.T) {
	want := []string{"health", "partial/counts_total_by_region", "refusals", "rules/counts_of_principals_by_address",
		"rules/counts_with_a_lookback", "rules/detections", "rules/detections_of_nothing"}
	for _, question := range questions {
		want = append(want, "recorded/"+question.name, "simulated/"+question.name)
	}
	var files []string
	err := filepath.WalkDir("testdata", func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name := strings.TrimPrefix(filepath.ToSlash(path), "testdata/")
			files = append(files, strings.TrimSuffix(name, ".golden.txt"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	slices.Sort(files)
	if !slices.Equal(files, want) {
		t.Errorf("the files are %q, want %q", files, want)
	}
}

// TestGoldenPartialAnswer shows what a panel says when a region fails.
func TestGoldenPartialAnswer(t *testing.T) {
	t.Parallel()
	source := simulated(t, "unavailable:region=nl-ams")
	query := night.OnPanel(`{"queryType": "counts", "over": "total", "groupBy": ["region"]}`)
	golden(t, "partial/counts_total_by_region", shown(query, answers(t, source, nil, query), 10))
}

// TestGoldenRefusals shows the sentences that users get instead of an answer.
func TestGoldenRefusals(t *testing.T) {
	t.Parallel()
	source := recorded(t)
	reversed, eternal := Range{autumn.To, autumn.From}, Range{time.UnixMilli(math.MinInt64), time.UnixMilli(math.MaxInt64)}
	refusals := []struct {
		what    string
		source  Source
		headers map[string]string
		query   Query
	}{
		{"an unknown question", source, nil, autumn.OnPanel(`{"queryType": "count"}`)},
		{"broken JSON", source, nil, autumn.OnPanel(`{"queryType"`)},
		{"JSON, but no object", source, nil, autumn.OnPanel(`"events"`)},
		{"a later version", source, nil, autumn.OnPanel(`{"version": 2}`)},
		{"an unknown format", source, nil, autumn.OnPanel(`{"format": "csv"}`)},
		{"too small a limit", source, nil, autumn.OnPanel(`{"limit": 0}`)},
		{"too large a limit", source, nil, autumn.OnPanel(`{"limit": 50001}`)},
		{"no number", source, nil, autumn.OnPanel(`{"limit": "many"}`)},
		{"a negative cap", source, nil, autumn.OnPanel(`{"queryType": "annotations", "cap": -1}`)},
		{"an unknown way to count", source, nil, autumn.OnPanel(`{"queryType": "counts", "over": "week"}`)},
		{"a column that is no group", source, nil, autumn.OnPanel(`{"queryType": "counts", "groupBy": ["request_id"]}`)},
		{"no list", source, nil, autumn.OnPanel(`{"queryType": "counts", "groupBy": {"by": "method"}}`)},
		{"too many columns", source, nil,
			autumn.OnPanel(`{"queryType": "counts", "groupBy": ["kind", "method", "region", "status", "project", "mfa", "origin", "result", "action"]}`)},
		{"an unknown column", source, nil, autumn.OnPanel(`{"queryType": "values", "column": "colour"}`)},
		{"neither true nor false", source, nil, autumn.OnPanel(`{"hide": "perhaps"}`)},
		{"a scope that is no object", source, nil, autumn.OnPanel(`{"scope": ["iam"]}`)},
		{"an unknown region", source, nil, autumn.OnPanel(`{"scope": {"regions": ["mars"]}}`)},
		{"an impossible status", source, nil, autumn.OnPanel(`{"scope": {"status": ["999"]}}`)},
		{"an impossible address", source, nil, autumn.OnPanel(`{"scope": {"sourceIps": ["300.1.2.3"]}}`)},
		{"an unknown severity", source, nil, autumn.OnPanel(`{"scope": {"severities": ["severe"]}}`)},
		{"an unknown risk class", source, nil, autumn.OnPanel(`{"scope": {"riskClasses": ["risky"]}}`)},
		{"a list in a list", source, nil, autumn.OnPanel(`{"scope": {"products": [["iam"]]}}`)},
		{"filters that are no list", source, nil, autumn.OnPanel(`{"filters": "method"}`)},
		{"an unknown column in a filter", source, nil, autumn.OnPanel(`{"filters": [{"key": "colour"}]}`)},
		{"an unknown operator", source, nil, autumn.OnPanel(`{"filters": [{"key": "method", "operator": ">"}]}`)},
		{"no number to compare with", source, nil,
			autumn.OnPanel(`{"filters": [{"key": "status", "operator": ">=", "value": "4xx"}]}`)},
		{"no address", source, nil,
			autumn.OnPanel(`{"filters": [{"key": "source_ip", "operator": "!=", "value": "web-1"}]}`)},
		{"a broken expression", source, nil,
			autumn.OnPanel(`{"filters": [{"key": "method", "operator": "=~", "value": "("}]}`)},
		{"a variable in a rule's filter", source, FromAlert,
			autumn.InRule(`{"filters": [{"key": "method", "operator": "=", "value": "${method}"}]}`)},
		{"an empty variable in a rule", source, FromAlert, autumn.InRule(`{"emptyVariables": ["who"]}`)},
		{"a product that is not there in a rule", source, FromAlert, autumn.InRule(`{"scope": {"products": ["intsance"]}}`)},
		{"a reversed range", source, nil, reversed.OnPanel(`{}`)},
		{"an endless range", source, nil, eternal.OnPanel(`{}`)},
		{"a variable in a rule", source, FromAlert, autumn.InRule(`{"scope": {"principals": ["$who"]}}`)},
		{"values in a rule", source, FromAlert, autumn.InRule(`{"queryType": "values"}`)},
		{"the setting organizationId", source.With("organizationId", "acme"), nil, autumn.OnPanel(`{}`)},
		{"the setting regions", source.With("regions", "mars"), nil, autumn.OnPanel(`{}`)},
		{"the setting apiUrl", source.With("apiUrl", "http://example.com"), nil, autumn.OnPanel(`{}`)},
		{"the setting maxEvents", source.With("maxEvents", "many"), nil, autumn.OnPanel(`{}`)},
		{"a host that nobody reaches", source.With("apiUrl", "http://127.0.0.1:1"), nil, autumn.OnPanel(`{}`)},
		{"no key", source.WithKey(""), nil, autumn.OnPanel(`{}`)},
		{"an access key in the place of the secret key", source.WithKey("SCWXXXXXXXXXXXXXXXXX"), nil, autumn.OnPanel(`{}`)},
		{"an unknown key", source.WithKey(UnknownKey), nil, autumn.OnPanel(`{}`)},
		{"a key that may not", source.WithKey(KeyWithoutAuditTrail), nil, autumn.OnPanel(`{}`)},
	}
	var text strings.Builder
	for _, refusal := range refusals {
		response := refused(t, refusal.source, refusal.headers, refusal.query)
		fmt.Fprintf(&text, "%s\n  query  %s\n  error  %d, %s\n         %s\n", refusal.what, refusal.query.JSON,
			response.Status, response.ErrorSource, response.Error)
	}
	golden(t, "refusals", text.String())
}

// TestGoldenHealth shows what "Save & test" says.
func TestGoldenHealth(t *testing.T) {
	t.Parallel()
	checks := []struct {
		what   string
		source Source
	}{
		{"all is well", simulated(t)},
		{"all is well in one region", recorded(t)},
		{"no names", recorded(t).WithKey(KeyWithoutIAM)},
		{"an unknown key", recorded(t).WithKey(UnknownKey)},
		{"a key that may not", recorded(t).WithKey(KeyWithoutAuditTrail)},
		{"another organization", recorded(t).With("organizationId", "0a1b2c3d-0000-4000-8000-00000000beef")},
		{"no key", recorded(t).WithKey("")},
		{"a wrong setting", recorded(t).With("projectId", "default")},
		{"a host that nobody reaches", recorded(t).With("apiUrl", "http://127.0.0.1:1")},
		{"a region that fails", simulated(t, "unavailable:region=nl-ams")},
		{"an API that fails", simulated(t, "internal-error")},
		{"an API that is something else", simulated(t, "html-page")},
	}
	texts := make([]string, len(checks))
	t.Run("check", func(t *testing.T) {
		for i, check := range checks {
			t.Run(check.what, func(t *testing.T) {
				t.Parallel()
				request := &pluginv2.CheckHealthRequest{PluginContext: check.source.Context()}
				response, err := plugin(t).Diagnostics.CheckHealth(t.Context(), request)
				if err != nil {
					t.Fatal(err)
				}
				var details struct{ Regions []json.RawMessage }
				if err := json.Unmarshal(response.JsonDetails, &details); err != nil {
					t.Fatal(err)
				}
				texts[i] = fmt.Sprintf("%s\n  %s: %s\n", check.what, response.Status, response.Message)
				for _, region := range details.Regions {
					texts[i] += fmt.Sprintf("  %s\n", region)
				}
			})
		}
	})
	golden(t, "health", strings.Join(texts, ""))
}

// shown is a question and its answer.
func shown(query Query, frames data.Frames, rows int) string {
	within := fmt.Sprintf("%s to %s", query.From.Format(time.RFC3339), query.To.Format(time.RFC3339))
	points := fmt.Sprintf("%d points, %v apart", query.MaxDataPoints, query.Interval)
	text := fmt.Sprintf("query  %s\nrange  %s\n       %s\n", query.JSON, within, points)
	for _, frame := range frames {
		withoutRetention(frame)
		text += "\n" + Text(frame, rows)
	}
	return text
}

// retention is the notice whose date is the machine's clock less 90 days.
var retention = regexp.MustCompile(`^the range begins before \S+; Scaleway keeps events for 90 days\b`)

// withoutRetention takes that one notice away: whether it is there, and what it says, changes with the day.
func withoutRetention(frame *data.Frame) {
	frame.Meta.Notices = slices.DeleteFunc(frame.Meta.Notices, func(notice data.Notice) bool {
		return retention.MatchString(notice.Text)
	})
}

// golden compares text with a file, and never writes it unless a person says so; see the package's comment.
func golden(t *testing.T, name, actual string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden.txt")
	if os.Getenv("AUDITTRAIL_GOLDEN") == "write" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(actual), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Fatalf("%s is written, nothing is tested: read `git diff`, then run again without AUDITTRAIL_GOLDEN", path)
	}
	expected, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if string(expected) == actual {
		return
	}
	diff, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
		A: difflib.SplitLines(string(expected)), FromFile: path,
		B: difflib.SplitLines(actual), ToFile: "the answer",
		Context: 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Errorf("the answer differs; all of it is in %s\n%s", aside(t, path, actual), diff)
}

// aside puts text where it outlives the test.
func aside(t *testing.T, path, text string) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "golden-")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, strings.ReplaceAll(path, string(filepath.Separator), "_"))
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}
