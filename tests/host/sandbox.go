package host

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// The sandbox's keys that may not read everything, and one that no sandbox knows.
const (
	KeyWithoutAuditTrail = "5a11d000-0000-4000-8000-0000000a0d17"
	KeyWithoutIAM        = "5a11d000-0000-4000-8000-00000000001a"
	UnknownKey           = "00000000-0000-4000-8000-00000000dead"
)

// Sandbox is a running `audittrail sandbox`: a simulated organization, or recorded answers.
type Sandbox struct {
	URL          string
	Organization string
	Key          string

	cmd *exec.Cmd
}

// Serve starts a sandbox on a free port and waits until it listens.
func Serve(binary string, arguments ...string) (*Sandbox, error) {
	cmd := exec.Command(binary, append([]string{"sandbox", "--bind", "127.0.0.1:0"}, arguments...)...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	sandbox := &Sandbox{cmd: cmd}
	facts := map[string]*string{
		"apiUrl":         &sandbox.URL,
		"organizationId": &sandbox.Organization,
		"secretKey":      &sandbox.Key,
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
		sandbox.Stop()
		return nil, fmt.Errorf("the sandbox %v did not say where it listens: %s", arguments, &complaint)
	}
	return sandbox, nil
}

// Stop ends the sandbox.
func (s *Sandbox) Stop() {
	_ = s.cmd.Process.Signal(os.Interrupt)
	insist := time.AfterFunc(2*time.Second, func() { _ = s.cmd.Process.Kill() })
	_ = s.cmd.Wait()
	insist.Stop()
}

// Source is a data source for the sandbox's organization, with all regions that it has.
func (s *Sandbox) Source() Source {
	return Source{
		Settings: map[string]any{
			"apiUrl":         s.URL,
			"organizationId": s.Organization,
			"regions":        []string{"fr-par", "nl-ams", "pl-waw", "it-mil"},
		},
		Key:  s.Key,
		Role: "Viewer",
	}
}
