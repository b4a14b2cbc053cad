package host

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"

	"gopkg.in/yaml.v3"
)

// value is a query's or an expression's number, as Grafana's package pkg/services/ngalert/state/template hands it to templates.
type value struct {
	Labels map[string]string
	Value  float64
}

func (v value) String() string {
	return strconv.FormatFloat(v.Value, 'f', -1, 64)
}

// state is what a rule's text is rendered with.
type state struct {
	Labels map[string]string
	Values map[string]value
	Value  any
}

// rendered is a text as Grafana renders it, by the steps of that package's function Expand.
func rendered(t *testing.T, text string, with state) string {
	t.Helper()
	const variables = "{{- $labels := .Labels -}}{{- $values := .Values -}}{{- $value := .Value -}}"
	parsed, err := template.New("__alert_rule").Option("missingkey=invalid").Parse(variables + text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var result strings.Builder
	if err := parsed.Execute(&result, with); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return strings.ReplaceAll(result.String(), "<no value>", "[no value]")
}

// states are those that Grafana renders the texts of a rule in, for the columns that the rule groups by.
func states(groupBy []string, text string) map[string]state {
	labels := func(more map[string]string) map[string]string {
		all := map[string]string{"alertname": "Rule", "grafana_folder": "Folder", "__alert_rule_uid__": "rule"}
		for name, value := range more {
			all[name] = value
		}
		return all
	}
	group := func(text string) state {
		columns := map[string]string{}
		for _, column := range groupBy {
			columns[column] = strings.ReplaceAll(text, "COLUMN", column)
			if column == "method" {
				columns[column] = "the method" // which no event of a risk class lacks
			}
		}
		numbers := map[string]value{"A": {columns, 21}, "B": {columns, 1}}
		return state{labels(columns), numbers, 21.0}
	}
	return map[string]state{
		"alerting":                   group(text),
		"alerting without a column":  group("(none)"),
		"alerting on a hostile name": group(`<b>"{{ $labels.x }}"</b>`),
		"no data":                    {labels(map[string]string{"ref_id": "A", "datasource_uid": "uid"}), map[string]value{}, ""},
		"error":                      {labels(nil), map[string]value{}, ""},
	}
}

var untidy = regexp.MustCompile(`  |^\s|\s$|\n|\[no value\]|\(none\)|\(\)|NaN`)

func TestTextsOfRulesReadWellInEveryState(t *testing.T) {
	t.Parallel()
	for _, rule := range alertRules(t) {
		groupBy := rule.columns()
		for name, state := range states(groupBy, "the COLUMN") {
			t.Run(rule.UID+"/"+name, func(t *testing.T) {
				texts := map[string]string{}
				for annotation, text := range rule.Annotations {
					texts[annotation] = rendered(t, text, state)
					if found := untidy.FindString(texts[annotation]); found != "" {
						t.Errorf("%s reads %q, with %q", annotation, texts[annotation], found)
					}
				}
				if texts["summary"] == "" {
					t.Error("the summary is empty")
				}
				for _, column := range groupBy {
					// The level is one of the rule's, and the hours are those of the alert itself.
					if slices.Contains([]string{"level", "first", "last"}, column) {
						continue
					}
					if name == "alerting" && !strings.Contains(texts["summary"], "the "+column) {
						t.Errorf("%q does not say the %s", texts["summary"], column)
					}
				}
				if unknown := strings.Contains(texts["summary"], "could not be counted"); unknown != (name == "error") {
					t.Errorf("in the state %s the summary is %q", name, texts["summary"])
				}
				// Without a match, the rule's name is (none), and the number 0.
				isNothing := name == "no data" || rule.isAboutDetections() && name == "alerting without a column"
				if nothing := strings.HasPrefix(texts["summary"], "No "); nothing != isNothing {
					t.Errorf("in the state %s the summary is %q", name, texts["summary"])
				}
			})
		}
	}
}

func TestTextsOfRules(t *testing.T) {
	t.Parallel()
	summaries := map[string]string{}
	for _, rule := range alertRules(t) {
		summaries[rule.UID] = rule.Annotations["summary"]
	}
	number := map[string]value{"A": {nil, 21}}
	for _, test := range []struct {
		rule   string
		labels map[string]string
		want   string
	}{
		{"scaleway-denied-burst", map[string]string{"principal": "alice@example.com"},
			"alice@example.com was denied 21 calls in ten minutes"},
		{"scaleway-denied-burst", map[string]string{"principal": "(none)"},
			"A caller without a name was denied 21 calls in ten minutes"},
		{"scaleway-denied-burst", nil, "Denied calls could not be counted"},
		{"scaleway-failed-logins", map[string]string{"principal": "alice"}, "21 log-ins as alice failed in ten minutes"},
		{"scaleway-failed-logins", map[string]string{"principal": "(none)"}, "21 log-ins failed in ten minutes"},
		{"scaleway-password-spraying", map[string]string{"source_ip": "192.0.2.66", "country": "RU"},
			"21 log-ins from 192.0.2.66 (RU) failed in ten minutes"},
		{"scaleway-password-spraying", map[string]string{"source_ip": "192.0.2.66", "country": "(none)"},
			"21 log-ins from 192.0.2.66 failed in ten minutes"},
		{"scaleway-new-api-key", map[string]string{"principal": "alice", "resource_id": "SCW1"}, "alice made the API key SCW1"},
		{"scaleway-new-api-key", map[string]string{"ref_id": "A"}, "No API key was made in the last three hours"},
		{"scaleway-privilege-grant", map[string]string{"principal": "a", "method": "AddGroupMember", "resource_name": "admins"},
			"a called AddGroupMember on admins"},
		{"scaleway-logging-tamper", map[string]string{"principal": "(none)", "method": "DeleteExportJob", "resource_name": "(none)"},
			"A caller without a name called DeleteExportJob"},
	} {
		if got := rendered(t, summaries[test.rule], state{test.labels, number, 21.0}); got != test.want {
			t.Errorf("%s of %v reads %q, want %q", test.rule, test.labels, got, test.want)
		}
	}
}

// TestTextsOfRulesInDocumentsReadWell renders what the documentation gives as examples.
func TestTextsOfRulesInDocumentsReadWell(t *testing.T) {
	t.Parallel()
	var documents []string
	for _, pattern := range []string{"docs/*.md", "skills/*/*.md", "README.md"} {
		found, err := filepath.Glob(filepath.Join("..", "..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, found...)
	}
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```")
	inline := regexp.MustCompile("`({{ if .*?{{ end }})`")
	var texts []string
	for _, document := range documents {
		content, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range block.FindAllSubmatch(content, -1) {
			var example node
			if err := yaml.Unmarshal(match[1], &example); err != nil {
				t.Errorf("%s: %v", document, err)
			}
			if annotations, ok := example["annotations"].(node); ok {
				for _, text := range annotations {
					texts = append(texts, text.(string))
				}
			}
		}
		for _, match := range inline.FindAllSubmatch(content, -1) {
			texts = append(texts, string(match[1]))
		}
	}
	if len(texts) < 2 {
		t.Fatalf("the documents have %d texts", len(texts))
	}
	for _, text := range texts {
		for name, state := range states([]string{"principal"}, "alice") {
			got := rendered(t, text, state)
			if found := untidy.FindString(got); got == "" || (found != "" && found != "(none)") {
				t.Errorf("in the state %s: %q", name, got)
			}
		}
	}
}

// TestProvisioningHasTheFoldersThatGrafanaReads holds the folder against those that Grafana reads at its start: where one is
// missing, an error is in its log.
func TestProvisioningHasTheFoldersThatGrafanaReads(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"alerting", "dashboards", "datasources", "plugins"} {
		files, err := filepath.Glob(filepath.Join("..", "..", "provisioning", folder, "*.yaml"))
		if err != nil || len(files) == 0 {
			t.Errorf("provisioning/%s has no file: %v", folder, err)
		}
	}
	// As Grafana's package pkg/services/provisioning/plugins reads it.
	var plugins struct{ Apps []json.RawMessage }
	read(t, "provisioning/plugins/scaleway.yaml", yaml.Unmarshal, &plugins)
	if len(plugins.Apps) != 0 {
		t.Errorf("the plugins are %s, and a data source is none", plugins.Apps)
	}
}
