package demo

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestTables(t *testing.T) {
	for _, sc := range scenarios() {
		c := invented(sc)
		var out bytes.Buffer
		if err := errors.Join(writeTable(&out, c), writeTimeline(&out, c, c.planner())); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if utf8.RuneCountInString(line) > 101 { // with the line's end
				t.Errorf("%s: too wide: %q", sc.name, line)
			}
		}
		golden(t, "table-"+sc.name+".txt", out.Bytes())
	}
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	if err := writeJSON(&out, invented(peaks())); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.json", out.Bytes())

	// What other programs rely on, spelled as they spell it.
	var read struct {
		DeadlineMS float64 `json:"deadline_ms"`
		Strategies []struct {
			Name         string   `json:"name"`
			Calls        int      `json:"calls"`
			SuccessRatio *float64 `json:"success_ratio"`
			P50MS        *float64 `json:"p50_ms"`
			P99MS        *float64 `json:"p99_ms"`
			P999MS       *float64 `json:"p999_ms"`
			ExtraLoad    *float64 `json:"extra_load"`
		} `json:"strategies"`
	}
	if err := json.Unmarshal(out.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range read.Strategies {
		names = append(names, s.Name)
		if s.Calls == 0 || s.SuccessRatio == nil || s.P50MS == nil || s.P99MS == nil || s.P999MS == nil || s.ExtraLoad == nil {
			t.Errorf("%s lacks a figure", s.Name)
		}
	}
	if got, want := strings.Join(names, " "), "none sequential all-at-once fixed-stagger quantile-stagger adaptive"; got != want || read.DeadlineMS != 250 {
		t.Errorf("strategies %q at %g ms, want %q at 250", got, read.DeadlineMS, want)
	}
}

func TestChooseTheBestVariant(t *testing.T) {
	f := func(want string, rows ...summary) {
		t.Helper()
		c := comparison{results: []result{{strategy: strategy{name: "none"}}}}
		for i, row := range rows {
			c.results = append(c.results, result{strategy: strategy{name: "sequential", variant: string(rune('a' + i))}, summary: row})
		}
		c.choose()
		rivals := c.rivals()
		if len(rivals) != 2 || rivals[0].chosen || rivals[1].variant != want {
			t.Errorf("chose %+v, want none and %s", rivals, want)
		}
	}
	f("b", summary{successes: 8, p999: 1}, summary{successes: 9, p999: 2})
	f("c", summary{successes: 9, p999: 3}, summary{successes: 9, p999: 2}, summary{successes: 9, p999: 1})
	f("a", summary{successes: 9, p999: 1}, summary{successes: 9, p999: 1})
}

func TestPlotsAreWellFormed(t *testing.T) {
	quiet := invented(peaks())
	for i := range quiet.results { // nothing missed, nothing extra
		for j := range quiet.results[i].samples {
			quiet.results[i].samples[j].end = succeeded
		}
		quiet.results[i].summary = summarize(quiet.results[i].samples, quiet.results[i].calls, quiet.deadline)
	}
	bad := invented(peaks())
	for i := range bad.results { // everything missed
		for j := range bad.results[i].samples {
			bad.results[i].samples[j].end = failed
		}
		bad.results[i].summary = summarize(bad.results[i].samples, bad.results[i].calls, bad.deadline)
	}
	notANumber := regexp.MustCompile(`NaN|Inf|="-?\d+\.\d+e\+`)
	subtitle := regexp.MustCompile(`y="51.0"[^>]*>([^<]*)<`)
	for _, c := range []comparison{quiet, bad, invented(slow()), invented(brownOut(4, 4*time.Millisecond, 500)), invented(step())} {
		for name, svg := range plots(c) {
			decoder := xml.NewDecoder(bytes.NewReader(svg))
			for {
				if _, err := decoder.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			if text := subtitle.FindSubmatch(svg); utf8.RuneCount(text[1]) > 108 {
				t.Errorf("%s: a subtitle that runs over the edge: %s", name, text[1])
			}
			if found := notANumber.Find(svg); found != nil {
				t.Errorf("%s has a place at %s", name, found)
			}
			for _, r := range c.rivals() {
				if name != "plan.svg" && !bytes.Contains(svg, []byte(">"+r.title()+"<")) {
					t.Errorf("%s does not name %s", name, r.title())
				}
			}
			if len(svg) > 300_000 {
				t.Errorf("%s has %d bytes", name, len(svg))
			}
		}
	}
}

func TestWriteFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "out")
	if err := writeFiles(dir, invented(peaks())); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if got, want := strings.Join(names, " "), "comparison.json latency.svg plan.json plan.svg time.svg tradeoff.svg"; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
}

func TestProgressWithoutATerminal(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out, 3*time.Second)
	broken := errors.New("broken")
	if err := p.step("first", time.Second, func() error { return nil }); err != nil {
		t.Error(err)
	}
	if err := p.step("second", 2*time.Second, func() error { return broken }); !errors.Is(err, broken) {
		t.Errorf("step ended with %v", err)
	}
	p.finish()
	if got, want := out.String(), "first (1s)\nsecond (2s)\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}
