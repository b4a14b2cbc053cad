package main

import (
	"context"
	"encoding/json"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/datasource"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"
	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// serve answers Grafana until it says to stop.
func serve() error {
	return datasource.Manage("peer-datasource", newSource, datasource.ManageOpts{})
}

// source is a data source: what one trail holds, as a table.
type source struct{ trail Trail }

func newSource(_ context.Context, settings backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
	var options struct {
		APIURL         string `json:"apiUrl"`
		OrganizationID string `json:"organizationId"`
		Region         string `json:"region"`
	}
	if err := json.Unmarshal(settings.JSONData, &options); err != nil {
		return nil, err
	}
	secret := settings.DecryptedSecureJSONData["secretKey"]
	return source{Trail{URL: options.APIURL, Organization: options.OrganizationID, SecretKey: secret, Region: options.Region}}, nil
}

// QueryData implements [backend.QueryDataHandler].
func (s source) QueryData(_ context.Context, request *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	response := backend.NewQueryDataResponse()
	for _, query := range request.Queries {
		events, err := s.trail.Events(query.TimeRange.From, query.TimeRange.To)
		if err != nil {
			response.Responses[query.RefID] = backend.ErrDataResponse(backend.StatusBadGateway, err.Error())
			continue
		}
		response.Responses[query.RefID] = backend.DataResponse{Frames: data.Frames{Frame(events)}}
	}
	return response, nil
}

// CheckHealth implements [backend.CheckHealthHandler].
func (s source) CheckHealth(context.Context, *backend.CheckHealthRequest) (*backend.CheckHealthResult, error) {
	return &backend.CheckHealthResult{Status: backend.HealthStatusOk, Message: "running"}, nil
}
