package host

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

var tableOfEvents = []rule{
	hasShape(
		shape{"time", data.FieldTypeTime},
		shape{"kind", data.FieldTypeNullableString},
		shape{"principal", data.FieldTypeNullableString},
		shape{"principal_id", data.FieldTypeNullableString},
		shape{"product", data.FieldTypeNullableString},
		shape{"service", data.FieldTypeNullableString},
		shape{"method", data.FieldTypeNullableString},
		shape{"resource_type", data.FieldTypeNullableString},
		shape{"resource_id", data.FieldTypeNullableString},
		shape{"resource_name", data.FieldTypeNullableString},
		shape{"status_class", data.FieldTypeNullableString},
		shape{"status", data.FieldTypeNullableUint16},
		shape{"source_ip", data.FieldTypeNullableString},
		shape{"user_agent", data.FieldTypeNullableString},
		shape{"region", data.FieldTypeNullableString},
		shape{"locality", data.FieldTypeNullableString},
		shape{"project", data.FieldTypeNullableString},
		shape{"organization", data.FieldTypeNullableString},
		shape{"risk_class", data.FieldTypeNullableString},
		shape{"severity", data.FieldTypeNullableString},
		shape{"result", data.FieldTypeNullableString},
		shape{"failure_reason", data.FieldTypeNullableString},
		shape{"country", data.FieldTypeNullableString},
		shape{"origin", data.FieldTypeNullableString},
		shape{"mfa", data.FieldTypeNullableString},
		shape{"attack", data.FieldTypeNullableString},
		shape{"id", data.FieldTypeString},
		shape{"request_id", data.FieldTypeNullableString},
		shape{"request_body", data.FieldTypeNullableJSON},
		shape{"resources", data.FieldTypeNullableJSON},
	),
	newestFirst("time"),
	{"Explore shows a table", func(t *testing.T, frame *data.Frame) {
		if frame.Meta.PreferredVisualization != data.VisTypeTable {
			t.Errorf("Explore would show a %q", frame.Meta.PreferredVisualization)
		}
	}},
	{"no frame type promises what a table is not", func(t *testing.T, frame *data.Frame) {
		if frame.Meta.Type != "" {
			t.Errorf("the type is %q", frame.Meta.Type)
		}
	}},
}

func TestATableHasOneRowPerEvent(t *testing.T) {
	tests := []struct {
		name   string
		source Source
		within Range
		rows   int
	}{
		{"of a simulated week", simulated(t), week, events},
		{"of recorded events", recorded(t), autumn, 69},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			frame := onPanel(t, test.source, test.within, asTable(t, `{}`))
			check(t, frame, tableOfEvents...)
			if frame.Rows() != test.rows {
				t.Errorf("%d rows, want %d", frame.Rows(), test.rows)
			}
		})
	}
}

// TestATableHasScalewaysValues compares with the recorded answers, read here without the plugin.
func TestATableHasScalewaysValues(t *testing.T) {
	frame := onPanel(t, recorded(t), autumn, asTable(t, `{}`))
	rows := map[string]int{}
	for row, id := range column[string](t, frame, "id") {
		rows[id] = row
	}
	for _, event := range recordedEvents(t) {
		row, ok := rows[event.ID]
		if !ok {
			t.Errorf("event %s is missing", event.ID)
			continue
		}
		principal := event.Principal.ID
		if principal == "" {
			principal = event.Resources[0].ID // a renewed session names its user only there
		}
		for name, want := range map[string]string{
			"time":         event.RecordedAt.Format(time.RFC3339Nano),
			"product":      event.Product,
			"service":      event.Service,
			"method":       event.Method,
			"locality":     event.Locality,
			"source_ip":    event.SourceIP,
			"user_agent":   event.UserAgent,
			"status":       fmt.Sprint(event.Status),
			"request_id":   event.RequestID,
			"project":      event.Project,
			"organization": event.Organization,
			"principal_id": principal,
		} {
			field, _ := frame.FieldByName(name)
			if value := cell(field, row); value != want {
				t.Errorf("event %s: %s is %q, want %q", event.ID, name, value, want)
			}
		}
	}
}

// recordedEvent is an event as Scaleway writes it.
type recordedEvent struct {
	ID           string
	RecordedAt   time.Time `json:"recorded_at"`
	Locality     string
	Product      string `json:"product_name"`
	Service      string `json:"service_name"`
	Method       string `json:"method_name"`
	SourceIP     string `json:"source_ip"`
	UserAgent    string `json:"user_agent"`
	Status       uint16 `json:"status_code"`
	RequestID    string `json:"request_id"`
	Project      string `json:"project_id"`
	Organization string `json:"organization_id"`
	Principal    struct{ ID string }
	Resources    []struct{ ID string }
}

func recordedEvents(t *testing.T) []recordedEvent {
	t.Helper()
	document, err := os.ReadFile("../data/events.fr-par.json")
	if err != nil {
		t.Fatal(err)
	}
	var answered struct{ Events []recordedEvent }
	if err := json.Unmarshal(document, &answered); err != nil {
		t.Fatal(err)
	}
	return answered.Events
}

// TestATableIsOneForSQL: Grafana's SQL expressions take one frame without labels, of these types, as a table of its reference.
func TestATableIsOneForSQL(t *testing.T) {
	types := map[data.FieldType]bool{
		data.FieldTypeTime: true, data.FieldTypeString: true, data.FieldTypeNullableString: true,
		data.FieldTypeNullableUint16: true, data.FieldTypeInt64: true, data.FieldTypeNullableJSON: true,
	}
	for _, query := range []string{
		`{"queryType": "events", "format": "table"}`,
		// The panel shows the expression and hides what it is made of.
		`{"queryType": "events", "format": "table", "hide": true}`,
		`{"queryType": "counts", "over": "total", "groupBy": ["method"], "hide": true}`,
		`{"queryType": "events", "format": "table", "scope": {"text": "no such text"}}`,
	} {
		t.Run(query, func(t *testing.T) {
			frame := answer(t, present(t), FromExpression, today.OnPanel(query))
			names := map[string]bool{}
			for _, field := range frame.Fields {
				if len(field.Labels) > 0 || !types[field.Type()] || names[strings.ToLower(field.Name)] {
					t.Errorf("%s is %v, with labels %v", field.Name, field.Type(), field.Labels)
				}
				names[strings.ToLower(field.Name)] = true
				for row := range field.Len() {
					value, _ := field.ConcreteAt(row)
					if raw, ok := value.(json.RawMessage); ok && !field.NilAt(row) && !json.Valid(raw) {
						t.Errorf("%s of row %d is not JSON: %s", field.Name, row, raw)
					}
				}
			}
			if len(frame.Fields) == 0 {
				t.Error("there is nothing to select from")
			}
		})
	}
}
