package host

import (
	"testing"

	"github.com/grafana/dataplane/sdata/timeseries"
	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// TestVolumeIsTheHistogramAboveLogLines: Explore wants one frame per level, and reads the level from the number's labels.
func TestVolumeIsTheHistogramAboveLogLines(t *testing.T) {
	inputs := []struct {
		name   string
		source Source
		within Range
	}{
		{"simulated", simulated(t), night},
		{"recorded", recorded(t), autumn},
	}
	for _, input := range inputs {
		t.Run(input.name, func(t *testing.T) {
			t.Parallel()
			lines := onPanel(t, input.source, input.within, `{"queryType": "events", "limit": 50000}`)
			want := map[string]int64{}
			for _, level := range column[string](t, lines, "severity") {
				want[level]++
			}
			frames := answers(t, input.source, nil, input.within.OnPanelOf(100, `{"queryType": "volume"}`))
			if len(frames) != len(want) {
				t.Errorf("%d frames, want one for each of %v", len(frames), want)
			}
			for _, frame := range frames {
				check(t, frame,
					hasType(data.FrameTypeTimeSeriesMulti, data.FrameTypeVersion{0, 1}),
					rule{"a frame is the series of a level", func(t *testing.T, frame *data.Frame) {
						if len(frame.Fields) != 2 || len(frame.Fields[1].Labels) != 1 {
							t.Fatalf("%d fields, labels %v", len(frame.Fields), frame.Fields[1].Labels)
						}
						level := frame.Fields[1].Labels["level"]
						var lines int64
						for _, count := range column[int64](t, frame, frame.Fields[1].Name) {
							lines += count
						}
						if lines == 0 || lines != want[level] {
							t.Errorf("%d lines of level %q, want %d", lines, level, want[level])
						}
					}},
				)
			}
			t.Run("the series are read as such", func(t *testing.T) {
				series, err := timeseries.CollectionReaderFromFrames(frames)
				if err != nil {
					t.Fatal(err)
				}
				all, err := series.GetCollection(true)
				if err != nil || all.Warning != nil || len(all.RemainderIndices) > 0 || len(all.Refs) != len(want) {
					t.Errorf("%d series, error %v, warning %v, not read %v", len(all.Refs), err, all.Warning,
						all.RemainderIndices)
				}
			})
		})
	}
}
