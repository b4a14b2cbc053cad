package host

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/grafana/dataplane/sdata"
	"github.com/grafana/dataplane/sdata/numeric"
	"github.com/grafana/dataplane/sdata/reader"
	"github.com/grafana/dataplane/sdata/timeseries"
	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// evaluated is what a rule has after Grafana's expressions have read a query's answer: a sum per label set.
type evaluated struct {
	noData bool
	sums   map[string]float64
}

// evaluate reads frames with the readers, and by the steps, of Grafana's package pkg/expr.
func evaluate(t *testing.T, frame *data.Frame) evaluated {
	t.Helper()
	frames := data.Frames{frame}
	kind, err := reader.CanReadBasedOnMeta(frames)
	var version *sdata.VersionWarning
	if err != nil || errors.As(err, &version) {
		t.Fatalf("alerting does not know the frame: %v", err)
	}
	result := evaluated{sums: map[string]float64{}}
	add := func(field *data.Field) {
		for row := range field.Len() {
			number, err := field.NullableFloatAt(row)
			if err != nil || number == nil {
				t.Fatalf("%s%s has no number in row %d: %v", field.Name, field.Labels, row, err)
			}
			result.sums[field.Labels.String()] += *number
		}
	}
	switch kind.Kind() {
	case data.KindTimeSeries:
		series, err := timeseries.CollectionReaderFromFrames(frames)
		if err != nil {
			t.Fatal(err)
		}
		all, err := series.GetCollection(true)
		if err != nil || all.Warning != nil || len(all.RemainderIndices) > 0 {
			t.Fatalf("error %v, warning %v, not read %v", err, all.Warning, all.RemainderIndices)
		}
		result.noData = all.NoData()
		for _, one := range all.Refs {
			add(one.ValueField)
		}
	case data.KindNumeric:
		numbers, err := numeric.CollectionReaderFromFrames(frames)
		if err != nil {
			t.Fatal(err)
		}
		all, err := numbers.GetCollection(false)
		if err != nil || all.Warning != nil {
			t.Fatalf("error %v, warning %v", err, all.Warning)
		}
		result.noData = all.NoData()
		for _, one := range all.Refs {
			if _, again := result.sums[one.GetLabels().String()]; again {
				t.Errorf("two numbers are %s", one.GetLabels())
			}
			add(one.ValueField)
		}
	default:
		t.Fatalf("alerting does not evaluate %s", kind)
	}
	return result
}

// inRule is what a rule makes of a query.
func inRule(t *testing.T, source Source, query string) evaluated {
	t.Helper()
	return evaluate(t, answer(t, source, FromAlert, today.InRule(query)))
}

// inBuckets returns whether a rule's answer counts a time: all of them, or those of a series' buckets, which are of one width;
// the unfinished last bucket is left out.
func inBuckets(t *testing.T, frame *data.Frame) func(at time.Time) bool {
	t.Helper()
	if frame.Meta.Type != data.FrameTypeTimeSeriesWide {
		return func(time.Time) bool { return true }
	}
	times := column[time.Time](t, frame, "time")
	if len(times) < 2 {
		t.Fatalf("a series has %d buckets, want two or more", len(times))
	}
	end := times[len(times)-1].Add(times[1].Sub(times[0]))
	return func(at time.Time) bool { return !at.Before(times[0]) && at.Before(end) }
}

