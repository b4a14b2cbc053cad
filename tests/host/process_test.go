package host

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
)

func TestTheProcessEndsAtGrafanasShutdownCall(t *testing.T) {
	slow := sandbox(t, "--events", "100", "--latency", "5000").Source()
	tests := []struct {
		name string
		// busy is what the process does meanwhile.
		busy func(plugin *Plugin)
	}{
		{"when idle", func(*Plugin) {}},
		{"after a query", func(plugin *Plugin) { _, _ = plugin.Ask(t.Context(), recorded(t), nil, autumn.OnPanel(`{}`)) }},
		{"during a query", func(plugin *Plugin) {
			go func() { _, _ = plugin.Ask(context.Background(), slow, nil, week.OnPanel(`{}`)) }()
			time.Sleep(100 * time.Millisecond) // until it is on its way
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			plugin, err := Start(pluginBinary(t))
			if err != nil {
				t.Fatal(err)
			}
			socket, err := plugin.Socket()
			if err != nil {
				t.Fatal(err)
			}
			if err := plugin.Ping(); err != nil {
				t.Error(err)
			}
			for path, want := range map[string]os.FileMode{socket: 0o600, filepath.Dir(socket): 0o700} {
				if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
					t.Errorf("%s: mode %v, want %v, error %v", path, info.Mode().Perm(), want, err)
				}
			}
			test.busy(plugin)

			// As Grafana does, it kills a process that has not ended by itself after two seconds.
			plugin.Stop()
			if state := plugin.cmd.ProcessState; !state.Exited() || state.ExitCode() != 0 {
				t.Errorf("it ended with %v", state)
			}
			if _, err := os.Stat(filepath.Dir(socket)); !os.IsNotExist(err) {
				t.Errorf("the socket's folder is still there: %v", err)
			}
		})
	}
}

func TestTheProcessEndsOnASignal(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			plugin, err := Start(pluginBinary(t))
			if err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			if err := plugin.cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			for !plugin.client.Exited() && time.Since(begin) < time.Minute {
				time.Sleep(5 * time.Millisecond)
			}
			if !plugin.client.Exited() {
				t.Error("it has not ended within a minute")
			}
			plugin.Stop()
			if state := plugin.cmd.ProcessState; state.ExitCode() != 0 {
				t.Errorf("it ended with %v", state)
			}
		})
	}
}

func TestTheProcessDoesNotStartWithoutGrafana(t *testing.T) {
	cookie := grpcplugin.MagicCookieKey + "=" + grpcplugin.MagicCookieValue
	tests := []struct {
		name        string
		environment []string
		says        string
	}{
		{"by hand", nil, "Grafana starts it"},
		{"with another cookie", []string{grpcplugin.MagicCookieKey + "=panel"}, "Grafana starts it"},
		{"by a Grafana of another protocol", []string{cookie, "PLUGIN_PROTOCOL_VERSIONS=1"}, "protocol"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cmd := exec.Command(pluginBinary(t))
			cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, test.environment...)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			err := cmd.Run()
			if code := cmd.ProcessState.ExitCode(); code != 1 {
				t.Errorf("it ended with %d: %v", code, err)
			}
			if stdout.Len() > 0 || !strings.Contains(stderr.String(), test.says) || strings.Count(stderr.String(), "\n") != 1 {
				t.Errorf("stdout %q, stderr %q, want one line with %q", &stdout, &stderr, test.says)
			}
		})
	}
}
