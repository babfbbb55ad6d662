package waterfall_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hedged.dev/hedged/test/cluster/trace"
	"hedged.dev/hedged/test/cluster/waterfall"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden draws the traces that package trace is tested with.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "trace", "testdata", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no traces: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		traces, err := trace.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		got := waterfall.Draw(&traces[0], name)
		golden := filepath.Join("testdata", name+".svg")
		if *update {
			if err := os.WriteFile(golden, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is drawn differently: look at it, then run the test with -update", name)
		}
		if again := waterfall.Draw(&traces[0], name); !bytes.Equal(got, again) {
			t.Errorf("%s: the same trace gave other bytes", name)
		}
		wellFormed(t, got)
	}
}

func wellFormed(t *testing.T, svg []byte) {
	t.Helper()
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
	}
}

// TestStrangeTraces draws what nobody expects: it is a picture all the same.
func TestStrangeTraces(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	f := func(spans ...trace.Span) string {
		t.Helper()
		svg := waterfall.Draw(&trace.Trace{ID: "0a", Spans: spans}, `a <strange> "one"`)
		wellFormed(t, svg)
		return string(svg)
	}

	f()
	f(trace.Span{})
	f(trace.Span{ID: "a", Parent: "a", Start: at, End: at})
	f(trace.Span{ID: "a", Start: at, End: at.Add(-time.Second)})
	f(trace.Span{ID: "a", Start: at, End: at.Add(48 * time.Hour)})
	if text := f(trace.Span{ID: "a", Service: strings.Repeat("long", 40), Start: at, End: at}); !strings.Contains(text, "…") {
		t.Error("a name that is too long is not cut")
	}
}

func FuzzDraw(f *testing.F) {
	f.Add("hedged", "GET", "lost", int64(5), int64(3))
	f.Fuzz(func(t *testing.T, service, name, outcome string, from, took int64) {
		start := time.Unix(0, from)
		wellFormed(t, waterfall.Draw(&trace.Trace{ID: "0a", Spans: []trace.Span{
			{ID: "a", Service: trace.Service, Kind: trace.Server, Name: name, Start: start, End: start.Add(time.Duration(took))},
			{ID: "b", Parent: "a", Service: trace.Service, Kind: trace.Client, Start: start, End: start, Attributes: trace.Attributes{
				"hedged.attempt.outcome": outcome, "network.peer.address": name,
			}},
			{ID: "c", Parent: "b", Service: service, Name: name, Start: start, End: start, Error: true},
		}}, name))
	})
}
