package host

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
)

// resource gets a resource as Grafana's HTTP API asks for it, and reads its JSON.
func resource(t *testing.T, source Source, method, path string, parameters url.Values) (int32, map[string]any) {
	t.Helper()
	location := url.URL{Path: path, RawQuery: parameters.Encode()}
	request := &pluginv2.CallResourceRequest{
		PluginContext: source.Context(),
		Path:          path,
		Method:        method,
		Url:           location.String(),
		Headers:       map[string]*pluginv2.StringList{"Accept": {Values: []string{"application/json"}}},
	}
	stream, err := plugin(t).Resource.CallResource(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	response, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != io.EOF {
		t.Errorf("the stream does not end after one response: %v", err)
	}
	if header := response.Headers["Content-Type"]; header == nil || header.Values[0] != "application/json" {
		t.Errorf("the headers are %v", response.Headers)
	}
	var object map[string]any
	if err := json.Unmarshal(response.Body, &object); err != nil {
		t.Fatalf("%s: %v", response.Body, err)
	}
	return response.Code, object
}

func during(within Range) url.Values {
	return url.Values{"from": {within.From.Format(time.RFC3339)}, "to": {within.To.Format(time.RFC3339)}}
}

func TestResourcesListTheOptionsOfEditors(t *testing.T) {
	tests := []struct {
		path       string
		parameters url.Values
		list       string
		members    []string
	}{
		{"regions", nil, "regions", []string{"name", "configured"}},
		{"products", nil, "products", []string{"name", "title", "services"}},
		{"principals", nil, "principals", []string{"id", "name", "kind"}},
		{"resources", during(night), "resources", []string{"id", "name", "type", "region", "project", "events", "lastSeen"}},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			code, body := resource(t, simulated(t), "GET", test.path, test.parameters)
			items, _ := body[test.list].([]any)
			if code != 200 || len(items) == 0 {
				t.Fatalf("%d %v", code, body)
			}
			for _, item := range items {
				for _, member := range test.members {
					if _, ok := item.(map[string]any)[member]; !ok {
						t.Errorf("%v has no %s", item, member)
					}
				}
			}
		})
	}
}

func TestResourcesAreSearched(t *testing.T) {
	tests := []struct {
		path, query, kind string
		found             bool
	}{
		{"principals", "TERRAFORM", "", true},
		{"principals", "no such thing", "", false},
		{"resources", "WEB-3", "instance_server", true},
		{"resources", "WEB-3", "no such type", false},
		{"resources", "no such thing", "", false},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.path, ", ", test.query, ", ", test.kind), func(t *testing.T) {
			parameters := during(night)
			parameters.Set("query", test.query)
			parameters.Set("type", test.kind)
			code, body := resource(t, simulated(t), "GET", test.path, parameters)
			items, ok := body[test.path].([]any)
			if code != 200 || !ok || test.found != (len(items) > 0) {
				t.Errorf("%d %v", code, body)
			}
			for _, item := range items {
				if name := item.(map[string]any)["name"].(string); !strings.Contains(name, strings.ToLower(test.query)) {
					t.Errorf("%q was not looked for", name)
				}
			}
		})
	}
}

// TestAnEventIsFoundByItsID: most ids include their time; for those of Instance the caller gives it.
func TestAnEventIsFoundByItsID(t *testing.T) {
	table := onPanel(t, simulated(t), night, asTable(t, `{}`))
	times, ids := column[time.Time](t, table, "time"), column[string](t, table, "id")
	for _, version := range []struct {
		name  string
		digit byte
	}{
		{"that tells its time", '7'},
		{"that does not", '4'},
	} {
		t.Run(version.name, func(t *testing.T) {
			for row, id := range ids {
				if id[14] != version.digit {
					continue
				}
				parameters := url.Values{}
				if version.digit != '7' {
					if code, body := resource(t, simulated(t), "GET", "event/"+id, nil); code != 400 {
						t.Errorf("without a time: %d %v", code, body)
					}
					parameters.Set("at", times[row].Format(time.RFC3339Nano))
				}
				code, body := resource(t, simulated(t), "GET", "event/"+id, parameters)
				if code != 200 || body["id"] != id || body["time"] != times[row].Format("2006-01-02T15:04:05.000000000Z") {
					t.Errorf("%d %v, want %s of %v", code, body, id, times[row])
				}
				return
			}
			t.Fatal("the week has no such event")
		})
	}
}

func TestUnavailableResourcesAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		source     Source
		method     string
		path       string
		parameters url.Values
		code       int32
	}{
		{"an unknown path", simulated(t), "GET", "secrets", nil, 404},
		{"no path", simulated(t), "GET", "", nil, 404},
		{"a path that climbs", simulated(t), "GET", "../../etc/passwd", nil, 404},
		{"another method", simulated(t), "POST", "regions", nil, 405},
		{"a range that is none", simulated(t), "GET", "resources", url.Values{"from": {"yesterday"}}, 400},
		{"a range that is reversed", simulated(t), "GET", "resources", url.Values{"from": {"2"}, "to": {"1"}}, 400},
		{"an event that is not there", simulated(t), "GET", "event/0199b898-3b6f-72e4-9923-a63f5a3f66be", nil, 404},
		{"an id that is none", simulated(t), "GET", "event/éééé", nil, 400},
		{"a wrong key", simulated(t).WithKey(UnknownKey), "GET", "principals", nil, 401},
		{"a missing permission", simulated(t).WithKey(KeyWithoutIAM), "GET", "principals", nil, 403},
		{"a wrong setting", simulated(t).With("maxEvents", "many"), "GET", "regions", nil, 400},
		{"a host that nobody reaches", simulated(t).With("apiUrl", "http://127.0.0.1:1"), "GET", "products", nil, 502},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			code, body := resource(t, test.source, test.method, test.path, test.parameters)
			if message, ok := body["message"].(string); code != test.code || !ok || message == "" {
				t.Errorf("%d %v, want %d and a message", code, body, test.code)
			}
		})
	}
}
