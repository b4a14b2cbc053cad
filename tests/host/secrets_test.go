package host

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// TestTheSecretIsInNothingThatTheProcessWrites makes every call, well-formed and malformed, at the most verbose log
// level, and looks for the secrets in all that comes out: both streams, every response and error, and files.
func TestTheSecretIsInNothingThatTheProcessWrites(t *testing.T) {
	t.Parallel()
	process := watch(t, "GF_PLUGIN_LOG_LEVEL=trace", "RUST_LOG=trace", "RUST_BACKTRACE=full")
	valid := present(t)
	wrong := valid.WithKey(uuid())
	token := uuid() // what Grafana may forward in headers

	for _, source := range []Source{valid, wrong} {
		for name, origin := range origins(source, token) {
			process.callAll(t, name, origin, token)
		}
	}
	for name, url := range map[string]string{
		"nobody listens":   "http://127.0.0.1:1",
		"no TLS is spoken": strings.Replace(valid.Settings["apiUrl"].(string), "http:", "https:", 1),
		"the key is a password in the URL": strings.Replace(valid.Settings["apiUrl"].(string), "http://",
			"http://user:"+wrong.Key+"@", 1),
	} {
		process.call(t, name, wrong.With("apiUrl", url).With("queryTimeoutSeconds", 1).Context())
	}
	files := process.files(t)
	process.stop(t)

	t.Run("the process logs as much as it can", func(t *testing.T) {
		for _, level := range []string{"debug", "info", "warn"} {
			if !strings.Contains(process.stderr.String(), `"@level":"`+level+`"`) {
				t.Errorf("there is no line of level %s: what is not logged cannot be judged", level)
			}
		}
	})
	t.Run("its log is what Grafana reads", func(t *testing.T) {
		for line := range strings.Lines(process.stderr.String()) {
			var entry map[string]any
			if err := json.Unmarshal([]byte(line), &entry); err != nil || len(line) >= 64<<10 {
				t.Errorf("%v in %q", err, line)
				continue
			}
			// Grafana's parser fails on a message that is no text.
			message, isText := entry["@message"].(string)
			at, _ := entry["@timestamp"].(string)
			if _, err := time.Parse("2006-01-02T15:04:05.000000Z07:00", at); err != nil || !isText || message == "" {
				t.Errorf("%v in %q", err, line)
			}
		}
	})
	t.Run("its standard output is the handshake and nothing else", func(t *testing.T) {
		if written := process.stdout.String(); strings.Count(written, "\n") != 1 {
			t.Errorf("%q", written)
		}
	})
	t.Run("it writes no file", func(t *testing.T) {
		if len(files) > 0 {
			t.Errorf("%q are open or left", files)
		}
	})
	for name, secret := range map[string]string{"the valid key": valid.Key, "a wrong key": wrong.Key, "a token": token} {
		t.Run("it keeps "+name, func(t *testing.T) { process.keeps(t, secret) })
	}
	t.Logf("%d responses, %d bytes of log", len(process.responses), len(process.stderr.String()))
}

// keeps looks for a secret in all that the process has written.
func (p *process) keeps(t *testing.T, secret string) {
	t.Helper()
	written := map[string][]byte{"stdout": []byte(p.stdout.String()), "stderr": []byte(p.stderr.String())}
	maps.Copy(written, p.responses)
	for what, text := range written {
		for _, spelling := range spellings(secret) {
			if at := bytes.Index(bytes.ToLower(text), []byte(spelling)); at >= 0 {
				t.Errorf("%s: %q", what, text[max(0, at-150):min(len(text), at+len(spelling)+50)])
				break
			}
		}
	}
}

// uuid is a random one.
func uuid() string {
	var random [16]byte
	_, _ = rand.Read(random[:])
	text := hex.EncodeToString(random[:])
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")
}

