package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hedged.dev/hedged/pkg/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// env are variables that a test sets beside clearing all other OTEL_* ones.
type env map[string]string

// clean makes the environment that of a machine without OpenTelemetry.
func clean(t testing.TB, e env) {
	t.Helper()
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "OTEL_") {
			t.Setenv(name, "")
		}
	}
	for name, value := range e {
		t.Setenv(name, value)
	}
}

// setup makes telemetry that is shut down when the test ends.
func setup(t testing.TB, o telemetry.Options, e env) *telemetry.Telemetry {
	t.Helper()
	clean(t, e)
	if o.LogWriter == nil {
		o.LogWriter = io.Discard
	}
	tel, err := telemetry.Setup(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shutdown(t, tel) })
	return tel
}

// shutdown ends telemetry, once or again.
func shutdown(t testing.TB, tel *telemetry.Telemetry) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := tel.Shutdown(ctx); err != nil && !strings.Contains(err.Error(), "reader is shutdown") {
		t.Error(err)
	}
}

// buffer collects what is logged.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// lines decodes what is logged as JSON.
func (b *buffer) lines(t *testing.T) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for line := range strings.Lines(b.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		lines = append(lines, m)
	}
	return lines
}
