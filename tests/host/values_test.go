package host

import (
	"regexp"
	"slices"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// sign ends a text that was cleaned or shortened, so that it differs from every other.
var sign = regexp.MustCompile(` #[0-9a-f]{8}$`)

// beginning is what a text, a cell and a label of it have in common, which are cut at different lengths.
func beginning(text string) string {
	return text[:min(len(text), 180)]
}

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
			who, _ := table.FieldByName("principal")
			var want []string
			for row := range table.Rows() {
				if _, ok := field.ConcreteAt(row); ok {
					want = append(want, beginning(cell(field, row)))
				} else if name == "principal" && cell(who, row) == "Scaleway" {
					want = append(want, "Scaleway") // of an event of Scaleway's own machinery
				}
			}
			slices.Sort(want)
			want = slices.Compact(want)
			var values []string
			for row := range frame.Rows() {
				value := cell(frame.Fields[1], row)
				if name == "resource_name" {
					// A table's cell is cleaned, a value is as the event has it: the text is cleaned too, and then signed.
					value = sign.ReplaceAllString(cell(frame.Fields[0], row), "")
				}
				values = append(values, beginning(value))
			}
			slices.Sort(values)
			values = slices.Compact(values)
			if !slices.Equal(values, want) {
				t.Errorf("the values are %q, the table holds %q", values, want)
			}
		})
	}
}
