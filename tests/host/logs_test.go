package host

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// TestLogLinesFollowTheContract holds frames against the data plane's log contract and Grafana's reader of it.
func TestLogLinesFollowTheContract(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		source Source
		within Range
		query  string
		limit  int
	}{
		{"of a simulated week", simulated(t), week, `{}`, 1_000},
		{"of all of a simulated week", simulated(t), week, `{"limit": 50000}`, 50_000},
		{"of hostile names", simulated(t), week, `{"scope": {"text": "<script"}}`, 1_000},
		{"of log-ins", simulated(t), week, `{"limit": 5, "scope": {"kinds": ["authentication"]}}`, 5},
		{"of recorded events", recorded(t), autumn, `{}`, 1_000},
		{"of nothing", recorded(t), autumn, `{"scope": {"text": "no such thing"}}`, 1_000},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			frame := onPanel(t, test.source, test.within, test.query)
			check(t, frame, logLines...)
			t.Run("the limit and the total are told", func(t *testing.T) {
				total := countOf(t, test.source, test.within, test.query)
				custom, _ := frame.Meta.Custom.(map[string]any)
				if words := custom["searchWords"] != nil; words != strings.Contains(test.query, `"text"`) {
					t.Errorf("the words to highlight are %v", custom["searchWords"])
				}
				delete(custom, "searchWords")
				want := fmt.Sprintf(`{"limit":%d,"total":%d}`, test.limit, total)
				if custom, _ := json.Marshal(custom); string(custom) != want {
					t.Errorf("custom is %s, want %s", custom, want)
				}
				if rows := min(int(total), test.limit); frame.Rows() != rows {
					t.Errorf("%d rows, want %d", frame.Rows(), rows)
				}
			})
		})
	}
}

var logLines = []rule{
	hasType(data.FrameTypeLogLines, data.FrameTypeVersion{0, 0}),
	hasShape(
		shape{"timestamp", data.FieldTypeTime},
		shape{"body", data.FieldTypeString},
		shape{"severity", data.FieldTypeString},
		shape{"id", data.FieldTypeString},
		shape{"labels", data.FieldTypeJSON},
		shape{"request_body", data.FieldTypeNullableJSON},
	),
	newestFirst("timestamp"),
	{"Explore shows lines", func(t *testing.T, frame *data.Frame) {
		if frame.Meta.PreferredVisualization != data.VisTypeLogs {
			t.Errorf("Explore would show a %q", frame.Meta.PreferredVisualization)
		}
	}},
	{"the browser reads labels as objects", func(t *testing.T, frame *data.Frame) {
		document, err := data.FrameToJSON(frame, data.IncludeSchemaOnly)
		if err != nil {
			t.Fatal(err)
		}
		var sent struct {
			Schema struct {
				Fields []struct{ Name, Type string }
			}
		}
		if err := json.Unmarshal(document, &sent); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{
			"timestamp": "time", "body": "string", "severity": "string", "id": "string", "labels": "other",
			"request_body": "other",
		}
		for _, field := range sent.Schema.Fields {
			if field.Type != want[field.Name] {
				t.Errorf("the browser takes %s for %q", field.Name, field.Type)
			}
		}
	}},
	{"a row's labels are one object of texts", func(t *testing.T, frame *data.Frame) {
		for row, document := range column[json.RawMessage](t, frame, "labels") {
			var labels map[string]string
			if err := json.Unmarshal(document, &labels); err != nil {
				t.Errorf("row %d: %s: %v", row, document, err)
			}
			if labels["kind"] == "" || labels["method"] == "" {
				t.Errorf("row %d: no kind or no method in %s", row, document)
			}
		}
	}},
	{"a request's body is JSON", func(t *testing.T, frame *data.Frame) {
		bodies, _ := frame.FieldByName("request_body")
		for row := range frame.Rows() {
			if body, ok := bodies.ConcreteAt(row); ok && !json.Valid(body.(json.RawMessage)) {
				t.Errorf("row %d: %s", row, body)
			}
		}
	}},
	{"Grafana knows every level", func(t *testing.T, frame *data.Frame) {
		known := []string{"critical", "error", "warning", "info", "debug", "trace"}
		for row, level := range column[string](t, frame, "severity") {
			if !slices.Contains(known, level) {
				t.Errorf("row %d: %q", row, level)
			}
		}
	}},
	{"each line has its own id", func(t *testing.T, frame *data.Frame) {
		seen := map[string]bool{}
		for row, id := range column[string](t, frame, "id") {
			if id == "" || seen[id] {
				t.Errorf("row %d: the id %q is empty or not the only one", row, id)
			}
			seen[id] = true
		}
	}},
	{"an event is one line", func(t *testing.T, frame *data.Frame) {
		for row, body := range column[string](t, frame, "body") {
			if body == "" || strings.ContainsAny(body, "\n\r\x00\x1b") {
				t.Errorf("row %d: %q", row, body)
			}
		}
	}},
}
