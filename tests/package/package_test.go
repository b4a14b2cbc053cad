// Package package_test looks at what a release consists of: the zip that Grafana installs and what lies beside it.
package package_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

const (
	root   = "../.."
	plugin = "scaleway-audittrail-datasource"
)

// manifest is the part of plugin.json that these tests look at.
type manifest struct {
	ID         string
	Executable string
	Languages  []string
	Info       struct {
		Version, Updated string
		Logos            struct{ Small, Large string }
		Screenshots      []struct{ Path string }
	}
	Includes     []struct{ Type, Path string }
	Dependencies struct{ GrafanaDependency string }
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func decoded[T any](t *testing.T, content []byte) T {
	t.Helper()
	var value T
	if err := json.Unmarshal(content, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func source(t *testing.T) manifest {
	t.Helper()
	return decoded[manifest](t, read(t, "plugin.json"))
}

// released is the path of a release's file, from the root folder.
func released(t *testing.T, ending string) string {
	t.Helper()
	return fmt.Sprintf("target/plugin/%s-%s%s", plugin, source(t).Info.Version, ending)
}

func archive(t *testing.T) map[string]*zip.File {
	t.Helper()
	reader, err := zip.OpenReader(filepath.Join(root, released(t, ".zip")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close() })
	files := map[string]*zip.File{}
	for _, file := range reader.File {
		files[file.Name] = file
	}
	return files
}

func content(t *testing.T, file *zip.File) []byte {
	t.Helper()
	if file == nil {
		t.Fatal("the zip lacks a file")
	}
	reader, err := file.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	bytes, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

func binary(t *testing.T) string {
	return source(t).Executable + "_linux_" + runtime.GOARCH
}

func TestTheZipHasWhatGrafanaInstalls(t *testing.T) {
	files := archive(t)
	wanted := []string{
		"plugin.json", "module.js", "module.js.map", "README.md", "CHANGELOG.md", "LICENSE", "img/logo.svg", binary(t),
		"docs/troubleshooting.md", "docs/troubleshooting.html", // where notices lead
		"skills/configuring-" + plugin + "/SKILL.md", "skills/querying-" + plugin + "/SKILL.md",
	}
	for _, language := range source(t).Languages {
		wanted = append(wanted, "locales/"+language+"/"+plugin+".json")
	}
	for _, name := range wanted {
		if file := files[plugin+"/"+name]; file == nil || file.UncompressedSize64 == 0 {
			t.Errorf("%s is missing or empty", name)
		}
	}
	for name := range files {
		if !fs.ValidPath(name) || !strings.HasPrefix(name, plugin+"/") {
			t.Errorf("%s is outside the folder of the plugin", name)
		}
	}
}

func TestWhatPluginJSONNamesIsThere(t *testing.T) {
	files := archive(t)
	shipped := decoded[manifest](t, content(t, files[plugin+"/plugin.json"]))
	paths := []string{shipped.Info.Logos.Small, shipped.Info.Logos.Large}
	if len(shipped.Info.Screenshots) == 0 {
		t.Error("plugin.json names no screenshot")
	}
	for _, screenshot := range shipped.Info.Screenshots {
		paths = append(paths, screenshot.Path)
	}
	for _, included := range shipped.Includes {
		paths = append(paths, included.Path)
	}
	for _, name := range paths {
		if file := files[plugin+"/"+name]; file == nil || file.UncompressedSize64 == 0 {
			t.Errorf("plugin.json names %q, which is missing or empty in the zip", name)
		}
	}
}

func TestScreenshotsArePictures(t *testing.T) {
	files := archive(t)
	for _, screenshot := range source(t).Info.Screenshots {
		if _, err := png.DecodeConfig(bytes.NewReader(content(t, files[plugin+"/"+screenshot.Path]))); err != nil {
			t.Errorf("%s: %v", screenshot.Path, err)
		}
	}
}

func TestTheDocumentsThatReadmeLinksToAreThere(t *testing.T) {
	files := archive(t)
	readme := content(t, files[plugin+"/README.md"])
	links := regexp.MustCompile(`\]\((docs/[^)#]+)\)`).FindAllSubmatch(readme, -1)
	for _, link := range links {
		if name := path.Join(plugin, string(link[1])); files[name] == nil {
			t.Errorf("README.md links to %s, which is not in the zip", link[1])
		}
	}
}

// Grafana brings React 18 up to 13.1 and React 19 from 13.2 on: the front end must take what it is given.
func TestTheFrontEndBringsNoPartOfReact(t *testing.T) {
	module := string(content(t, archive(t)[plugin+"/module.js"]))
	imports, _, found := strings.Cut(strings.TrimPrefix(module, "define(["), "]")
	if !found || !strings.Contains(imports, `"react"`) {
		t.Fatalf("module.js begins with %.100s", module)
	}
	// What React 19 no longer has, or has under another name.
	for _, gone := range []string{
		"__SECRET_INTERNALS_DO_NOT_USE_OR_YOU_WILL_BE_FIRED", "react.element", "react.transitional.element", "propTypes",
		"defaultProps", "contextTypes", "getChildContext", "findDOMNode", "createFactory", "unmountComponentAtNode",
		"react-test-renderer",
	} {
		if strings.Contains(module, gone) {
			t.Errorf("module.js holds %s", gone)
		}
	}
	sources := decoded[struct{ Sources []string }](t, content(t, archive(t)[plugin+"/module.js.map"])).Sources
	for _, source := range sources {
		if regexp.MustCompile(`node_modules/(react|react-dom|scheduler|@grafana/(data|runtime|ui))/`).MatchString(source) {
			t.Errorf("module.js brings %s, which Grafana has", source)
		}
	}
}

// A range without "-0" leaves out the prereleases that Grafana Cloud and nightly builds are.
func TestTheRangeOfGrafanasIsTheOneThatReadmeNames(t *testing.T) {
	needed := source(t).Dependencies.GrafanaDependency
	oldest := regexp.MustCompile(`^>=(\d+\.\d+)\.0-0$`).FindStringSubmatch(needed)
	if oldest == nil {
		t.Fatalf("plugin.json needs Grafana %q", needed)
	}
	for _, document := range []string{"README.md", "docs/configure.md", "docs/troubleshooting.md"} {
		if wanted := "Grafana " + oldest[1] + " or later"; !strings.Contains(string(read(t, document)), wanted) {
			t.Errorf("%s does not say %q", document, wanted)
		}
	}
}

func TestOnlyBinariesAreExecutable(t *testing.T) {
	for name, file := range archive(t) {
		wanted := fs.FileMode(0o644)
		if strings.HasPrefix(path.Base(name), source(t).Executable) {
			wanted = 0o755
		}
		if mode := file.Mode(); mode != wanted {
			t.Errorf("%s has mode %v, not %v", name, mode, wanted)
		}
	}
}

func TestTheBinaryIsOfTheArchitectureItIsNamedAfter(t *testing.T) {
	file, err := elf.NewFile(bytes.NewReader(content(t, archive(t)[plugin+"/"+binary(t)])))
	if err != nil {
		t.Fatal(err)
	}
	wanted := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[runtime.GOARCH]
	if file.Machine != wanted {
		t.Errorf("the binary is for %v", file.Machine)
	}
}

func TestVersionsAgree(t *testing.T) {
	info := source(t).Info
	crate := regexp.MustCompile(`(?m)^version = "(.*)"$`).FindSubmatch(read(t, "Cargo.toml"))
	changes := regexp.MustCompile(`(?m)^## (.*)$`).FindSubmatch(read(t, "CHANGELOG.md"))
	front := decoded[struct{ Version string }](t, read(t, "frontend/package.json"))
	shipped := decoded[manifest](t, content(t, archive(t)[plugin+"/plugin.json"]))
	for place, version := range map[string]string{
		"Cargo.toml":             string(crate[1]),
		"frontend/package.json":  front.Version,
		"plugin.json in the zip": shipped.Info.Version,
	} {
		if version != info.Version {
			t.Errorf("plugin.json has version %s, %s has %s", info.Version, place, version)
		}
	}
	if newest := fmt.Sprintf("%s (%s)", info.Version, info.Updated); string(changes[1]) != newest {
		t.Errorf("CHANGELOG.md begins with %s, not with %s", changes[1], newest)
	}
}

func TestTheChecksumIsTheZips(t *testing.T) {
	sum := sha256.Sum256(read(t, released(t, ".zip")))
	wanted := fmt.Sprintf("%s  %s\n", hex.EncodeToString(sum[:]), path.Base(released(t, ".zip")))
	if got := read(t, released(t, ".zip.sha256")); string(got) != wanted {
		t.Errorf("%q is not %q", got, wanted)
	}
}

// The time of packing does not show: the same files give the same zip.
func TestAllTimesAreThatOfTheVersion(t *testing.T) {
	for name, file := range archive(t) {
		if day := file.Modified.Format("2006-01-02 15:04:05"); day != source(t).Info.Updated+" 00:00:00" {
			t.Errorf("%s is of %s", name, day)
		}
	}
}

func TestNothingTellsOfTheMachineThatBuiltIt(t *testing.T) {
	here, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range archive(t) {
		bytes := content(t, file)
		for _, place := range []string{here + "/", home + "/."} {
			if strings.Contains(string(bytes), place) {
				t.Errorf("%s holds the path %s", name, place)
			}
		}
	}
}

func TestTheSourceMapIsOfOurSourceAndOpenPackages(t *testing.T) {
	sources := decoded[struct{ Sources []string }](t, content(t, archive(t)[plugin+"/module.js.map"])).Sources
	if !slices.ContainsFunc(sources, func(source string) bool { return strings.HasSuffix(source, "/module.ts") }) {
		t.Error("the source map does not name module.ts")
	}
	for _, source := range sources {
		if !strings.HasPrefix(source, "webpack://"+plugin+"/") {
			t.Errorf("the source map names %s", source)
		}
	}
}

func TestTheBillOfMaterialsListsWhatIsShippedAndNothingElse(t *testing.T) {
	bill := decoded[struct {
		BomFormat string
		Metadata  struct {
			Component struct{ Name, Version string }
		}
		Components []struct {
			Name, Version, Purl string
			Licenses            []struct{ Expression string }
		}
	}](t, read(t, released(t, ".cdx.json")))
	if about := bill.Metadata.Component; bill.BomFormat != "CycloneDX" || about.Name != plugin || about.Version != source(t).Info.Version {
		t.Errorf("%s about %v", bill.BomFormat, about)
	}
	listed := map[string]bool{}
	for _, part := range bill.Components {
		kind, _, _ := strings.Cut(part.Purl, "/")
		listed[kind+"/"+part.Name] = true
		if part.Version == "" || len(part.Licenses) != 1 || part.Licenses[0].Expression == "" {
			t.Errorf("%s lacks a version or a licence", part.Name)
		}
	}
	for _, name := range []string{"pkg:cargo/tokio", "pkg:cargo/rustls", "pkg:npm/@grafana/plugin-ui"} {
		if !listed[name] {
			t.Errorf("%s is not listed", name)
		}
	}
	// The terminal's, the tests', the compiler's, the build's and Grafana's own.
	for _, name := range []string{
		"pkg:cargo/clap", "pkg:cargo/proptest", "pkg:cargo/serde_derive", "pkg:npm/webpack", "pkg:npm/react", "pkg:cargo/" + plugin,
	} {
		if listed[name] {
			t.Errorf("%s is listed and not shipped", name)
		}
	}
}