func TestARuleReadsTheNumberOfEvents(t *testing.T) {
	t.Parallel()
	source := present(t)
	table := onPanel(t, source, today, asTable(t, `{}`))
	if table.Rows() != events {
		t.Fatalf("the week has %d events, want %d", table.Rows(), events)
	}
	tests := []struct {
		name, query string
		by          []string
	}{
		{"over time", `{"queryType": "counts"}`, nil},
		{"over time by outcome", `{"queryType": "counts", "groupBy": ["status_class"]}`, []string{"status_class"}},
		{"over time by principal and region", `{"queryType": "counts", "groupBy": ["principal", "region"],
			"groupLimit": 1000}`, []string{"principal", "region"}},
		{"in all", `{"queryType": "counts", "over": "total"}`, nil},
		{"in all by method", `{"queryType": "counts", "over": "total", "groupBy": ["method"], "groupLimit": 1000}`,
			[]string{"method"}},
		{"of log lines", `{}`, nil},
		{"of log lines, whatever their limit", `{"queryType": "events", "limit": 5}`, nil},
		{"of a table", `{"queryType": "events", "format": "table"}`, nil},
		{"of annotations", `{"queryType": "annotations", "cap": 5}`, nil},
		{"of marks over a panel", `{"queryType": "annotations", "overlay": true}`, nil},
		{"of the volume of log lines", `{"queryType": "volume"}`, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			frame := answer(t, source, FromAlert, today.InRule(test.query))
			result := evaluate(t, frame)
			if result.noData {
				t.Fatal("there is no data")
			}
			counted := inBuckets(t, frame)
			var total float64
			for _, sum := range result.sums {
				total += sum
			}
			want, wanted := map[string]float64{}, 0
			for row, at := range column[time.Time](t, table, "time") {
				if !counted(at) {
					continue
				}
				wanted++
				labels := data.Labels{}
				for _, name := range test.by {
					field, _ := table.FieldByName(name)
					labels[name] = "(none)"
					if _, ok := field.ConcreteAt(row); ok {
						labels[name] = cell(field, row)
					}
				}
				want[labels.String()]++
			}
			if total != float64(wanted) || wanted < events/2 {
				t.Errorf("%v events, want %d of %d", total, wanted, events)
			}
			for labels, count := range want {
				if result.sums[labels] != count {
					t.Errorf("{%s}: %v events, want %v", labels, result.sums[labels], count)
				}
			}
			if len(result.sums) != len(want) {
				t.Errorf("%d groups, want %d", len(result.sums), len(want))
			}
		})
	}
}

func TestARuleWithoutEventsIsZeroOrNoData(t *testing.T) {
	tests := []struct {
		name, query string
		noData      bool
	}{
		{"a count over time is zero", `{"queryType": "counts"}`, false},
		{"a count in all is zero", `{"queryType": "counts", "over": "total"}`, false},
		{"log lines are zero", `{"queryType": "events"}`, false},
		{"annotations are zero", `{"queryType": "annotations"}`, false},
		{"a volume is zero", `{"queryType": "volume"}`, false},
		{"groups over time are no data", `{"queryType": "counts", "groupBy": ["method"]}`, true},
		{"groups in all are no data", `{"queryType": "counts", "over": "total", "groupBy": ["method"]}`, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			nothing := map[string]any{"scope": map[string]any{"kinds": []string{"system"}, "text": "no such thing"}}
			result := inRule(t, present(t), with(t, test.query, nothing))
			if result.noData != test.noData {
				t.Fatalf("no data: %v, want %v", result.noData, test.noData)
			}
			if sum, ok := result.sums[""]; !test.noData && (!ok || sum != 0) {
				t.Errorf("the sums are %v", result.sums)
			}
		})
	}
}

func TestARulesSeriesHasFewPoints(t *testing.T) {
	frame := answer(t, present(t), FromAlert, today.InRule(`{"queryType": "counts"}`))
	if frame.Rows() < 2 || frame.Rows() > 100 {
		t.Errorf("%d points, though a point per second was suggested", frame.Rows())
	}
}

func TestAnInvalidRuleIsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		source   Source
		query    string
		status   int32
		fault    string
		sentence string
	}{
		{"a variable that nobody replaces", present(t), `{"scope": {"principals": ["$who"]}}`, 400, "downstream",
			`scope\.principals .*\$who`},
		{"a variable in braces", present(t), `{"scope": {"text": "by ${who:csv}"}}`, 400, "downstream",
			`scope\.text .*\$\{who:csv\}`},
		{"a variable in brackets", present(t), `{"scope": {"resourceNames": ["[[server]]"]}}`, 400, "downstream",
			`scope\.resourceNames .*\[\[server\]\]`},
		{"more events than may be fetched", present(t).With("maxEvents", 500), `{"queryType": "counts"}`, 400, "downstream",
			`maxEvents`},
		{"more groups than asked for", present(t), `{"queryType": "counts", "groupBy": ["method"], "groupLimit": 3}`, 400,
			"downstream", `groupLimit`},
		{"a region that fails", present(t, "unavailable:region=nl-ams"), `{"queryType": "counts"}`, 503, "downstream",
			`nl-ams`},
		{"a region that fails, under log lines", present(t, "unavailable:region=nl-ams"), `{}`, 503, "downstream",
			`nl-ams`},
		{"malformed events", present(t, "missing-time:region=nl-ams"), `{"queryType": "counts"}`, 502, "downstream",
			`malformed`},
		{"values, which are for variables", present(t), `{"queryType": "values"}`, 400, "downstream", `values`},
		{"a principal that nobody is", present(t), `{"scope": {"principals": ["nobody@example.com"]}}`, 400, "downstream",
			`nobody@example\.com`},
		{"a key that is wrong", present(t).WithKey(UnknownKey), `{"queryType": "counts"}`, 401, "downstream", `secret key`},
		{"a key that may not", present(t).WithKey(KeyWithoutAuditTrail), `{"queryType": "counts"}`, 403, "downstream",
			`AuditTrailReadOnly`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			response := refused(t, test.source, FromAlert, today.InRule(test.query))
			if response.Status != test.status || response.ErrorSource != test.fault {
				t.Errorf("status %d, source %q, want %d, %q", response.Status, response.ErrorSource, test.status, test.fault)
			}
			if !regexp.MustCompile(test.sentence).MatchString(response.Error) {
				t.Errorf("%q does not say %s", response.Error, test.sentence)
			}
		})
	}
}

// TestAnAlertIsKnownByItsHeader: the header's case depends on whether it came through HTTP.
func TestAnAlertIsKnownByItsHeader(t *testing.T) {
	tests := []struct {
		header, value string
		alert         bool
	}{
		{"FromAlert", "true", true},
		{"Fromalert", "true", true},
		{"fromalert", "true", true},
		{"http_FromAlert", "true", true},
		{"FromAlert", "false", false},
		{"X-Grafana-From-Expr", "true", false},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%s: %s", test.header, test.value), func(t *testing.T) {
			headers := map[string]string{test.header: test.value}
			frame := answer(t, present(t), headers, today.InRule(`{"scope": {"kinds": ["system"]}}`))
			if alert := frame.Meta.Type == data.FrameTypeNumericLong; alert != test.alert {
				t.Errorf("answered with %s", frame.Meta.Type)
			}
		})
	}
}

// TestAPanelShowsAPartialAnswerWithAWarning is the counterpart of what rules refuse: a smaller answer, and a warning that says so.
func TestAPanelShowsAPartialAnswerWithAWarning(t *testing.T) {
	t.Parallel()
	elsewhere := int64(0)
	for _, region := range column[string](t, onPanel(t, present(t), today, asTable(t, `{}`)), "region") {
		if region != "nl-ams" {
			elsewhere++
		}
	}
	tests := []struct {
		name           string
		source         Source
		notice         string
		atLeast, below int64
	}{
		{"without the region that fails", present(t, "unavailable:region=nl-ams"), `nl-ams.*503`, elsewhere, elsewhere + 1},
		{"without what may not be fetched", present(t).With("maxEvents", 500), `maxEvents`, 500, events},
		{"without malformed events", present(t, "missing-time:region=nl-ams"), `malformed`, elsewhere, events},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			frame := onPanel(t, test.source, today, asTotal(t, `{}`))
			if count := column[int64](t, frame, "count")[0]; count < test.atLeast || count >= test.below {
				t.Errorf("%d events, want at least %d and fewer than %d", count, test.atLeast, test.below)
			}
			if said := strings.Join(notices(frame), "\n"); !regexp.MustCompile(test.notice).MatchString(said) {
				t.Errorf("%q does not say %s", said, test.notice)
			}
			for _, notice := range frame.Meta.Notices {
				if notice.Severity != data.NoticeSeverityWarning {
					t.Errorf("%q is no warning", notice.Text)
				}
			}
		})
	}
}
