package scw

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// sandbox is a running `audittrail sandbox`, whose incident is three hours before its present.
type sandbox struct {
	url, organization, key string
	// onset is when the load of the server rises, now the present.
	onset, now string

	cmd *exec.Cmd
}

// serve starts a sandbox on a free port and waits until it listens.
func serve(binary string) (*sandbox, error) {
	now := time.Now().UTC().Truncate(time.Second)
	started := &sandbox{now: now.Format(time.RFC3339), onset: now.Add(-137 * time.Minute).Format(time.RFC3339)}
	started.cmd = exec.Command(binary, "sandbox", "--bind", "127.0.0.1:0", "--events", "3000", "--now", started.now)
	stdout, err := started.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := started.cmd.Start(); err != nil {
		return nil, err
	}
	facts := map[string]*string{
		"apiUrl":         &started.url,
		"organizationId": &started.organization,
		"secretKey":      &started.key,
	}
	lines := bufio.NewScanner(stdout)
	for len(facts) > 0 && lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) != 2 {
			continue
		}
		if fact, ok := facts[words[0]]; ok {
			*fact = words[1]
			delete(facts, words[0])
		}
	}
	if len(facts) > 0 {
		started.stop()
		return nil, fmt.Errorf("%s sandbox has no address", binary)
	}
	return started, nil
}

// served is a sandbox for the time of a test.
func served(t *testing.T) *sandbox {
	t.Helper()
	binary := os.Getenv("AUDITTRAIL_BIN")
	if binary == "" {
		t.Skip("SKIP: AUDITTRAIL_BIN, the path of the terminal's binary, is missing")
	}
	started, err := serve(binary)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(started.stop)
	return started
}

// resource is the id of the resource of a name, and of its project.
func (s *sandbox) resource(t *testing.T, name string) (string, string) {
	t.Helper()
	query := url.Values{"organization_id": {s.organization}, "query": {name}}
	request, err := http.NewRequest(http.MethodGet, s.url+"/search/v1alpha1/resources?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Auth-Token", s.key)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var list struct {
		Resources []struct {
			ID, Name string
			Project  string `json:"project_id"`
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	for _, resource := range list.Resources {
		if resource.Name == name {
			return resource.ID, resource.Project
		}
	}
	t.Fatalf("the sandbox has no %s: %v", name, list)
	return "", ""
}

// stop ends the sandbox.
func (s *sandbox) stop() {
	_ = s.cmd.Process.Signal(os.Interrupt)
	_ = s.cmd.Wait()
}