// spellings are the ways in which a text can leak, in lower case: as it is, without dashes, in base64, and as the numbers
// that a debug print shows of bytes.
func spellings(secret string) []string {
	decimals := strings.Trim(fmt.Sprint([]byte(secret)), "[]")
	list := []string{
		secret,
		strings.ReplaceAll(secret, "-", ""),
		hex.EncodeToString([]byte(secret)),
		decimals,
		strings.ReplaceAll(decimals, " ", ", "),
		strings.ReplaceAll(decimals, " ", ","),
	}
	// Where the secret begins within a longer text decides how its bytes fall into groups of three.
	for skip := range 3 {
		list = append(list, base64.StdEncoding.EncodeToString([]byte(secret[skip:skip+33])))
	}
	for i := range list {
		list[i] = strings.ToLower(list[i])
	}
	return list
}

// origins are the plugin contexts that Grafana sends along, and those that it should not.
func origins(source Source, token string) map[string]*pluginv2.PluginContext {
	origins := map[string]*pluginv2.PluginContext{"no context": nil}
	add := func(name string, change func(context *pluginv2.PluginContext)) {
		context := source.Context()
		context.GrafanaConfig["GF_SECURE_SOCKS_DATASOURCE_PROXY_CLIENT_KEY_CONTENTS"] = token
		change(context)
		origins[name] = context
	}
	settings := func(json string) func(context *pluginv2.PluginContext) {
		return func(context *pluginv2.PluginContext) { context.DataSourceInstanceSettings.JsonData = []byte(json) }
	}
	add("a viewer", func(*pluginv2.PluginContext) {})
	add("role None", func(context *pluginv2.PluginContext) { context.User.Role = "None" })
	add("no role", func(context *pluginv2.PluginContext) { context.User.Role = "" })
	add("no user", func(context *pluginv2.PluginContext) { context.User = nil })
	add("an app", func(context *pluginv2.PluginContext) {
		context.DataSourceInstanceSettings = nil
		context.AppInstanceSettings = &pluginv2.AppInstanceSettings{
			JsonData: []byte(`{`), DecryptedSecureJsonData: map[string]string{"secretKey": source.Key},
		}
	})
	add("broken settings", settings(`{"organizationId": "`+source.Settings["organizationId"].(string)+`", "secretKey": "`+
		source.Key+`"`))
	add("settings that are a text", settings(`"`+source.Key+`"`))
	add("settings that are no UTF-8", settings("{\"organizationId\": \"\xff\xfe"+source.Key+"\"}"))
	add("settings with the key among them", settings(`{"organizationId": 7, "secretKey": "`+source.Key+`"}`))
	add("no settings", settings(``))
	add("a key with a line break", func(context *pluginv2.PluginContext) {
		context.DataSourceInstanceSettings.DecryptedSecureJsonData["secretKey"] = source.Key + "\nX-Other: 1"
	})
	add("a key that is no ASCII", func(context *pluginv2.PluginContext) {
		context.DataSourceInstanceSettings.DecryptedSecureJsonData["secretKey"] = source.Key + "é"
	})
	add("other secrets", func(context *pluginv2.PluginContext) {
		context.DataSourceInstanceSettings.DecryptedSecureJsonData["secureSocksProxyPassword"] = token
		context.DataSourceInstanceSettings.BasicAuthUser = token
		context.DataSourceInstanceSettings.Url = "http://user:" + token + "@localhost"
	})
	return origins
}

// lastHour has few events, so that many calls take little time.
var lastHour = Range{today.To.Add(-time.Hour), today.To}

// queries are some of each kind, and some that are none.
var queries = []string{
	`{"queryType": "annotations"}`,
	`{"queryType": "events", "format": "table"}`,
	`{"queryType": "counts", "groupBy": ["principal"]}`,
	`{"queryType": "volume"}`,
	`{"queryType": "values"}`,
	`{"filters": [{"key": "method", "operator": "=~", "value": "("}]}`,
	`{"hide": true}`,
	`{"scope": {"principals": ["$who"]}}`,
	`{"queryType": "?"}`,
	`{"queryType"`,
	"{\"scope\": {\"text\": \"\xff\xfe\"}}",
	"\x00",
	``,
}

