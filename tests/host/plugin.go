package host

import (
	"fmt"
	"net"
	"os/exec"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
)

// environment is what Grafana 12.4 gives to every plugin; nothing of its own environment is passed on.
var environment = []string{"GF_VERSION=12.4.0", "GF_EDITION=Open Source", "GF_PLUGIN_VERSION=0.1.0"}

// Plugin is a running plugin process.
type Plugin struct {
	Data        grpcplugin.DataClient
	Diagnostics grpcplugin.DiagnosticsClient
	Resource    grpcplugin.ResourceClient
	Stream      grpcplugin.StreamClient
	Admission   grpcplugin.AdmissionClient
	Conversion  grpcplugin.ConversionClient

	client *goplugin.Client
	cmd    *exec.Cmd
}

// config is Grafana's, as in its package pkg/plugins/backendplugin/grpcplugin: plain gRPC without TLS, and the services
// that a data source can have.
func config() *goplugin.ClientConfig {
	services := goplugin.PluginSet{
		"diagnostics": &grpcplugin.DiagnosticsGRPCPlugin{},
		"resource":    &grpcplugin.ResourceGRPCPlugin{},
		"data":        &grpcplugin.DataGRPCPlugin{},
		"stream":      &grpcplugin.StreamGRPCPlugin{},
		"admission":   &grpcplugin.AdmissionGRPCPlugin{},
		"conversion":  &grpcplugin.ConversionGRPCPlugin{},
	}
	return &goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion:  grpcplugin.ProtocolVersion,
			MagicCookieKey:   grpcplugin.MagicCookieKey,
			MagicCookieValue: grpcplugin.MagicCookieValue,
		},
		VersionedPlugins: map[int]goplugin.PluginSet{grpcplugin.ProtocolVersion: services},
		SkipHostEnv:      true,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		StartTimeout:     20 * time.Second,
		Logger:           hclog.NewNullLogger(),
	}
}

// Start runs the plugin's binary as Grafana does. The settings are further environment variables, such as those that
// Grafana makes of the section [plugin.<id>].
func Start(binary string, settings ...string) (*Plugin, error) {
	cmd := exec.Command(binary)
	cmd.Env = append(append([]string{}, environment...), settings...)
	config := config()
	config.Cmd = cmd
	return connect(config, cmd)
}

// Attach connects to a plugin that was started by other means, by its handshake line.
func Attach(cmd *exec.Cmd, handshake string) (*Plugin, error) {
	parts := strings.Split(strings.TrimSpace(handshake), "|")
	if len(parts) != 5 || parts[2] != "unix" {
		return nil, fmt.Errorf("%q is no handshake with a unix socket", handshake)
	}
	address, err := net.ResolveUnixAddr(parts[2], parts[3])
	if err != nil {
		return nil, err
	}
	config := config()
	config.Plugins = config.VersionedPlugins[grpcplugin.ProtocolVersion]
	config.Reattach = &goplugin.ReattachConfig{Protocol: goplugin.ProtocolGRPC, Addr: address, Pid: cmd.Process.Pid}
	return connect(config, cmd)
}

func connect(config *goplugin.ClientConfig, cmd *exec.Cmd) (*Plugin, error) {
	client := goplugin.NewClient(config)
	protocol, err := client.Client()
	if err != nil {
		client.Kill()
		return nil, err
	}
	plugin := &Plugin{client: client, cmd: cmd}
	for name := range config.Plugins {
		service, err := protocol.Dispense(name)
		if err != nil {
			client.Kill()
			return nil, err
		}
		switch service := service.(type) {
		case grpcplugin.DataClient:
			plugin.Data = service
		case grpcplugin.DiagnosticsClient:
			plugin.Diagnostics = service
		case grpcplugin.ResourceClient:
			plugin.Resource = service
		case grpcplugin.StreamClient:
			plugin.Stream = service
		case grpcplugin.AdmissionClient:
			plugin.Admission = service
		case grpcplugin.ConversionClient:
			plugin.Conversion = service
		}
	}
	return plugin, nil
}

// Ping asks the process whether it is well, in go-plugin's own way.
func (p *Plugin) Ping() error {
	protocol, err := p.client.Client()
	if err != nil {
		return err
	}
	return protocol.Ping()
}

// Socket is the path of the socket that the process listens on.
func (p *Plugin) Socket() (string, error) {
	attach := p.client.ReattachConfig()
	if attach == nil || attach.Addr.Network() != "unix" {
		return "", fmt.Errorf("the plugin does not listen on a unix socket")
	}
	return attach.Addr.String(), nil
}

// Stop ends the process as Grafana does: it is asked to end, and killed if it has not after two seconds.
func (p *Plugin) Stop() {
	p.client.Kill()
}
