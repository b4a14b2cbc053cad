package host

import (
	"slices"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// TestValuesAreOptionsOfAVariable holds frames against Grafana's reader for variables, which takes the fields text and
// value, and would fail on a frame that has other fields only.
func TestValuesAreOptionsOfAVariable(t *testing.T) {
	columns := []string{
		"principal", "product", "service", "method", "status_class", "status", "region", "locality", "project",
		"organization", "resource_type", "resource_id", "resource_name", "source_ip", "user_agent", "kind", "risk_class",
		"severity", "country",
	}
	table := onPanel(t, simulated(t), night, asTable(t, `{}`))
	for _, name := range columns {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			query := with(t, `{"queryType": "values"}`, map[string]any{"column": name})
			frame := onPanel(t, simulated(t), night, query)
			check(t, frame, hasShape(shape{"text", data.FieldTypeString}, shape{"value", data.FieldTypeString}))
			if len(notices(frame)) > 0 {
				t.Errorf("the notices are %q", notices(frame))
			}
			of := name
			if name == "principal" {
				of = "principal_id" // two people may have one name
			}
			field, _ := table.FieldByName(of)
			var want []string
			for row := range table.Rows() {
				if _, ok := field.ConcreteAt(row); ok {
					want = append(want, cell(field, row))
				}
			}
			slices.Sort(want)
			want = slices.Compact(want)
			var values []string
			for row := range frame.Rows() {
				values = append(values, cell(frame.Fields[1], row))
			}
			slices.Sort(values)
			if !slices.Equal(values, want) {
				t.Errorf("the values are %q, the table holds %q", values, want)
			}
		})
	}
}
