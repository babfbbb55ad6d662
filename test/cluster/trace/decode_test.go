package trace_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hedged.dev/hedged/test/cluster/trace"
)

// TestRealTraces holds traces that Jaeger kept of real runs to the rules.
func TestRealTraces(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no traces: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		traces, err := trace.Decode(data)
		if err != nil || len(traces) != 1 {
			t.Errorf("%s: %d traces, %v", file, len(traces), err)
			continue
		}
		for _, v := range trace.Check(&traces[0], really()) {
			t.Errorf("%s: %v", file, v)
		}
		if told := traces[0].String(); !golden(t, strings.TrimSuffix(file, ".json")+".txt", told) {
			t.Errorf("%s reads as\n%s", file, told)
		}
	}
}

// golden compares a text with a file, or writes it with -update.
func golden(t *testing.T, file, text string) bool {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(want) == text
}

func TestDecodeRefuses(t *testing.T) {
	f := func(text, part string) {
		t.Helper()
		if _, err := trace.Decode([]byte(text)); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("of %s: %v", text, err)
		}
	}
	span := func(more string) string {
		return `{"result":{"resourceSpans":[{"scopeSpans":[{"spans":[{"spanId":"01","startTimeUnixNano":"1","endTimeUnixNano":"2"` + more + `}]}]}]}}`
	}

	f(`nothing`, "/api/v3/traces")
	f(span(`,"endTimeUnixNano":"soon"`), "invalid number")
	f(strings.Replace(span(""), `,"endTimeUnixNano":"2"`, "", 1), `span "01"`)
	f(span(`,"attributes":[{"key":"k","value":{"bytesValue":"AA=="}}]`), `attribute "k"`)
	f(span(`,"attributes":[{"key":"k","value":{"intValue":"1e9"}}]`), `attribute "k"`)
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(oneSpan))
	f.Fuzz(func(t *testing.T, data []byte) {
		traces, err := trace.Decode(data)
		if err != nil {
			return
		}
		for i := range traces {
			trace.Check(&traces[i], exactly())
			_ = traces[i].String()
		}
	})
}
