package main

import (
	"encoding/json"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	audittrail "github.com/scaleway/scaleway-sdk-go/api/audit_trail/v1alpha1"
)

// Frame is a table of events with the columns that a panel shows.
func Frame(events []*audittrail.Event) *data.Frame {
	rows := len(events)
	times := make([]*time.Time, rows)
	ids, products, services, methods := make([]string, rows), make([]string, rows), make([]string, rows), make([]string, rows)
	localities, addresses, requests := make([]string, rows), make([]string, rows), make([]string, rows)
	principals, projects, agents := make([]*string, rows), make([]*string, rows), make([]*string, rows)
	resourceTypes, resourceIDs, resourceNames := make([]*string, rows), make([]*string, rows), make([]*string, rows)
	statuses := make([]uint32, rows)
	bodies := make([]json.RawMessage, rows)
	for row, event := range events {
		times[row] = event.RecordedAt
		ids[row] = event.ID
		products[row], services[row], methods[row] = event.ProductName, event.ServiceName, event.MethodName
		localities[row], projects[row], requests[row] = event.Locality, event.ProjectID, event.RequestID
		if event.Principal != nil {
			principals[row] = &event.Principal.ID
		}
		if event.SourceIP != nil {
			addresses[row] = event.SourceIP.String()
		}
		agents[row] = event.UserAgent
		if len(event.Resources) > 0 {
			first := event.Resources[0]
			kind := string(first.Type)
			resourceTypes[row], resourceIDs[row], resourceNames[row] = &kind, &first.ID, first.Name
		}
		statuses[row] = event.StatusCode
		// What was just decoded can be encoded.
		bodies[row], _ = json.Marshal(event.RequestBody)
	}
	return data.NewFrame("events",
		data.NewField("time", nil, times),
		data.NewField("id", nil, ids),
		data.NewField("principal_id", nil, principals),
		data.NewField("product", nil, products),
		data.NewField("service", nil, services),
		data.NewField("method", nil, methods),
		data.NewField("locality", nil, localities),
		data.NewField("project", nil, projects),
		data.NewField("resource_type", nil, resourceTypes),
		data.NewField("resource_id", nil, resourceIDs),
		data.NewField("resource_name", nil, resourceNames),
		data.NewField("source_ip", nil, addresses),
		data.NewField("user_agent", nil, agents),
		data.NewField("status", nil, statuses),
		data.NewField("request_id", nil, requests),
		data.NewField("request_body", nil, bodies),
	)
}
