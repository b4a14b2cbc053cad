package host

import (
	"slices"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// TestARangeBeyondRetention looks at the notice that golden files leave out, because its date is the machine's.
func TestARangeBeyondRetention(t *testing.T) {
	const day = 24 * time.Hour
	now := time.Now()
	within := Range{now.Add(-89 * day), now}
	beyond := Range{now.Add(-91 * day), now}
	said := func(frame *data.Frame) bool {
		return slices.ContainsFunc(frame.Meta.Notices, func(notice data.Notice) bool {
			return retention.MatchString(notice.Text) && notice.Severity == data.NoticeSeverityWarning
		})
	}
	const count = `{"queryType": "counts", "over": "total", "scope": {"kinds": ["system"]}}`
	t.Run("is said to a panel", func(t *testing.T) {
		if !said(onPanel(t, present(t), beyond, count)) {
			t.Error("there is no notice")
		}
	})
	t.Run("is refused to a rule", func(t *testing.T) {
		response := refused(t, present(t), FromAlert, beyond.InRule(count))
		if response.Status != 400 || !retention.MatchString(response.Error) {
			t.Errorf("status %d, error %q", response.Status, response.Error)
		}
	})
	t.Run("is not said of a shorter one", func(t *testing.T) {
		if said(onPanel(t, present(t), within, count)) {
			t.Error("there is a notice")
		}
		answer(t, present(t), FromAlert, within.InRule(count))
	})
}