// process is a plugin all of whose output is kept.
type process struct {
	*Plugin
	stdout, stderr output
	responses      map[string][]byte
	ended          chan error
}

// output keeps what is written while others read it.
type output struct {
	lock sync.Mutex
	text []byte
}

func (o *output) Write(p []byte) (int, error) {
	o.lock.Lock()
	defer o.lock.Unlock()
	o.text = append(o.text, p...)
	return len(p), nil
}

func (o *output) String() string {
	o.lock.Lock()
	defer o.lock.Unlock()
	return string(o.text)
}

// watch starts the plugin without go-plugin, which would throw away what follows the handshake, and lets it attach.
func watch(t *testing.T, settings ...string) *process {
	t.Helper()
	process := &process{responses: map[string][]byte{}, ended: make(chan error, 1)}
	cmd := exec.Command(pluginBinary(t))
	cmd.Env = append(append(cmd.Env, environment...), settings...)
	cmd.Env = append(cmd.Env, grpcplugin.MagicCookieKey+"="+grpcplugin.MagicCookieValue, "PLUGIN_PROTOCOL_VERSIONS=2")
	cmd.Stdout, cmd.Stderr = &process.stdout, &process.stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { process.ended <- cmd.Wait() }()
	for begin := time.Now(); !strings.Contains(process.stdout.String(), "\n") && time.Since(begin) < 10*time.Second; {
		time.Sleep(time.Millisecond)
	}
	plugin, err := Attach(cmd, process.stdout.String())
	if err != nil {
		_ = cmd.Process.Kill()
		t.Fatal(err)
	}
	process.Plugin = plugin
	return process
}

func (p *process) stop(t *testing.T) {
	t.Helper()
	p.Stop()
	if err := <-p.ended; err != nil {
		t.Errorf("the process did not survive: %v", err)
	}
}

// files are those that the process holds open, but for pipes, sockets and devices, and those beside its socket.
func (p *process) files(t *testing.T) []string {
	t.Helper()
	var files []string
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if path, err := os.Readlink(link); err == nil && filepath.IsAbs(path) && !strings.HasPrefix(path, "/dev/") {
			files = append(files, path)
		}
	}
	socket, err := p.Socket()
	if err != nil {
		t.Fatal(err)
	}
	beside, err := os.ReadDir(filepath.Dir(socket))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range beside {
		if entry.Name() != filepath.Base(socket) {
			files = append(files, entry.Name())
		}
	}
	return files
}

// keep notes a response, or the error in its place.
func (p *process) keep(what string, response proto.Message, err error) {
	text, _ := proto.Marshal(response)
	p.responses[fmt.Sprintf("%d %s", len(p.responses), what)] = fmt.Appendf(text, "\n%v", err)
}

// call asks one query and checks health.
func (p *process) call(t *testing.T, what string, origin *pluginv2.PluginContext) {
	t.Helper()
	request := (Source{}).Request(nil, lastHour.OnPanel(`{}`))
	request.PluginContext = origin
	response, err := p.Data.QueryData(t.Context(), request)
	p.keep(what+", query", response, err)
	health, err := p.Diagnostics.CheckHealth(t.Context(), &pluginv2.CheckHealthRequest{PluginContext: origin})
	p.keep(what+", health", health, err)
}

