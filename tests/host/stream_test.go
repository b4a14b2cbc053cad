package host

import (
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// TestThereAreNoStreams: Grafana Live asks nevertheless, and must get the answers that it knows.
func TestThereAreNoStreams(t *testing.T) {
	context := simulated(t).Context()
	t.Run("to subscribe to", func(t *testing.T) {
		request := &pluginv2.SubscribeStreamRequest{PluginContext: context, Path: "tail"}
		response, err := plugin(t).Stream.SubscribeStream(t.Context(), request)
		if err != nil || response.Status != pluginv2.SubscribeStreamResponse_NOT_FOUND {
			t.Errorf("%v, error %v", response, err)
		}
	})
	t.Run("to publish to", func(t *testing.T) {
		request := &pluginv2.PublishStreamRequest{PluginContext: context, Path: "tail", Data: []byte(`{}`)}
		response, err := plugin(t).Stream.PublishStream(t.Context(), request)
		if err != nil || response.Status != pluginv2.PublishStreamResponse_PERMISSION_DENIED {
			t.Errorf("%v, error %v", response, err)
		}
	})
	t.Run("to run", func(t *testing.T) {
		request := &pluginv2.RunStreamRequest{PluginContext: context, Path: "tail"}
		stream, err := plugin(t).Stream.RunStream(t.Context(), request)
		if err == nil {
			_, err = stream.Recv()
		}
		if status.Code(err) != codes.NotFound {
			t.Errorf("error %v", err)
		}
	})
}

// TestUnknownCallsAreUnimplemented: Grafana takes that for "this plugin has none", any other error for a failure.
func TestUnknownCallsAreUnimplemented(t *testing.T) {
	calls := []struct {
		name string
		call func(t *testing.T) error
	}{
		{"admission", func(t *testing.T) error {
			_, err := plugin(t).Admission.ValidateAdmission(t.Context(), &pluginv2.AdmissionRequest{})
			return err
		}},
		{"conversion", func(t *testing.T) error {
			_, err := plugin(t).Conversion.ConvertObjects(t.Context(), &pluginv2.ConversionRequest{})
			return err
		}},
		{"chunked queries", func(t *testing.T) error {
			stream, err := plugin(t).Data.QueryChunkedData(t.Context(), &pluginv2.QueryChunkedDataRequest{})
			if err == nil {
				_, err = stream.Recv()
			}
			return err
		}},
	}
	for _, test := range calls {
		t.Run(test.name, func(t *testing.T) {
			if err := test.call(t); status.Code(err) != codes.Unimplemented {
				t.Errorf("error %v", err)
			}
		})
	}
}
