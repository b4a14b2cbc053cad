package host

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestGoldenRules shows the numbers that alert rules get, at the end of the incident. Rules refuse a range beyond retention: the
// simulated week is a recent one, and the file has its times as those of the week that is the same on every day.
func TestGoldenRules(t *testing.T) {
	t.Parallel()
	weeks := int((time.Since(week.To) - 24*time.Hour).Hours() / (7 * 24))
	end := week.To.AddDate(0, 0, 7*weeks)
	source := sandbox(t, "--seed", "7", "--events", "3000", "--now", end.Format(time.RFC3339)).Source()
	incident := Range{end.Add(-3 * time.Hour), end}
	for name, query := range map[string]string{
		"detections":            `{"queryType": "detections", "levels": ["critical"]}`,
		"detections_of_nothing": `{"queryType": "detections", "levels": ["critical"], "scope": {"text": "no such thing"}}`,
		"counts_of_principals_by_address": `{"queryType": "counts", "over": "total", "countOf": "principal", "groupBy": ["source_ip"],
			"scope": {"kinds": ["authentication"], "status": ["failed"]}, "groupLimit": 1000}`,
		"counts_with_a_lookback": `{"queryType": "counts", "over": "total", "lookbackSeconds": 86400}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := incident.InRule(query)
			text := shown(asked, answers(t, source, FromAlert, asked), 30)
			golden(t, filepath.Join("rules", name), inWeek(text, end))
		})
	}
}

var instant = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)

// inWeek is a text with times of the week that ends at `end` as those of the simulated week.
func inWeek(text string, end time.Time) string {
	return instant.ReplaceAllStringFunc(text, func(written string) string {
		fraction := ""
		if point := strings.IndexByte(written, '.'); point >= 0 {
			fraction = written[point : len(written)-1]
		}
		at := moment(written).Truncate(time.Second).Add(week.To.Sub(end))
		return strings.TrimSuffix(at.Format(time.RFC3339), "Z") + fraction + "Z"
	})
}
