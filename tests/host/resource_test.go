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
		path, query string
		found       bool
	}{
		{"principals", "TERRAFORM", true},
		{"principals", "no such thing", false},
		{"resources", "WEB-3", true},
		{"resources", "no such thing", false},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.path, ", ", test.query), func(t *testing.T) {
			parameters := during(night)
			parameters.Set("query", test.query)
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
		{"another method", simulated(t), "POST", "products", nil, 405},
		{"a range that is none", simulated(t), "GET", "resources", url.Values{"from": {"yesterday"}}, 400},
		{"a range that is reversed", simulated(t), "GET", "resources", url.Values{"from": {"2"}, "to": {"1"}}, 400},
		{"a path outside ASCII", simulated(t), "GET", "products/éééé", nil, 404},
		{"a wrong key", simulated(t).WithKey(UnknownKey), "GET", "principals", nil, 401},
		{"a missing permission", simulated(t).WithKey(KeyWithoutIAM), "GET", "principals", nil, 403},
		{"a wrong setting", simulated(t).With("maxEvents", "many"), "GET", "products", nil, 400},
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
