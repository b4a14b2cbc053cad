package host

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	const ok, failed = pluginv2.CheckHealthResponse_OK, pluginv2.CheckHealthResponse_ERROR
	source := present(t)
	noRole := source
	noRole.Role = ""
	tests := []struct {
		name   string
		source Source
		status pluginv2.CheckHealthResponse_HealthStatus
		says   string
	}{
		{"is good", source, ok, "Audit Trail answers"},
		{"is good for a user without a role", noRole, ok, "Audit Trail answers"},
		{"is good without names", source.WithKey(KeyWithoutIAM), ok, "IAMReadOnly"},
		{"names a wrong key", source.WithKey(UnknownKey), failed, "Wrong key"},
		{"names a missing permission", source.WithKey(KeyWithoutAuditTrail), failed, "AuditTrailReadOnly"},
		{"names a missing key", source.WithKey(""), failed, "secretKey"},
		{"names an access key in the place of a secret key", source.WithKey("SCWXXXXXXXXXXXXXXXXX"), failed, "secretKey"},
		{"names a wrong organization", source.With("organizationId", "0a1b2c3d-0000-4000-8000-00000000beef"), failed,
			"organization"},
		{"names a wrong setting", source.With("regions", "atlantis"), failed, "regions"},
		{"names a host that nobody reaches", source.With("apiUrl", "http://127.0.0.1:1"), failed, "127.0.0.1"},
		{"names a region that fails", present(t, "unavailable:region=nl-ams"), failed, "nl-ams"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			request := &pluginv2.CheckHealthRequest{PluginContext: test.source.Context()}
			response, err := plugin(t).Diagnostics.CheckHealth(t.Context(), request)
			if err != nil {
				t.Fatalf("the call fails, and Grafana says no more than \"Plugin health check failed\": %v", err)
			}
			if response.Status != test.status || !strings.Contains(response.Message, test.says) {
				t.Errorf("%v: %q, want %v with %q", response.Status, response.Message, test.status, test.says)
			}
			// Grafana's page shows the details' message where there is one.
			var details struct{ Message string }
			if err := json.Unmarshal(response.JsonDetails, &details); err != nil || details.Message != response.Message {
				t.Errorf("the details are %s: %v", response.JsonDetails, err)
			}
		})
	}
}
