package host

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// TestAnnotationsHaveTheFieldsThatGrafanaReads holds frames against Grafana's standard annotation support: one frame, fields found
// by name, text shown as HTML, tags split at commas and not trimmed, the colour taken from newState, and rows with the
// same id collapsed to one.
func TestAnnotationsHaveTheFieldsThatGrafanaReads(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		source Source
		within Range
		query  string
	}{
		{"of a simulated week", simulated(t), week, `{}`},
		{"of hostile names", simulated(t), week, `{"scope": {"text": "<script"}}`},
		{"of hostile user agents", simulated(t), week, `{"scope": {"text": "onerror="}, "cap": 1}`},
		{"under a low cap", simulated(t), week, `{"cap": 20}`},
		{"of recorded events", recorded(t), autumn, `{}`},
		{"of nothing", recorded(t), autumn, `{"scope": {"text": "no such thing"}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			query := test.within.OnPanel(test.query)
			query.RefID = "Anno"
			frame := answer(t, test.source, nil, query)
			check(t, frame, annotations...)
			t.Run("every event is in one of the marks", func(t *testing.T) {
				var marked int
				for _, id := range column[string](t, frame, "id") {
					if !strings.HasPrefix(id, incomplete) {
						marked += 1 + folded(t, id)
					}
				}
				total := countOf(t, test.source, test.within, test.query)
				if int64(marked) != total {
					t.Errorf("%d events are marked, %d are counted", marked, total)
				}
			})
		})
	}
}

// incomplete begins the ids of the intervals from which events may be missing.
const incomplete = "incomplete-"

var annotations = []rule{
	hasShape(
		shape{"time", data.FieldTypeTime},
		shape{"timeEnd", data.FieldTypeNullableTime},
		shape{"title", data.FieldTypeString},
		shape{"text", data.FieldTypeString},
		shape{"tags", data.FieldTypeString},
		shape{"id", data.FieldTypeString},
		shape{"newState", data.FieldTypeString},
		shape{"cluster_end", data.FieldTypeNullableTime},
		shape{"console_url", data.FieldTypeNullableString},
		shape{"principal_id", data.FieldTypeNullableString},
		shape{"source_ip", data.FieldTypeNullableString},
		shape{"resource_type", data.FieldTypeNullableString},
		shape{"resource_id", data.FieldTypeNullableString},
		shape{"resource_parents", data.FieldTypeNullableString},
	),
	{"the oldest event comes first, after what is incomplete", func(t *testing.T, frame *data.Frame) {
		ids := column[string](t, frame, "id")
		first := slices.IndexFunc(ids, func(id string) bool { return !strings.HasPrefix(id, incomplete) })
		if first < 0 {
			return
		}
		if slices.ContainsFunc(ids[first:], func(id string) bool { return strings.HasPrefix(id, incomplete) }) {
			t.Errorf("what is incomplete is not first: %q", ids)
		}
		if !slices.IsSortedFunc(column[time.Time](t, frame, "time")[first:], time.Time.Compare) {
			t.Error("time falls")
		}
	}},
	{"an incomplete interval is a region, and nothing else is", func(t *testing.T, frame *data.Frame) {
		ends, _ := frame.FieldByName("timeEnd")
		ids := column[string](t, frame, "id")
		for row, begin := range column[time.Time](t, frame, "time") {
			end, ok := ends.ConcreteAt(row)
			if ok && !end.(time.Time).After(begin) {
				t.Errorf("row %d lasts from %v to %v", row, begin, end)
			}
			if ok != strings.HasPrefix(ids[row], incomplete) {
				t.Errorf("row %d: region %v, id %q", row, ok, ids[row])
			}
		}
	}},
	{"a cluster ends after it begins, and what is none has no end", func(t *testing.T, frame *data.Frame) {
		ends, _ := frame.FieldByName("cluster_end")
		ids := column[string](t, frame, "id")
		for row, begin := range column[time.Time](t, frame, "time") {
			end, ok := ends.ConcreteAt(row)
			if ok != (folded(t, ids[row]) > 0) || (ok && end.(time.Time).Before(begin)) {
				t.Errorf("row %d, %q, lasts from %v to %v", row, ids[row], begin, end)
			}
		}
	}},
	{"no text is HTML but for the plugin's own tags", func(t *testing.T, frame *data.Frame) {
		own := strings.NewReplacer("<br/>", "", "<details><summary>Details</summary>", "", "</details>", "")
		entity := regexp.MustCompile(`&(amp|lt|gt|quot|#39);`)
		for _, name := range []string{"title", "text"} {
			for _, text := range column[string](t, frame, name) {
				if name == "text" {
					text = own.Replace(text)
				}
				if strings.ContainsAny(entity.ReplaceAllString(text, ""), `<>&"'`) {
					t.Errorf("%s %q is not escaped", name, text)
				}
				if text == "" {
					t.Errorf("a %s is empty", name)
				}
			}
		}
	}},
	{"a tag begins and ends with itself", func(t *testing.T, frame *data.Frame) {
		for _, tags := range column[string](t, frame, "tags") {
			list := strings.Split(tags, ",")
			for _, tag := range list {
				if tag == "" || tag != strings.TrimSpace(tag) {
					t.Errorf("%q holds the tag %q", tags, tag)
				}
			}
			slices.Sort(list)
			if len(slices.Compact(list)) != len(strings.Split(tags, ",")) {
				t.Errorf("%q repeats a tag", tags)
			}
		}
	}},
	{"no mark would be taken for another", func(t *testing.T, frame *data.Frame) {
		seen := map[string]bool{}
		for _, id := range column[string](t, frame, "id") {
			if id == "" || seen[id] {
				t.Errorf("the id %q is empty or not the only one", id)
			}
			seen[id] = true
		}
	}},
	{"every row has a colour of Grafana's, and grey is that of what is incomplete", func(t *testing.T, frame *data.Frame) {
		ids := column[string](t, frame, "id")
		for row, state := range column[string](t, frame, "newState") {
			if (state == "nodata") != strings.HasPrefix(ids[row], incomplete) {
				t.Errorf("%q has the state %q", ids[row], state)
			}
			if !slices.Contains([]string{"alerting", "pending", "ok", "normal", "nodata"}, state) {
				t.Errorf("the state %q has no colour", state)
			}
		}
	}},
	{"clusters are said", func(t *testing.T, frame *data.Frame) {
		some := slices.ContainsFunc(column[string](t, frame, "id"), func(id string) bool { return folded(t, id) > 0 })
		said := slices.ContainsFunc(notices(frame), func(text string) bool { return strings.Contains(text, "clustered") })
		if some != said {
			t.Errorf("clusters: %v, notices: %q", some, notices(frame))
		}
	}},
}

// folded is the number of an annotation's events beside the one that its id names.
func folded(t *testing.T, id string) int {
	t.Helper()
	_, more, ok := strings.Cut(id, "+")
	if !ok {
		return 0
	}
	number, err := strconv.Atoi(more)
	if err != nil || number < 1 {
		t.Errorf("the id %q", id)
	}
	return number
}
