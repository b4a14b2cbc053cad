package host

import (
	"fmt"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// TestEachQueryOfARequestIsAnsweredForItself: what is wrong with one must not disturb the others.
func TestEachQueryOfARequestIsAnsweredForItself(t *testing.T) {
	queries := []struct {
		refID, query, refusal string
	}{
		{"A", `{"queryType": "counts", "over": "total"}`, ""},
		{"B", `{"queryType": "counts", "over": "sideways"}`, `over is "sideways"`},
		{"C", `{"queryType"`, "not JSON"},
		{"D", "{\"queryType\": \"\xff\xfe\"}", "not JSON"},
		{"E", `{"version": 2}`, "version is 2"},
		{"F", `[]`, "an object"},
		{"G", ``, ""},
		{"Anno", `{}`, ""},
		{"hidden", `{"hide": true}`, ""},
	}
	var asked []Query
	for _, query := range queries {
		one := autumn.OnPanel(query.query)
		one.RefID = query.refID
		asked = append(asked, one)
	}
	answered, err := plugin(t).Data.QueryData(t.Context(), recorded(t).Request(nil, asked...))
	if err != nil {
		t.Fatalf("one broken query breaks all: %v", err)
	}
	if len(answered.Responses) != len(queries) {
		t.Errorf("%d answers to %d queries", len(answered.Responses), len(queries))
	}
	for _, query := range queries {
		t.Run(query.refID, func(t *testing.T) {
			response := answered.Responses[query.refID]
			if query.refusal != "" {
				if response.Status != 400 || response.ErrorSource != "downstream" || len(response.Frames) > 0 {
					t.Errorf("status %d, source %q, %d frames", response.Status, response.ErrorSource, len(response.Frames))
				}
				if !strings.Contains(response.Error, query.refusal) {
					t.Errorf("%q does not say %q", response.Error, query.refusal)
				}
				return
			}
			if response.Status != 200 || response.Error != "" || response.ErrorSource != "" {
				t.Errorf("status %d, error %q, source %q", response.Status, response.Error, response.ErrorSource)
			}
			frames, err := data.UnmarshalArrowFrames(response.Frames)
			if err != nil {
				t.Fatal(err)
			}
			for _, frame := range frames {
				if frame.RefID != query.refID {
					t.Errorf("a frame belongs to %q", frame.RefID)
				}
			}
			if hidden := query.refID == "hidden"; hidden != (len(frames) == 0) {
				t.Errorf("%d frames", len(frames))
			}
		})
	}
}

func TestARequestWithoutQueriesIsAnswered(t *testing.T) {
	answered, err := plugin(t).Data.QueryData(t.Context(), recorded(t).Request(nil))
	if err != nil || len(answered.Responses) != 0 {
		t.Errorf("%v, error %v", answered, err)
	}
}

// TestALongQueryIsTaken: a Go plugin takes requests of up to 16 MiB, four times gRPC's usual limit.
func TestALongQueryIsTaken(t *testing.T) {
	query := fmt.Sprintf(`{"queryType": "counts", "over": "total", "remark": %q}`, strings.Repeat("x", 10<<20))
	if count := column[int64](t, onPanel(t, recorded(t), autumn, query), "count")[0]; count != 69 {
		t.Errorf("%d events", count)
	}
}

// TestQueriesAtTheSameTime asks as a dashboard does when it opens.
func TestQueriesAtTheSameTime(t *testing.T) {
	quiet := column[int64](t, onPanel(t, simulated(t), night, asTotal(t, `{}`)), "count")[0]
	for i := range 24 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			source, within, want := recorded(t), autumn, int64(69)
			if i%2 == 0 {
				source, within, want = simulated(t), night, quiet
			}
			if count := column[int64](t, onPanel(t, source, within, asTotal(t, `{}`)), "count")[0]; count != want {
				t.Errorf("%d events, want %d", count, want)
			}
		})
	}
}
