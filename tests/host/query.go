package host

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
)

// Source is what a data source is configured with.
type Source struct {
	// Settings are the data source's jsonData.
	Settings map[string]any
	// Key is the only secret.
	Key string
	// Role is that of the user who asks.
	Role string
}

// With is the same data source with another setting.
func (s Source) With(name string, value any) Source {
	s.Settings = maps.Clone(s.Settings)
	s.Settings[name] = value
	return s
}

// WithKey is the same data source with another secret key.
func (s Source) WithKey(key string) Source {
	s.Key = key
	return s
}

// Context is what Grafana sends along with every call.
func (s Source) Context() *pluginv2.PluginContext {
	settings, err := json.Marshal(s.Settings)
	if err != nil {
		panic(err) // settings are written in this package
	}
	return &pluginv2.PluginContext{
		OrgId:         1,
		PluginId:      "scaleway-audittrail-datasource",
		PluginVersion: "0.1.0",
		Namespace:     "default",
		User:          &pluginv2.User{Login: "someone", Name: "Someone", Email: "someone@example.com", Role: s.Role},
		GrafanaConfig: map[string]string{"GF_APP_URL": "http://localhost:3000/"},
		UserAgent:     "Grafana/12.4.0 (linux; amd64)",
		DataSourceInstanceSettings: &pluginv2.DataSourceInstanceSettings{
			Id:                      1,
			Uid:                     "audit-trail",
			Name:                    "Audit Trail",
			JsonData:                settings,
			DecryptedSecureJsonData: map[string]string{"secretKey": s.Key},
			LastUpdatedMS:           1_767_225_600_000,
		},
	}
}

// Range is what a query's events are recorded within.
type Range struct{ From, To time.Time }

// Query is a query of a panel, an annotation or a rule.
type Query struct {
	RefID string
	// JSON is the query as Grafana stores it.
	JSON string
	Range
	Interval      time.Duration
	MaxDataPoints int64
}

// OnPanel is a query of a panel a thousand pixels wide.
func (r Range) OnPanel(query string) Query {
	return r.OnPanelOf(1_000, query)
}

// OnPanelOf is a query of a panel as wide as that.
func (r Range) OnPanelOf(pixels int64, query string) Query {
	interval := r.To.Sub(r.From) / time.Duration(pixels)
	return Query{RefID: "A", JSON: query, Range: r, Interval: interval, MaxDataPoints: pixels}
}

// InRule is a query of an alert rule, with the interval and the number of points that Grafana gives to all of them.
func (r Range) InRule(query string) Query {
	return Query{RefID: "A", JSON: query, Range: r, Interval: time.Second, MaxDataPoints: 43_200}
}

// FromExpression are the headers of a request for the queries that a panel's expressions use.
var FromExpression = map[string]string{"http_X-Grafana-From-Expr": "true"}

// FromAlert are the headers of a request that an alert rule makes.
var FromAlert = map[string]string{
	"FromAlert":          "true",
	"X-Cache-Skip":       "true",
	"X-Grafana-Org-Id":   "1",
	"http_X-Rule-Uid":    "rule",
	"http_X-Rule-Name":   "Somebody%20logs%20in",
	"http_X-Rule-Folder": "Audit",
}

// Request is the request for queries.
func (s Source) Request(headers map[string]string, queries ...Query) *pluginv2.QueryDataRequest {
	request := &pluginv2.QueryDataRequest{PluginContext: s.Context(), Headers: headers}
	for _, query := range queries {
		request.Queries = append(request.Queries, &pluginv2.DataQuery{
			RefId:         query.RefID,
			MaxDataPoints: query.MaxDataPoints,
			IntervalMS:    query.Interval.Milliseconds(),
			TimeRange: &pluginv2.TimeRange{
				FromEpochMS: query.From.UnixMilli(),
				ToEpochMS:   query.To.UnixMilli(),
			},
			Json: []byte(query.JSON),
		})
	}
	return request
}

// Ask asks one query.
func (p *Plugin) Ask(
	ctx context.Context, source Source, headers map[string]string, query Query,
) (*pluginv2.DataResponse, error) {
	answer, err := p.Data.QueryData(ctx, source.Request(headers, query))
	if err != nil {
		return nil, err
	}
	response, ok := answer.Responses[query.RefID]
	if !ok || len(answer.Responses) != 1 {
		return nil, fmt.Errorf("asked for %s, answered %v", query.RefID, answer.Responses)
	}
	return response, nil
}
