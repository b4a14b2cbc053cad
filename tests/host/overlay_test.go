package host

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// TestAnOverlayIsAFrameOfAnnotations holds frames against what a panel takes from its own query: a frame of the
// topic annotations, used as it is.
func TestAnOverlayIsAFrameOfAnnotations(t *testing.T) {
	frame := onPanel(t, simulated(t), night, `{"queryType": "annotations", "overlay": true, "cap": 50}`)
	usual := onPanel(t, simulated(t), night, `{"queryType": "annotations", "cap": 50}`)
	check(t, frame,
		hasShape(
			shape{"time", data.FieldTypeTime},
			shape{"timeEnd", data.FieldTypeNullableTime},
			shape{"title", data.FieldTypeString},
			shape{"text", data.FieldTypeString},
			shape{"tags", data.FieldTypeJSON},
			shape{"color", data.FieldTypeString},
			shape{"isRegion", data.FieldTypeBool},
			shape{"id", data.FieldTypeString},
			shape{"cluster_end", data.FieldTypeNullableTime},
			shape{"console_url", data.FieldTypeNullableString},
			shape{"principal_id", data.FieldTypeNullableString},
			shape{"source_ip", data.FieldTypeNullableString},
			shape{"resource_type", data.FieldTypeNullableString},
			shape{"resource_id", data.FieldTypeNullableString},
			shape{"resource_parents", data.FieldTypeNullableString},
		),
		rule{"it is moved among the annotations", func(t *testing.T, frame *data.Frame) {
			if frame.Meta.DataTopic != data.DataTopicAnnotations {
				t.Errorf("the topic is %q", frame.Meta.DataTopic)
			}
		}},
		rule{"the marks are those of an annotation query", func(t *testing.T, frame *data.Frame) {
			for _, name := range []string{"id", "title", "text"} {
				if !slices.Equal(column[string](t, frame, name), column[string](t, usual, name)) {
					t.Errorf("%s differs", name)
				}
			}
		}},
		rule{"tags are a list already", func(t *testing.T, frame *data.Frame) {
			want := column[string](t, usual, "tags")
			for row, document := range column[json.RawMessage](t, frame, "tags") {
				var tags []string
				if err := json.Unmarshal(document, &tags); err != nil || strings.Join(tags, ",") != want[row] {
					t.Errorf("%s: %v", document, err)
				}
			}
		}},
		rule{"a region is what has an end", func(t *testing.T, frame *data.Frame) {
			ends, _ := frame.FieldByName("timeEnd")
			for row, isRegion := range column[bool](t, frame, "isRegion") {
				if _, hasEnd := ends.ConcreteAt(row); hasEnd != isRegion {
					t.Errorf("row %d: region %v, end %v", row, isRegion, hasEnd)
				}
			}
		}},
		rule{"some marks lead to the console", func(t *testing.T, frame *data.Frame) {
			pages, _ := frame.FieldByName("console_url")
			led := 0
			for row := range frame.Rows() {
				if page, known := pages.ConcreteAt(row); known {
					led++
					if !strings.HasPrefix(page.(string), "https://console.scaleway.com/") {
						t.Errorf("row %d leads to %v", row, page)
					}
				}
			}
			if led == 0 {
				t.Error("none does")
			}
		}},
		rule{"every mark has a colour", func(t *testing.T, frame *data.Frame) {
			for row, color := range column[string](t, frame, "color") {
				if color == "" {
					t.Errorf("row %d has none", row)
				}
			}
		}},
	)
}
