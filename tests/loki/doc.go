// Package loki runs the alert rules that `audittrail detections export --format loki` writes: Loki's own parser reads them, and its
// pipeline applies them to lines as OpenTelemetry's receiver for Audit Trail ships them. `parser.sh` provides both.
package loki
