package host

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestAServerThatRepeatsTheKey: what the plugin quotes of an answer can hold what was asked, as with a proxy whose error
// page shows the request.
func TestAServerThatRepeatsTheKey(t *testing.T) {
	t.Parallel()
	tests := []struct {
		place  string
		status int
		answer string
	}{
		{"a refusal", http.StatusUnauthorized, `{"message": "denied", "reason": "KEY"}`},
		{"a missing permission", http.StatusForbidden, `{"message": "KEY may not"}`},
		{"a message", http.StatusConflict, `{"message": "the token KEY is strange"}`},
		{"an argument", http.StatusBadRequest, `{"message": "KEY", "details": [{"argument_name": "KEY"}]}`},
		{"a text that is no JSON", http.StatusOK, `{"events": ["KEY"`},
		{"a text where a list belongs", http.StatusOK, `{"events": "KEY"}`},
		{"a malformed event", http.StatusOK, `{"events": [{"id": "KEY", "recorded_at": "KEY"}]}`},
		{"a redirection", http.StatusFound, ``},
	}
	for _, test := range tests {
		t.Run("in "+test.place, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				key := r.Header.Get("X-Auth-Token")
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Location", "/"+key)
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, strings.ReplaceAll(test.answer, "KEY", key))
			}))
			defer server.Close()
			source := present(t).WithKey(uuid()).With("apiUrl", server.URL).With("queryTimeoutSeconds", 1)
			process := watch(t, "GF_PLUGIN_LOG_LEVEL=trace")
			process.call(t, test.place, source.Context())
			process.stop(t)
			process.keeps(t, source.Key)
		})
	}
}
