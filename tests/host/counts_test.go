package host

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// TestCountsAgreeWithTheTable counts the rows of a table by hand, bucket by bucket and group by group.
func TestCountsAgreeWithTheTable(t *testing.T) {
	t.Parallel()
	inputs := []struct {
		name   string
		source Source
		within Range
	}{
		{"simulated", simulated(t), night},
		{"recorded", recorded(t), autumn},
	}
	groupings := []struct {
		name string
		by   []string
	}{
		{"in one series", nil},
		{"by outcome", []string{"status_class"}},
		{"by principal", []string{"principal"}},
		{"by region and status", []string{"region", "status"}},
	}
	for _, input := range inputs {
		table := onPanel(t, input.source, input.within, asTable(t, `{}`))
		for _, grouping := range groupings {
			members := map[string]any{"queryType": "counts", "groupBy": grouping.by, "groupLimit": 1_000}
			t.Run(input.name+", "+grouping.name+", over time", func(t *testing.T) {
				t.Parallel()
				frame := onPanel(t, input.source, input.within, with(t, `{}`, members))
				check(t, frame, wideSeries...)
				times := column[time.Time](t, frame, "time")
				if times[0].After(input.within.From) || !times[1].After(input.within.From) {
					t.Errorf("the first buckets begin at %v and %v, the range at %v", times[0], times[1], input.within.From)
				}
				for _, series := range frame.Fields[1:] {
					counted := make([]int64, len(times))
					for row, at := range column[time.Time](t, table, "time") {
						if in(t, table, row, grouping.by, series.Labels) {
							after, _ := slices.BinarySearchFunc(times, at, func(start, at time.Time) int {
								if start.After(at) {
									return 1
								}
								return -1
							})
							counted[after-1]++
						}
					}
					for row, want := range counted {
						if count := series.At(row); count != want {
							t.Errorf("%v from %v: %v, want %d", series.Labels, times[row], count, want)
						}
					}
				}
			})
			t.Run(input.name+", "+grouping.name+", in all", func(t *testing.T) {
				t.Parallel()
				query := with(t, with(t, `{}`, members), map[string]any{"over": "total"})
				frame := onPanel(t, input.source, input.within, query)
				check(t, frame, longNumbers(grouping.by)...)
				var total int64
				for row, count := range column[int64](t, frame, "count") {
					labels := data.Labels{}
					for _, name := range grouping.by {
						labels[name] = column[string](t, frame, name)[row]
					}
					var want int64
					for row := range table.Rows() {
						if in(t, table, row, grouping.by, labels) {
							want++
						}
					}
					if count != want {
						t.Errorf("%v: %d, want %d", labels, count, want)
					}
					total += count
				}
				if total != int64(table.Rows()) {
					t.Errorf("%d events in all groups, %d in the table", total, table.Rows())
				}
			})
		}
	}
}

// in returns whether an event of the table belongs to a group.
func in(t *testing.T, table *data.Frame, row int, by []string, group data.Labels) bool {
	t.Helper()
	for _, name := range by {
		field, at := table.FieldByName(name)
		if at < 0 {
			t.Fatalf("the table has no column %s", name)
		}
		value := "(none)"
		if _, ok := field.ConcreteAt(row); ok {
			value = cell(field, row)
		}
		if group[name] != value {
			return false
		}
	}
	return true
}

// labelName is what Prometheus and recording rules take for the name of a label.
var labelName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