// callAll makes every call there is.
func (p *process) callAll(t *testing.T, name string, origin *pluginv2.PluginContext, token string) {
	t.Helper()
	keep := func(what string, response proto.Message, err error) { p.keep(name+", "+what, response, err) }
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	headers := map[string]string{"Authorization": "Bearer " + token, "X-Grafana-Id": token, "Cookie": "session=" + token}

	request := &pluginv2.QueryDataRequest{PluginContext: origin, Headers: headers}
	from, to := lastHour.From.UnixMilli(), lastHour.To.UnixMilli()
	ranges := []*pluginv2.TimeRange{
		nil,
		{FromEpochMS: from, ToEpochMS: to},
		{FromEpochMS: to, ToEpochMS: from},
		{FromEpochMS: math.MinInt64, ToEpochMS: math.MaxInt64},
	}
	for i, query := range queries {
		for j, within := range ranges {
			if j != 1 && i > 0 {
				continue
			}
			request.Queries = append(request.Queries, &pluginv2.DataQuery{
				RefId: fmt.Sprint(i, "-", j), TimeRange: within, Json: []byte(query), IntervalMS: -1, MaxDataPoints: -1,
			})
		}
	}
	response, err := p.Data.QueryData(ctx, request)
	keep("queries", response, err)
	request.Headers["FromAlert"] = "true"
	response, err = p.Data.QueryData(ctx, request)
	keep("queries of a rule", response, err)
	response, err = p.Data.QueryData(ctx, request, grpc.ForceCodec(truncated{}))
	keep("a request cut short", response, err)

	health, err := p.Diagnostics.CheckHealth(ctx, &pluginv2.CheckHealthRequest{PluginContext: origin, Headers: headers})
	keep("health", health, err)
	health, err = p.Diagnostics.CheckHealth(ctx, &pluginv2.CheckHealthRequest{PluginContext: origin},
		grpc.ForceCodec(truncated{}))
	keep("health, cut short", health, err)
	metrics, err := p.Diagnostics.CollectMetrics(ctx, &pluginv2.CollectMetricsRequest{PluginContext: origin})
	keep("metrics", metrics, err)

	for _, url := range []string{
		"products", "principals?query=%ff%fe", "resources?from=1&to=2", "resources?from=" + "yesterday",
		"check?query=%7B%7D", "products/%2e%2e", "", "/", "../../proc/self/environ", "no/such/path",
	} {
		path, _, _ := strings.Cut(url, "?")
		for _, method := range []string{"GET", "POST", "\x00"} {
			call := &pluginv2.CallResourceRequest{
				PluginContext: origin, Path: path, Url: url, Method: method, Body: []byte(token),
				Headers: map[string]*pluginv2.StringList{"Authorization": {Values: []string{token}}, "Empty": nil},
			}
			stream, err := p.Resource.CallResource(ctx, call)
			for err == nil {
				var part *pluginv2.CallResourceResponse
				if part, err = stream.Recv(); err != io.EOF {
					keep("resource "+method+" "+url, part, err)
				}
			}
		}
	}

	subscribed, err := p.Stream.SubscribeStream(ctx, &pluginv2.SubscribeStreamRequest{
		PluginContext: origin, Path: token, Data: []byte(token),
	})
	keep("subscribe", subscribed, err)
	published, err := p.Stream.PublishStream(ctx, &pluginv2.PublishStreamRequest{
		PluginContext: origin, Path: token, Data: []byte(token),
	})
	keep("publish", published, err)
	stream, err := p.Stream.RunStream(ctx, &pluginv2.RunStreamRequest{PluginContext: origin, Path: token})
	if err == nil {
		_, err = stream.Recv()
	}
	keep("run", &pluginv2.StreamPacket{}, err)

	_, err = p.Admission.ValidateAdmission(ctx, &pluginv2.AdmissionRequest{PluginContext: origin})
	keep("admission", &pluginv2.ValidationResponse{}, err)
	_, err = p.Conversion.ConvertObjects(ctx, &pluginv2.ConversionRequest{PluginContext: origin})
	keep("conversion", &pluginv2.ConversionResponse{}, err)
}

// truncated sends messages without their last bytes.
type truncated struct{}

func (truncated) Name() string { return "proto" }

func (truncated) Marshal(message any) ([]byte, error) {
	text, err := proto.Marshal(message.(proto.Message))
	return text[:len(text)-min(len(text), 3)], err
}

func (truncated) Unmarshal(text []byte, message any) error {
	return proto.Unmarshal(text, message.(proto.Message))
}
