package host

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// exportedRules are the alert rules of the detections that ship, as the terminal writes them for Grafana.
func exportedRules(t *testing.T) []alertRule {
	t.Helper()
	command := exec.Command(binary(t, "audittrail", "AUDITTRAIL_BIN"), "detections", "export", "--format", "grafana",
		"--data-source", "trail")
	output, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Groups []struct{ Rules []alertRule } }
	if err := yaml.Unmarshal(output, &file); err != nil {
		t.Fatal(err)
	}
	var rules []alertRule
	for _, group := range file.Groups {
		rules = append(rules, group.Rules...)
	}
	return rules
}

func TestExportedRulesAreWhatGrafanaProvisions(t *testing.T) {
	t.Parallel()
	rules, uids := exportedRules(t), map[string]bool{}
	if len(rules) < 60 {
		t.Fatalf("there are %d rules", len(rules))
	}
	legal := regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)
	for _, rule := range rules {
		if uids[rule.UID] || !legal.MatchString(rule.UID) {
			t.Errorf("the uid %q is illegal, or another rule has it", rule.UID)
		}
		uids[rule.UID] = true
		query := rule.Data[0]
		if rule.NoDataState != "OK" || rule.ExecErrState != "Error" || rule.Condition != rule.Data[1].RefID ||
			query.DatasourceUID != "trail" || query.RelativeTimeRange.To != 120 || query.RelativeTimeRange.From != 720 {
			t.Errorf("%s is %+v", rule.UID, rule)
		}
		for name, state := range states(rule.columns(), "the COLUMN") {
			for annotation, text := range rule.Annotations {
				if got := rendered(t, text, state); untidy.MatchString(got) {
					t.Errorf("%s of %s reads %q in the state %s", annotation, rule.UID, got, name)
				}
			}
		}
	}
	summary := rules[0].Annotations["summary"]
	for _, test := range []struct {
		labels map[string]string
		want   string
	}{
		{map[string]string{"rule": "Key made", "principal": "alice", "source_ip": "192.0.2.66", "resource": "SCW1"},
			"Key made: alice from 192.0.2.66 on SCW1"},
		{map[string]string{"rule": "Key made", "principal": "(none)", "source_ip": "(none)", "resource": "(none)"}, "Key made"},
		{map[string]string{"rule": "(none)", "principal": "(none)", "source_ip": "(none)", "resource": "(none)"}, "No match"},
		{map[string]string{"ref_id": "A"}, "No match"},
		{nil, "The rule could not be evaluated: see the annotation Error"},
	} {
		if got := rendered(t, summary, state{test.labels, map[string]value{}, ""}); got != test.want {
			t.Errorf("the summary of %v reads %q, want %q", test.labels, got, test.want)
		}
	}
}

// TestExportedRulesFireOnTheIncident evaluates rules of the simulated incident as Grafana does, while it goes on, and before it.
func TestExportedRulesFireOnTheIncident(t *testing.T) {
	t.Parallel()
	source := present(t)
	now := time.Now()
	begun := now.Add(-175 * time.Minute)
	fired := func(rule alertRule, from, to time.Time) bool {
		for at := from; at.Before(to); at = at.Add(5 * time.Minute) {
			if rule.fires(t, source, at) {
				return true
			}
		}
		return false
	}
	tried := 0
	for _, rule := range exportedRules(t) {
		if !strings.Contains(rule.Title, "then a success") {
			continue
		}
		tried++
		if !fired(rule, begun, now.Add(-80*time.Minute)) {
			t.Errorf("%s does not fire", rule.Title)
		}
		if fired(rule, begun.Add(-6*time.Hour), begun.Add(-time.Hour)) {
			t.Errorf("%s fires before the incident", rule.Title)
		}
	}
	if tried == 0 {
		t.Error("no rule is about guessed passwords")
	}
}
