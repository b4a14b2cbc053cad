package main

import (
	"time"

	audittrail "github.com/scaleway/scaleway-sdk-go/api/audit_trail/v1alpha1"
	"github.com/scaleway/scaleway-sdk-go/scw"
)

// accessKey only has to look like one: the API reads the secret key alone.
const accessKey = "SCWPEERXXXXXXXXXXXXX"

const pageSize = uint32(100)

// Trail is where events are read from.
type Trail struct {
	URL, Organization, SecretKey, Region string
}

// Events lists the events of a range, page by page.
func (t Trail) Events(after, before time.Time) ([]*audittrail.Event, error) {
	client, err := scw.NewClient(scw.WithAPIURL(t.URL), scw.WithAuth(accessKey, t.SecretKey))
	if err != nil {
		return nil, err
	}
	api := audittrail.NewAPI(client)
	size := pageSize
	request := &audittrail.ListEventsRequest{
		Region:         scw.Region(t.Region),
		OrganizationID: t.Organization,
		RecordedAfter:  &after,
		RecordedBefore: &before,
		PageSize:       &size,
	}
	var events []*audittrail.Event
	for {
		page, err := api.ListEvents(request)
		if err != nil {
			return nil, err
		}
		events = append(events, page.Events...)
		if page.NextPageToken == nil || *page.NextPageToken == "" {
			return events, nil
		}
		request.PageToken = page.NextPageToken
	}
}
