package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// short is a demo of few strategies and few calls.
func short(out, errs io.Writer, titles ...string) Options {
	o := Defaults()
	o.Seed, o.Deadline, o.Duration, o.warmUp, o.Rate = 3, time.Second, 200*time.Millisecond, 100*time.Millisecond, 200
	o.Out, o.Err = out, errs
	for _, s := range everyStrategy() {
		for _, title := range titles {
			if s.title() == title {
				o.strategies = append(o.strategies, s)
			}
		}
	}
	return o
}

func TestDemo(t *testing.T) {
	var out, errs bytes.Buffer
	o := short(&out, &errs, "none", "sequential (t/2)", "sequential (p99)", "quantile-stagger", champion)
	o.Dir = t.TempDir()
	if err := Run(t.Context(), o); err != nil {
		t.Fatalf("%v\n%s", err, &errs)
	}
	for _, part := range []string{
		"\n  none ", "\n  sequential (t/2) ", "\n  sequential (p99) ", "\n  quantile-stagger ", "\n  adaptive ",
		"The plan of adaptive over time", "One call of default/adaptive", "replica-", o.Dir,
	} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("%q is not in\n%s", part, &out)
		}
	}
	if !strings.Contains(errs.String(), "peaks: 5 strategies, each 200ms at 200 calls a second") {
		t.Errorf("progress:\n%s", &errs)
	}

	data, err := os.ReadFile(filepath.Join(o.Dir, "comparison.json"))
	if err != nil {
		t.Fatal(err)
	}
	var found report
	if err := json.Unmarshal(data, &found); err != nil {
		t.Fatal(err)
	}
	for _, s := range found.Strategies {
		if s.Calls != found.Strategies[0].Calls || s.Calls < 10 {
			t.Errorf("%s made %d calls, %s %d", s.Name, s.Calls, found.Strategies[0].Name, found.Strategies[0].Calls)
		}
		if s.SuccessRatio < 0.5 || s.ExtraLoad < 0 || s.P50MS <= 0 {
			t.Errorf("%+v: most calls should succeed, each with an attempt", s)
		}
	}
	if len(found.Strategies) != 4 || len(found.Strategies[1].Variants) != 2 {
		t.Errorf("strategies: %s", data)
	}
}

func TestDemoRefusesBadOptions(t *testing.T) {
	o := short(io.Discard, io.Discard, "none")
	o.Rate = -1
	if err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "rate -1") {
		t.Errorf("ran with %v", err)
	}
}

func TestDemoEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := short(io.Discard, writerFunc(func(p []byte) { // the first line that is written
		cancel()
	}), "none")
	o.Duration = time.Hour
	if err := Run(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

// What --stay prints has to work while it stays.
func TestDemoStays(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	printed := make(chan string, 1)
	var all bytes.Buffer
	var once sync.Once
	o := short(io.Discard, writerFunc(func(p []byte) {
		all.Write(p)
		if strings.Contains(all.String(), "Ctrl-C") {
			once.Do(func() { printed <- all.String() })
		}
	}), "none")
	o.Stay = true
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, o) }()
	var text string
	select {
	case text = <-printed:
	case err := <-ended:
		t.Fatalf("ended with %v", err)
	}
	urls := regexp.MustCompile(`http://[^\s/]+/\S*`).FindAllString(text, -1)
	if len(urls) < 6 {
		t.Errorf("prints %q", urls)
	}
	for _, url := range urls {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = "none.demo"
		response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		_ = response.Body.Close()
		if response.StatusCode == http.StatusNotFound {
			t.Errorf("%s: not found", url)
		}
	}
	policy := regexp.MustCompile(`\S+\.yaml`).FindString(text)
	if _, err := os.Stat(policy); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
	if _, err := os.Stat(policy); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("left %s behind: %v", policy, err)
	}
}

type writerFunc func(p []byte)

func (f writerFunc) Write(p []byte) (int, error) {
	f(p)
	return len(p), nil
}
