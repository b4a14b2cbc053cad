package host

import (
	"encoding/json"
	"maps"
	"testing"
)

// with is a query with other members.
func with(t *testing.T, query string, members map[string]any) string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(query), &object); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	maps.Copy(object, members)
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// asTotal is the question how many events a query means.
func asTotal(t *testing.T, query string) string {
	t.Helper()
	return with(t, query, map[string]any{"queryType": "counts", "over": "total", "groupBy": nil})
}

// countOf is the number of events that a query means. Where none is found and some may be missing, as in a range that
// Scaleway no longer has, the answer is no number.
func countOf(t *testing.T, source Source, within Range, query string) int64 {
	t.Helper()
	frame := onPanel(t, source, within, asTotal(t, query))
	if len(frame.Fields) == 0 {
		return 0
	}
	return column[int64](t, frame, "count")[0]
}

// asTable is the question which events a query means, one per row.
func asTable(t *testing.T, query string) string {
	t.Helper()
	return with(t, query, map[string]any{"queryType": "events", "format": "table", "limit": 50_000})
}
