package host

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
)

// house is what the tests share: one plugin process, which like Grafana's serves many data sources, and sandboxes by
// their arguments.
var house struct {
	sync.Mutex
	plugin    *Plugin
	sandboxes map[string]*Sandbox
}

func TestMain(m *testing.M) {
	// Tests wait for other processes more than they compute; the command line still has the last word.
	_ = flag.Set("test.parallel", "8")
	code := m.Run()
	if house.plugin != nil {
		house.plugin.Stop()
	}
	for _, sandbox := range house.sandboxes {
		sandbox.Stop()
	}
	os.Exit(code)
}

func binary(t *testing.T, name, variable string) string {
	t.Helper()
	path, err := Binary(name, variable)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func pluginBinary(t *testing.T) string {
	t.Helper()
	return binary(t, "gpx_scaleway_audittrail", "AUDITTRAIL_PLUGIN")
}

func plugin(t *testing.T) *Plugin {
	t.Helper()
	path := pluginBinary(t)
	house.Lock()
	defer house.Unlock()
	if house.plugin == nil {
		plugin, err := Start(path)
		if err != nil {
			t.Fatal(err)
		}
		house.plugin = plugin
	}
	return house.plugin
}

func sandbox(t *testing.T, arguments ...string) *Sandbox {
	t.Helper()
	path := binary(t, "audittrail", "AUDITTRAIL_BIN")
	house.Lock()
	defer house.Unlock()
	name := fmt.Sprint(arguments)
	if house.sandboxes[name] == nil {
		sandbox, err := Serve(path, arguments...)
		if err != nil {
			t.Fatal(err)
		}
		if house.sandboxes == nil {
			house.sandboxes = map[string]*Sandbox{}
		}
		house.sandboxes[name] = sandbox
	}
	return house.sandboxes[name]
}

func moment(text string) time.Time {
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return moment
}

// events is how many events a simulated week has.
const events = 3_000

// week is the simulated week that is the same on every day.
var week = Range{moment("2026-02-22T12:00:00Z"), moment("2026-03-01T12:00:00Z")}

// night is the end of that week, when a password is guessed and used.
var night = Range{week.To.Add(-12 * time.Hour), week.To}

// simulated is an organization in that week, with faults of its API.
func simulated(t *testing.T, faults ...string) Source {
	t.Helper()
	arguments := []string{"--seed", "7", "--events", fmt.Sprint(events), "--now", week.To.Format(time.RFC3339)}
	return sandbox(t, append(arguments, faulty(faults)...)...).Source()
}

func faulty(faults []string) []string {
	if len(faults) == 0 {
		return nil
	}
	return append([]string{"--faults"}, faults...)
}

// today is a week that ends now, for what depends on the machine's clock: rules refuse a range beyond retention.
var today = Range{time.Now().Add(-8 * 24 * time.Hour), time.Now().Add(time.Minute)}

// present is the same organization in that week, with faults.
func present(t *testing.T, faults ...string) Source {
	t.Helper()
	arguments := []string{"--seed", "7", "--events", fmt.Sprint(events)}
	return sandbox(t, append(arguments, faulty(faults)...)...).Source()
}

// autumn is when the recorded answers were recorded.
var autumn = Range{moment("2025-08-22T00:00:00Z"), moment("2025-10-07T00:00:00Z")}

// recorded is an organization with answers that Scaleway once gave, in one region.
func recorded(t *testing.T) Source {
	t.Helper()
	return sandbox(t, "--recorded", "../data").Source().With("regions", []string{"fr-par"})
}

func ask(t *testing.T, source Source, headers map[string]string, query Query) *pluginv2.DataResponse {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	response, err := plugin(t).Ask(ctx, source, headers, query)
	if err != nil {
		t.Fatalf("%s: the call fails: %v", query.JSON, err)
	}
	return response
}

// answers are the frames of an answer. They must survive what Grafana does to frames on their way: decoded here, encoded
// as JSON for the browser.
func answers(t *testing.T, source Source, headers map[string]string, query Query) data.Frames {
	t.Helper()
	response := ask(t, source, headers, query)
	if response.Error != "" || response.Status != 200 {
		t.Fatalf("%s: status %d, error %q", query.JSON, response.Status, response.Error)
	}
	frames, err := data.UnmarshalArrowFrames(response.Frames)
	if err != nil {
		t.Fatalf("%s: the frames cannot be decoded: %v", query.JSON, err)
	}
	for _, frame := range frames {
		if frame.RefID != query.RefID {
			t.Errorf("%s: a frame's refId is %q, want %q", query.JSON, frame.RefID, query.RefID)
		}
		if _, err := frame.RowLen(); err != nil {
			t.Errorf("%s: %v", query.JSON, err)
		}
		document, err := data.FrameToJSON(frame, data.IncludeAll)
		if err != nil {
			t.Fatalf("%s: a frame cannot be encoded for the browser: %v", query.JSON, err)
		}
		if !json.Valid(document) {
			t.Errorf("%s: the browser would get broken JSON", query.JSON)
		}
	}
	return frames
}

// answer is the one frame of an answer.
func answer(t *testing.T, source Source, headers map[string]string, query Query) *data.Frame {
	t.Helper()
	frames := answers(t, source, headers, query)
	if len(frames) != 1 {
		t.Fatalf("%s: %d frames, want exactly one", query.JSON, len(frames))
	}
	return frames[0]
}

// onPanel is the answer to a query of a panel.
func onPanel(t *testing.T, source Source, within Range, query string) *data.Frame {
	t.Helper()
	return answer(t, source, nil, within.OnPanel(query))
}

// refused is the answer to a query that must get an error.
func refused(t *testing.T, source Source, headers map[string]string, query Query) *pluginv2.DataResponse {
	t.Helper()
	response := ask(t, source, headers, query)
	if response.Error == "" {
		t.Fatalf("%s: no error, %d frames", query.JSON, len(response.Frames))
	}
	if len(response.Frames) != 0 {
		t.Errorf("%s: %d frames beside the error %q", query.JSON, len(response.Frames), response.Error)
	}
	return response
}
