// Package host is Grafana's side of the plugin, made of Grafana's own libraries: the tests in it judge the built binary
// from outside, knowing nothing of its source.
//
//   - hashicorp/go-plugin starts the process and stops it, configured as Grafana 12.4 configures it;
//   - grafana-plugin-sdk-go speaks the protocol and decodes the frames;
//   - grafana/dataplane's sdata reads the counts, as Grafana's alerting does.
//
// Two binaries are needed: the plugin, and `audittrail`, whose sandbox stands in for Scaleway. AUDITTRAIL_PLUGIN and
// AUDITTRAIL_BIN name them; else they are those of `cargo build`, the release build first.
//
//	go test -count=1 -v ./...
//
// # Golden files
//
// testdata/*/*.golden.txt show answers as text, to be read by people. A test never writes them. Whoever means to change
// them does it with
//
//	AUDITTRAIL_GOLDEN=write go test -run TestGolden ./...
//
// which fails in any case, so that no automatic run can be green this way, and then reads `git diff`.
//
// One thing is left out of them: the notice that a range begins before Scaleway's retention. It holds a date that the
// machine's clock decides; retention_test.go looks at it instead.
package host
