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

// asTable is the question which events a query means, one per row.
func asTable(t *testing.T, query string) string {
	t.Helper()
	return with(t, query, map[string]any{"queryType": "events", "format": "table", "limit": 50_000})
}
