package host

import (
	"bytes"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// scrape reads the plugin's metrics as Prometheus does, and sums each family's values.
func scrape(t *testing.T, plugin *Plugin) map[string]float64 {
	t.Helper()
	request := &pluginv2.CollectMetricsRequest{PluginContext: &pluginv2.PluginContext{PluginId: "audit-trail"}}
	response, err := plugin.Diagnostics.CollectMetrics(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(response.Metrics.Prometheus))
	if err != nil {
		t.Fatalf("%v in\n%s", err, response.Metrics.Prometheus)
	}
	sums := map[string]float64{}
	for name, family := range families {
		if family.GetHelp() == "" {
			t.Errorf("%s has no help", name)
		}
		for _, metric := range family.Metric {
			sums[name] += metric.GetCounter().GetValue() + metric.GetGauge().GetValue() +
				float64(metric.GetHistogram().GetSampleCount())
		}
	}
	return sums
}

func TestMetricsCountRequestsAndCalls(t *testing.T) {
	plugin, err := Start(pluginBinary(t))
	if err != nil {
		t.Fatal(err)
	}
	defer plugin.Stop()
	scrape(t, plugin)
	before := scrape(t, plugin)
	if _, err := plugin.Ask(t.Context(), recorded(t), nil, autumn.OnPanel(`{}`)); err != nil {
		t.Fatal(err)
	}
	after := scrape(t, plugin)
	tests := []struct {
		family string
		more   float64
	}{
		{"audittrail_requests_total", 2}, // the query, and the scrape before it
		{"audittrail_request_seconds", 1},
		{"audittrail_events_total", 69},
		{"audittrail_cache_events", 69}, // what has settled stays
	}
	for _, test := range tests {
		t.Run(test.family, func(t *testing.T) {
			if more := after[test.family] - before[test.family]; more != test.more {
				t.Errorf("rose by %v, want %v", more, test.more)
			}
		})
	}
	t.Run("calls to Scaleway", func(t *testing.T) {
		calls := after["audittrail_upstream_calls_total"] - before["audittrail_upstream_calls_total"]
		measured := after["audittrail_upstream_call_seconds"] - before["audittrail_upstream_call_seconds"]
		if calls < 1 || calls != measured {
			t.Errorf("%v calls, %v measured", calls, measured)
		}
	})
}
