package scw

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

const (
	// table has the templates of commands.
	table = "../../src/investigation/containment/remedies.csv"
	// tool is Scaleway's command line.
	tool = "github.com/scaleway/scaleway-cli/v2/cmd/scw"
)

// samples are values of the types of placeholders; a UUID's last digit is the placeholder's number.
var samples = map[string]string{
	"uuid":   "11111111-1111-4111-8111-11111111111%d",
	"key":    "SCW0000000000000000%d",
	"region": "fr-par",
	"zone":   "fr-par-1",
}

var placeholder = regexp.MustCompile(`\{([^}]*)\}`)

// scw builds the tool once.
var scw = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "scw")
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "scw")
	if out, err := exec.Command("go", "build", "-o", path, tool).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s cannot be built: %w: %s", tool, err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := scw(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// call is what the server received.
type call struct{ method, target, body string }

// api is a server that answers every call with an empty object.
type api struct {
	*httptest.Server
	mutex sync.Mutex
	calls []call
}

func newAPI(t *testing.T) *api {
	t.Helper()
	server := &api{}
	server.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		server.mutex.Lock()
		server.calls = append(server.calls, call{r.Method, r.URL.RequestURI(), string(body)})
		server.mutex.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "{}")
	}))
	t.Cleanup(server.Close)
	return server
}

// shell runs a command by the tool, with the API at an address.
func shell(t *testing.T, command, url, key, organization string) string {
	t.Helper()
	path, err := scw()
	if err != nil {
		t.Skipf("SKIP: Scaleway's command line is missing: %v", err)
	}
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{
		"PATH=" + filepath.Dir(path) + ":" + os.Getenv("PATH"),
		"HOME=" + cmd.Dir,
		"SCW_API_URL=" + url,
		"SCW_ACCESS_KEY=SCWXXXXXXXXXXXXXXXXX",
		"SCW_SECRET_KEY=" + key,
		"SCW_DEFAULT_ORGANIZATION_ID=" + organization,
		"SCW_DEFAULT_PROJECT_ID=" + organization,
		"SCW_DISABLE_CHECK_VERSION=true",
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", command, err, out)
	}
	return string(out)
}

// run runs a command by the tool, and returns the calls that it made.
func (server *api) run(t *testing.T, command string) []call {
	t.Helper()
	server.mutex.Lock()
	server.calls = nil
	server.mutex.Unlock()
	const id = "11111111-1111-4111-8111-111111111111"
	shell(t, command, server.URL, id, id)
	server.mutex.Lock()
	defer server.mutex.Unlock()
	return server.calls
}

// templates are those of the table, each with its row.
func templates(t *testing.T) []string {
	t.Helper()
	file, err := os.Open(table)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	known := map[string]bool{}
	for _, name := range []string{"command", "undo"} {
		column := -1
		for index, header := range rows[0] {
			if header == name {
				column = index
			}
		}
		for _, row := range rows[1:] {
			if template := row[column]; template != "" && !known[template] {
				known[template] = true
				found = append(found, template)
			}
		}
	}
	if len(found) < 20 {
		t.Fatalf("%d templates", len(found))
	}
	return found
}

// filled is a template with samples, and the samples.
func filled(template string) (string, []string) {
	var values []string
	text := placeholder.ReplaceAllStringFunc(template, func(written string) string {
		name := strings.Trim(written, "{}")
		if _, form, found := strings.Cut(name, ":"); found {
			name = form
		}
		value := samples[name]
		if strings.Contains(value, "%d") {
			value = fmt.Sprintf(value, len(values)+1)
		}
		values = append(values, value)
		return value
	})
	return text, values
}

// Each value of a template reaches the API, so that no argument of the tool is misspelt.
func TestEachTemplateIsACommandOfTheTool(t *testing.T) {
	server := newAPI(t)
	for _, template := range templates(t) {
		t.Run(template, func(t *testing.T) {
			command, values := filled(template)
			calls := server.run(t, command)
			changes := strings.Contains(template, " list")
			var sent strings.Builder
			for _, call := range calls {
				changes = changes || call.method != http.MethodGet
				sent.WriteString(call.method + " " + call.target + " " + call.body + "\n")
			}
			for _, value := range values {
				if !strings.Contains(sent.String(), value) {
					t.Errorf("%s: %s is in no call:\n%s", command, value, &sent)
				}
			}
			if !changes {
				t.Errorf("%s changes nothing:\n%s", command, &sent)
			}
		})
	}
}

// The commands of an answer about the simulated incident, whose names no command has.
func TestTheCommandsOfAnAnswerRun(t *testing.T) {
	sandbox := served(t)
	query := `{"queryType": "investigate", "show": "containment", "target": ["web-3"], "onset": "` + sandbox.onset + `",
		"expression": "instance_server_cpu_seconds_total", "direction": "up", "historyDays": 2}`
	ask := exec.Command(sandbox.cmd.Path, "ask", "--format", "json", "--organization", sandbox.organization, "--secret-key", sandbox.key,
		"--api-url", sandbox.url, "--from", sandbox.onset, "--to", sandbox.now, query)
	out, err := ask.Output()
	if err != nil && ask.ProcessState.ExitCode() != 3 {
		t.Fatalf("%v: %s", err, out)
	}
	var answer struct {
		Rows []struct{ Step, Command, Undo string }
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	server := newAPI(t)
	run := 0
	for _, row := range answer.Rows {
		for _, command := range []string{row.Command, row.Undo} {
			if command == "" {
				continue
			}
			if calls := server.run(t, command); len(calls) == 0 {
				t.Errorf("%s: %s makes no call", row.Step, command)
			}
			run++
			// The sandbox has the lists of IAM, and no call that changes anything.
			if strings.Contains(command, " api-key list ") {
				if out := shell(t, command, sandbox.url, sandbox.key, sandbox.organization); !strings.Contains(out, "SCW") {
					t.Errorf("%s lists no key: %s", command, out)
				}
			}
		}
	}
	if run < 5 {
		t.Errorf("%d commands: %s", run, out)
	}
}

// The lists that steps and settings start from, read from the sandbox by the tool: its answers have the API's shape.
func TestTheToolReadsTheListsOfTheSandbox(t *testing.T) {
	sandbox := served(t)
	cluster, project := sandbox.resource(t, "k8s-prod")
	for command, expected := range map[string]string{
		"scw k8s acl list cluster-id=" + cluster + " region=fr-par":             "203.0.113.0/24",
		"scw cockpit data-source list project-id=" + project + " region=fr-par": ".metrics.cockpit.fr-par.scw.cloud",
	} {
		if out := shell(t, command, sandbox.url, sandbox.key, sandbox.organization); !strings.Contains(out, expected) {
			t.Errorf("%s lists no %s: %s", command, expected, out)
		}
	}
}
