package host

import (
	"slices"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// rule is something that must be true of a frame.
type rule struct {
	sentence string
	holds    func(t *testing.T, frame *data.Frame)
}

func check(t *testing.T, frame *data.Frame, rules ...rule) {
	t.Helper()
	for _, rule := range rules {
		t.Run(rule.sentence, func(t *testing.T) { rule.holds(t, frame) })
	}
}

// shape is a field's name and type.
type shape struct {
	name string
	kind data.FieldType
}

// hasShape demands these fields in this order. Grafana finds fields by the names that it displays, which labels or a
// display name would change.
func hasShape(shapes ...shape) rule {
	return rule{"the fields have the names and types of the contract", func(t *testing.T, frame *data.Frame) {
		var actual []shape
		for _, field := range frame.Fields {
			actual = append(actual, shape{field.Name, field.Type()})
			if len(field.Labels) > 0 || field.Config != nil && field.Config.DisplayName != "" {
				t.Errorf("%s has labels or a display name, and would be looked for in vain", field.Name)
			}
		}
		if !slices.Equal(actual, shapes) {
			t.Errorf("the fields are %v, want %v", actual, shapes)
		}
	}}
}

func hasType(kind data.FrameType, version data.FrameTypeVersion) rule {
	return rule{"the frame says what it is", func(t *testing.T, frame *data.Frame) {
		if frame.Meta == nil || frame.Meta.Type != kind || frame.Meta.TypeVersion != version {
			t.Errorf("the meta data are %+v, want type %s %v", frame.Meta, kind, version)
		}
	}}
}

// newestFirst demands an order of rows by time.
func newestFirst(field string) rule {
	return rule{"the newest event comes first", func(t *testing.T, frame *data.Frame) {
		newer := func(a, b time.Time) int { return b.Compare(a) }
		if !slices.IsSortedFunc(column[time.Time](t, frame, field), newer) {
			t.Errorf("%s does not fall", field)
		}
	}}
}

// column is a field's values, none of them null.
func column[T any](t *testing.T, frame *data.Frame, name string) []T {
	t.Helper()
	field, at := frame.FieldByName(name)
	if at < 0 {
		t.Fatalf("there is no field %s", name)
	}
	values := make([]T, field.Len())
	for row := range values {
		value, ok := field.ConcreteAt(row)
		if !ok {
			t.Fatalf("%s is null in row %d", name, row)
		}
		values[row] = value.(T)
	}
	return values
}

// notices are the sentences that a panel shows beside the answer, save the one on retention.
func notices(frame *data.Frame) []string {
	var sentences []string
	for _, notice := range frame.Meta.Notices {
		if !retention.MatchString(notice.Text) {
			sentences = append(sentences, notice.Text)
		}
	}
	return sentences
}
