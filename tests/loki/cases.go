package loki

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// Case is one of the cases beside a rule; detections/README.md describes them.
type Case struct {
	Name    string
	Differs string
	Events  []map[string]any
	Fires   bool
}

type written struct {
	Base       map[string]any
	Bases      map[string]map[string]any
	Fires      []writtenCase
	NearMisses []writtenCase `json:"near_misses"`
}

type writtenCase struct {
	Name    string
	Differs string
	Events  []map[string]any
}

// Cases are those of a file.
func Cases(path string) ([]Case, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file written
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	var cases []Case
	for fires, list := range map[bool][]writtenCase{true: file.Fires, false: file.NearMisses} {
		for _, of := range list {
			number := 0
			expanded := Case{Name: of.Name, Differs: of.Differs, Fires: fires}
			for _, line := range of.Events {
				events, err := file.expand(line, &number)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", of.Name, err)
				}
				expanded.Events = append(expanded.Events, events...)
			}
			cases = append(cases, expanded)
		}
	}
	return cases, nil
}

// expand makes the events of a line: its base, changed, so many times.
func (file *written) expand(line map[string]any, number *int) ([]map[string]any, error) {
	change := map[string]any{}
	for key, value := range line {
		change[key] = value
	}
	take := func(key string) any {
		value := change[key]
		delete(change, key)
		return value
	}
	base := file.Base
	if name, ok := take("base").(string); ok {
		base = file.Bases[name]
	}
	count := func(key string) int {
		if times, ok := take(key).(float64); ok {
			return int(times)
		}
		return 1
	}
	times, burst := count("times"), count("burst")
	after, every := duration(take("after")), duration(take("every"))
	start, err := time.Parse(time.RFC3339, fmt.Sprint(base["recorded_at"]))
	if err != nil {
		return nil, err
	}
	var events []map[string]any
	for nth := range times {
		for second := range burst {
			*number++
			event := merged(base, change).(map[string]any)
			event["id"] = fmt.Sprintf("00000000-0000-7000-8000-%012d", *number)
			at := start.Add(after + time.Duration(nth)*every + time.Duration(second)*time.Second)
			event["recorded_at"] = at.Format(time.RFC3339Nano)
			text, err := json.Marshal(event)
			if err != nil {
				return nil, err
			}
			var numbered map[string]any
			text = []byte(strings.ReplaceAll(string(text), "$n", strconv.Itoa(nth+1)))
			if err := json.Unmarshal(text, &numbered); err != nil {
				return nil, err
			}
			events = append(events, numbered)
		}
	}
	return events, nil
}

// duration is that of a text such as 30s, 10m, 1h or -14d.
func duration(text any) time.Duration {
	written, ok := text.(string)
	if !ok {
		return 0
	}
	if days, ok := strings.CutSuffix(written, "d"); ok {
		number, _ := strconv.Atoi(days)
		return time.Duration(number) * 24 * time.Hour
	}
	duration, err := time.ParseDuration(written)
	if err != nil {
		panic(err)
	}
	return duration
}

// merged is a value with a JSON merge patch (RFC 7396) applied.
func merged(value, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	result := map[string]any{}
	if before, ok := value.(map[string]any); ok {
		for key, value := range before {
			result[key] = merged(nil, value)
		}
	}
	for key, change := range changes {
		if change == nil {
			delete(result, key)
		} else {
			result[key] = merged(result[key], change)
		}
	}
	return result
}

// ofReceiver are the fields that the receiver writes of an event, with null where the event has none.
var ofReceiver = []string{"id", "recorded_at", "locality", "organization_id", "project_id", "user_agent", "product_name", "service_name",
	"method_name", "resources", "request_id", "request_body", "status_code"}

// Shipped is the line of an event as the receiver ships it; none for a log-in or a system event, which it does not read.
func Shipped(event map[string]any) (Line, bool) {
	service, ok := event["service_name"].(string)
	if _, isCall := event["method_name"]; !ok || !isCall {
		return Line{}, false
	}
	body := map[string]any{"source_ip": ""}
	for _, field := range ofReceiver {
		body[field] = event[field]
	}
	address := "<nil>"
	if text, ok := event["source_ip"].(string); ok {
		body["source_ip"], address = text, text
	}
	if principal, ok := event["principal"]; ok {
		body["principal"] = principal
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	at, err := time.Parse(time.RFC3339, event["recorded_at"].(string))
	if err != nil {
		panic(err)
	}
	// Of the answers that succeeded, the receiver knows these three.
	status, severity := event["status_code"], "failed"
	if status == 200.0 || status == 201.0 || status == 204.0 {
		severity = "success"
	}
	return Line{
		Time:   at,
		Stream: labels.FromStrings("service_name", service),
		Metadata: labels.FromStrings("audit_trail_event_source_ip", address, "audit_trail_event_status_code", fmt.Sprint(status),
			"id", event["id"].(string), "severity_text", severity),
		Text: string(text),
	}, true
}
