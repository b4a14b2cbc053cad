package host

import (
	"fmt"
	"regexp"
	"slices"
	"testing"
)

// TestFiltersAreThoseOfADashboard applies Grafana's ad-hoc filters to the rows of a table by hand.
func TestFiltersAreThoseOfADashboard(t *testing.T) {
	tests := []struct {
		filter string
		column string
		keeps  func(text string) bool
	}{
		{`{"key": "product", "operator": "=", "value": "instance"}`, "product",
			func(text string) bool { return text == "instance" }},
		{`{"key": "product", "operator": "!=", "value": "instance"}`, "product",
			func(text string) bool { return text != "instance" }},
		{`{"key": "product", "operator": "=", "value": ""}`, "product",
			func(text string) bool { return text == "" }},
		{`{"key": "method", "operator": "=~", "value": "Create|Delete.*"}`, "method",
			regexp.MustCompile(`^(?:Create|Delete.*)$`).MatchString},
		{`{"key": "method", "operator": "!~", "value": "(?i)create.*"}`, "method",
			func(text string) bool { return !regexp.MustCompile(`^(?i:create.*)$`).MatchString(text) }},
		{`{"key": "principal", "operator": "=|", "values": ["terraform", "ci-deploy"]}`, "principal",
			func(text string) bool { return slices.Contains([]string{"terraform", "ci-deploy"}, text) }},
		{`{"key": "principal", "operator": "!=|", "values": ["terraform", "ci-deploy"]}`, "principal",
			func(text string) bool { return !slices.Contains([]string{"terraform", "ci-deploy"}, text) }},
		{`{"key": "status", "operator": "=", "value": "403"}`, "status",
			func(text string) bool { return text == "403" }},
		{`{"key": "severity", "operator": "=~", "value": "critical|high"}`, "severity",
			func(text string) bool { return text == "critical" || text == "high" }},
		{`{"key": "country", "operator": "=~", "value": ".+"}`, "country",
			func(text string) bool { return text != "" }},
	}
	table := onPanel(t, simulated(t), night, asTable(t, `{}`))
	for _, test := range tests {
		t.Run(test.filter, func(t *testing.T) {
			t.Parallel()
			var want []string
			field, _ := table.FieldByName(test.column)
			for row, id := range column[string](t, table, "id") {
				if test.keeps(cell(field, row)) {
					want = append(want, id)
				}
			}
			query := asTable(t, fmt.Sprintf(`{"filters": [%s]}`, test.filter))
			kept := column[string](t, onPanel(t, simulated(t), night, query), "id")
			if len(want) == 0 || len(want) == table.Rows() {
				t.Errorf("the filter keeps %d of %d, and so tests nothing", len(want), table.Rows())
			}
			if !slices.Equal(kept, want) {
				t.Errorf("%d events are kept, want %d", len(kept), len(want))
			}
		})
	}
}