var wideSeries = []rule{
	hasType(data.FrameTypeTimeSeriesWide, data.FrameTypeVersion{0, 1}),
	{"time comes first, without nulls, and rises evenly", func(t *testing.T, frame *data.Frame) {
		if kind := frame.Fields[0].Type(); kind != data.FieldTypeTime {
			t.Fatalf("the first field is %s", kind)
		}
		times := column[time.Time](t, frame, "time")
		for i := 1; i < len(times); i++ {
			first, step := times[1].Sub(times[0]), times[i].Sub(times[i-1])
			if step <= 0 || (step-first).Abs() > time.Nanosecond {
				t.Errorf("bucket %d is %v wide, the first %v", i, step, first)
			}
		}
	}},
	{"numbers have no nulls", func(t *testing.T, frame *data.Frame) {
		for _, field := range frame.Fields[1:] {
			if field.Name != "count" || field.Type() != data.FieldTypeInt64 {
				t.Errorf("the series %s%s is %s", field.Name, field.Labels, field.Type())
			}
		}
	}},
	{"labels tell the series apart, with names that Prometheus takes", func(t *testing.T, frame *data.Frame) {
		seen := map[string]bool{}
		for _, field := range frame.Fields[1:] {
			if seen[field.Labels.String()] {
				t.Errorf("two series are %s", field.Labels)
			}
			seen[field.Labels.String()] = true
			for name, value := range field.Labels {
				if !labelName.MatchString(name) || value == "" {
					t.Errorf("the label %q is %q", name, value)
				}
			}
		}
	}},
	{"a panel gets as many points as it can show", func(t *testing.T, frame *data.Frame) {
		if frame.Rows() < 2 || frame.Rows() > 1_000 {
			t.Errorf("%d points", frame.Rows())
		}
	}},
}

func longNumbers(by []string) []rule {
	var shapes []shape
	for _, name := range by {
		shapes = append(shapes, shape{name, data.FieldTypeString})
	}
	shapes = append(shapes, shape{"count", data.FieldTypeInt64})
	return []rule{hasType(data.FrameTypeNumericLong, data.FrameTypeVersion{0, 1}), hasShape(shapes...)}
}

func TestCountsWithoutEvents(t *testing.T) {
	const nothing = `{"queryType": "counts", "scope": {"text": "no such thing"}}`
	t.Run("one series of zeros", func(t *testing.T) {
		frame := onPanel(t, present(t), today, nothing)
		check(t, frame, wideSeries...)
		for _, count := range column[int64](t, frame, "count") {
			if count != 0 {
				t.Errorf("a bucket of nothing holds %d", count)
			}
		}
	})
	t.Run("one zero", func(t *testing.T) {
		frame := onPanel(t, present(t), today, with(t, nothing, map[string]any{"over": "total"}))
		if counts := column[int64](t, frame, "count"); !slices.Equal(counts, []int64{0}) {
			t.Errorf("the counts are %v", counts)
		}
	})
	for _, over := range []string{"time", "total"} {
		t.Run("no group, "+over, func(t *testing.T) {
			members := map[string]any{"over": over, "groupBy": []string{"method"}}
			if frame := onPanel(t, recorded(t), autumn, with(t, nothing, members)); len(frame.Fields) != 0 {
				t.Errorf("%d fields, want a typed frame without fields", len(frame.Fields))
			}
		})
	}
}

func TestSmallGroupsAreCountedTogetherWithANotice(t *testing.T) {
	const query = `{"queryType": "counts", "groupBy": ["method"], "groupLimit": 3}`
	over := func(over string) *data.Frame {
		return onPanel(t, recorded(t), autumn, with(t, query, map[string]any{"over": over}))
	}
	series, numbers := over("time"), over("total")
	if groups := len(series.Fields) - 1; groups != 4 || numbers.Rows() != 4 {
		t.Errorf("%d series and %d numbers, want 4", groups, numbers.Rows())
	}
	var events int64
	for row, method := range column[string](t, numbers, "method") {
		events += column[int64](t, numbers, "count")[row]
		if last := row == 3; last != (method == "other") {
			t.Errorf("group %d is %q", row, method)
		}
	}
	if events != 69 {
		t.Errorf("%d events", events)
	}
	for _, frame := range []*data.Frame{series, numbers} {
		if len(notices(frame)) != 1 {
			t.Errorf("the notices are %q, want one", notices(frame))
		}
	}
}

// TestAColumnThatIsNamedTwiceIsOneLabel: two fields of one name would leave the second unread.
func TestAColumnThatIsNamedTwiceIsOneLabel(t *testing.T) {
	const query = `{"queryType": "counts", "over": "total", "groupBy": ["product", "product"]}`
	check(t, onPanel(t, recorded(t), autumn, query), longNumbers([]string{"product"})...)
}
