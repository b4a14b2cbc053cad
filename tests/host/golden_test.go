package host

import (
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
	{"values_of_principals", `{"queryType": "values"}`, 60, 0},
	{"values_of_risk_classes", `{"queryType": "values", "column": "risk_class"}`, 60, 0},
}

func TestGoldenAnswers(t *testing.T) {
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
				if strings.HasPrefix(question.name, "annotations") {
					query.RefID = "Anno" // as Grafana names the query of every annotation
				}
				frame := answer(t, input.source, nil, query)
				golden(t, filepath.Join(input.name, question.name), shown(query, frame, question.rows))
			})
		}
	}
}

// TestGoldenPartialAnswer shows what a panel says when a region fails.
func TestGoldenPartialAnswer(t *testing.T) {
	seed := []string{"--seed", "7", "--events", fmt.Sprint(events), "--now", week.To.Format(time.RFC3339)}
	source := sandbox(t, append(seed, "--faults", "unavailable:region=nl-ams")...).Source()
	query := night.OnPanel(`{"queryType": "counts", "over": "total", "groupBy": ["region"]}`)
	golden(t, "partial/counts_total_by_region", shown(query, answer(t, source, nil, query), 10))
}

// TestGoldenRefusals shows the sentences that users get in place of an answer.
func TestGoldenRefusals(t *testing.T) {
	source := recorded(t)
	reversed := Range{autumn.To, autumn.From}
	asked := []struct {
		source  Source
		headers map[string]string
		query   Query
	}{
		{source, nil, autumn.OnPanel(`{"queryType": "count"}`)},
		{source, nil, autumn.OnPanel(`{"queryType"`)},
		{source, nil, autumn.OnPanel(`"events"`)},
		{source, nil, autumn.OnPanel(`{"version": 2}`)},
		{source, nil, autumn.OnPanel(`{"format": "csv"}`)},
		{source, nil, autumn.OnPanel(`{"limit": 0}`)},
		{source, nil, autumn.OnPanel(`{"limit": 50001}`)},
		{source, nil, autumn.OnPanel(`{"limit": "many"}`)},
		{source, nil, autumn.OnPanel(`{"queryType": "annotations", "cap": -1}`)},
		{source, nil, autumn.OnPanel(`{"queryType": "counts", "over": "week"}`)},
		{source, nil, autumn.OnPanel(`{"queryType": "counts", "groupBy": ["user_agent"]}`)},
		{source, nil, autumn.OnPanel(`{"queryType": "counts", "groupBy": {"by": "method"}}`)},
		{source, nil, autumn.OnPanel(`{"queryType": "counts", "groupBy": ["kind", "method", "region", "status", "project"]}`)},
		{source, nil, autumn.OnPanel(`{"queryType": "values", "column": "colour"}`)},
		{source, nil, autumn.OnPanel(`{"hide": "perhaps"}`)},
		{source, nil, autumn.OnPanel(`{"scope": ["iam"]}`)},
		{source, nil, autumn.OnPanel(`{"scope": {"regions": ["mars"]}}`)},
		{source, nil, autumn.OnPanel(`{"scope": {"status": ["999"]}}`)},
		{source, nil, autumn.OnPanel(`{"scope": {"sourceIps": ["300.1.2.3"]}}`)},
		{source, nil, autumn.OnPanel(`{"scope": {"severities": ["severe"]}}`)},
		{source, nil, autumn.OnPanel(`{"scope": {"riskClasses": ["risky"]}}`)},
		{source, nil, autumn.OnPanel(`{"scope": {"products": [["iam"]]}}`)},
		{source, nil, reversed.OnPanel(`{}`)},
		{source, nil, Range{time.UnixMilli(math.MinInt64), time.UnixMilli(math.MaxInt64)}.OnPanel(`{}`)},
		{source, FromAlert, autumn.InRule(`{"scope": {"principals": ["$who"]}}`)},
		{source, FromAlert, autumn.InRule(`{"queryType": "values"}`)},
		{source, FromAlert, autumn.InRule(`{"queryType": "counts", "groupBy": ["method"], "groupLimit": 3}`)},
		{source.With("organizationId", "acme"), nil, autumn.OnPanel(`{}`)},
		{source.With("regions", "mars"), nil, autumn.OnPanel(`{}`)},
		{source.With("apiUrl", "http://example.com"), nil, autumn.OnPanel(`{}`)},
		{source.With("apiUrl", "http://127.0.0.1:1"), nil, autumn.OnPanel(`{}`)},
		{source.WithKey(""), nil, autumn.OnPanel(`{}`)},
		{source.WithKey("SCWXXXXXXXXXXXXXXXXX"), nil, autumn.OnPanel(`{}`)},
		{source.WithKey(UnknownKey), nil, autumn.OnPanel(`{}`)},
		{source.WithKey(KeyWithoutAuditTrail), nil, autumn.OnPanel(`{}`)},
	}
	var text strings.Builder
	for _, one := range asked {
		response := refused(t, one.source, one.headers, one.query)
		who := "panel "
		if one.headers != nil {
			who = "rule  "
		}
		fmt.Fprintf(&text, "%s %s\n%d %s\n       %s\n\n", who, one.query.JSON, response.Status, response.ErrorSource,
			response.Error)
	}
	golden(t, "refusals", strings.TrimSuffix(text.String(), "\n"))
}

// shown is a question and its answer.
func shown(query Query, frame *data.Frame, rows int) string {
	withoutRetention(frame)
	within := fmt.Sprintf("%s to %s", query.From.Format(time.RFC3339), query.To.Format(time.RFC3339))
	points := fmt.Sprintf("%d points, %v apart", query.MaxDataPoints, query.Interval)
	return fmt.Sprintf("query  %s\nrange  %s\n       %s\n\n%s", query.JSON, within, points, Text(frame, rows))
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
