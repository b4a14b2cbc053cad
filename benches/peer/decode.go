package main

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"time"

	audittrail "github.com/scaleway/scaleway-sdk-go/api/audit_trail/v1alpha1"
)

// decode turns pages into a frame, from memory, as often as its argument says.
func decode(arguments []string) error {
	flags := flag.NewFlagSet("decode", flag.ExitOnError)
	times := flags.Int("times", 10, "how often all pages are decoded")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	var pages [][]byte
	size := 0
	for _, path := range flags.Args() {
		page, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		pages, size = append(pages, page), size+len(page)
	}
	if len(pages) == 0 || *times < 1 {
		return errors.New("decode needs pages, and at least one time")
	}

	rows := 0
	start := time.Now()
	for range *times {
		var events []*audittrail.Event
		for _, page := range pages {
			var response audittrail.ListEventsResponse
			if err := json.Unmarshal(page, &response); err != nil {
				return err
			}
			events = append(events, response.Events...)
		}
		rows += Frame(events).Rows()
	}
	seconds := time.Since(start).Seconds()
	return report(map[string]any{
		"events": rows / *times,
		"bytes":  size,
		"mb_s":   float64(size) * float64(*times) / seconds / 1e6,
	})
}
