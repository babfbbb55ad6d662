// Command cost measures what a call that needs no hedge costs hedged in CPU,
// against a tuned httputil.ReverseProxy in the same run.
//
// All processes are up at once: three upstream replicas, hedged, and the
// ReverseProxy twice. In each round every proxy serves the same number of
// requests over 64 keep-alive connections, in many short turns of shuffled
// order, and its CPU time is read from /proc. Ratios are taken within a round; their median counts. The
// ReverseProxy against itself says how far the machine can be trusted.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "upstream":
			serveUpstream()
			return
		case "reverseproxy":
			serveReverseProxy(os.Args[2:])
			return
		case "collector":
			serveCollector()
			return
		}
	}
	var o options
	flag.StringVar(&o.hedged, "hedged", "bin/hedged", "the hedged binary")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds")
	flag.IntVar(&o.requests, "requests", 40_000, "requests per proxy and round")
	flag.IntVar(&o.slices, "slices", 20, "how many turns a round is cut into, so that what else the machine does meets every proxy alike")
	flag.IntVar(&o.connections, "connections", 64, "keep-alive connections")
	flag.IntVar(&o.body, "body", 1024, "bytes of an answer")
	flag.Float64Var(&o.sampled, "sampled", 0.01, "share of calls that are traced")
	flag.StringVar(&o.profile, "profile", "", "write a profile of hedged under this load to this file, and measure nothing")
	flag.StringVar(&o.kind, "kind", "profile", "the profile: profile (CPU) or allocs")
	flag.StringVar(&o.out, "out", "", "write the result as JSON to this file, too")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "cost:", err)
		os.Exit(1)
	}
}

type options struct {
	hedged      string
	rounds      int
	requests    int
	slices      int
	connections int
	body        int
	sampled     float64
	profile     string
	kind        string
	out         string
}

// proxy is one proxy under test.
type proxy struct {
	name    string
	address string
	pid     int
	micros  []float64 // CPU per request, by round
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "hedged-cost-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var replicas []string
	for range 3 {
		p, err := launch(ctx, nil, self, "upstream", fmt.Sprint(o.body))
		if err != nil {
			return err
		}
		defer p.stop()
		replicas = append(replicas, p.address)
	}
	collector, err := launch(ctx, nil, self, "collector")
	if err != nil {
		return err
	}
	defer collector.stop()

	var proxies []*proxy
	hedged, err := launchHedged(ctx, o, dir, replicas, collector.address)
	if err != nil {
		return err
	}
	defer hedged.stop()
	if o.profile != "" {
		return profile(ctx, o, hedged)
	}
	proxies = append(proxies, &proxy{name: "hedged", address: hedged.address, pid: hedged.pid()})
	for _, name := range []string{"ReverseProxy", "ReverseProxy again"} {
		p, err := launch(ctx, nil, self, append([]string{"reverseproxy"}, replicas...)...)
		if err != nil {
			return err
		}
		defer p.stop()
		proxies = append(proxies, &proxy{name: name, address: p.address, pid: p.pid()})
	}

	for round := -1; round < o.rounds; round++ { // the first warms up and does not count
		spent := make([]time.Duration, len(proxies))
		for range o.slices {
			for _, i := range rand.Perm(len(proxies)) {
				used, err := slice(ctx, proxies[i], o)
				if err != nil {
					return fmt.Errorf("%s: %w", proxies[i].name, err)
				}
				spent[i] += used
			}
		}
		if round < 0 {
			continue
		}
		for i, p := range proxies {
			p.micros = append(p.micros, float64(spent[i].Microseconds())/float64(o.requests/o.slices*o.slices))
		}
	}
	return report(o, proxies)
}

// slice sends a proxy its share of a round in one go and returns its CPU time.
func slice(ctx context.Context, p *proxy, o options) (time.Duration, error) {
	before, err := cpu(p.pid)
	if err != nil {
		return 0, err
	}
	o.requests /= o.slices
	if err := load(ctx, p.address, o); err != nil {
		return 0, err
	}
	after, err := cpu(p.pid)
	return after - before, err
}

func report(o options, proxies []*proxy) error {
	hedged, peer, again := proxies[0], proxies[1], proxies[2]
	fmt.Printf("GET, %d bytes, %d connections, %d requests a round, %d rounds, %g %% sampled\n\n", o.body, o.connections, o.requests, o.rounds, o.sampled*100)
	fmt.Printf("%-20s %12s %s\n", "proxy", "CPU µs/req", "by round")
	for _, p := range proxies {
		fmt.Printf("%-20s %12.1f %.1f\n", p.name, median(p.micros), p.micros)
	}
	ratio, self := ratios(hedged.micros, peer.micros), ratios(again.micros, peer.micros)
	fmt.Printf("\nhedged / ReverseProxy: median %.3f of %.3f\n", median(ratio), ratio)
	fmt.Printf("ReverseProxy / itself: median %.3f of %.3f\n", median(self), self)
	if d := median(self); d > 1.03 || d < 0.97 {
		fmt.Println("VOID: the ReverseProxy differs from itself by more than 3 %")
	}
	if o.out == "" {
		return nil
	}
	b, err := json.MarshalIndent(map[string]any{"hedged_us": hedged.micros, "reverseproxy_us": peer.micros, "again_us": again.micros,
		"ratio": median(ratio), "self": median(self)}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(o.out, append(b, '\n'), 0o644)
}

func ratios(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] / b[i]
	}
	return out
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// process is a child that has printed the address it serves at.
type process struct {
	cmd     *exec.Cmd
	address string
	admin   string // of hedged
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

func launch(ctx context.Context, env []string, name string, args ...string) (*process, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("%s %v: %w", name, args, err)
	}
	return &process{cmd: cmd, address: strings.TrimSpace(line)}, nil
}

// launchHedged starts hedged with a hedge armed at the 95th percentile.
func launchHedged(ctx context.Context, o options, dir string, replicas []string, collector string) (*process, error) {
	policy := `apiVersion: hedged.dev/v1alpha1
kind: HedgePolicy
metadata: {name: cost}
spec:
  match: [{hosts: [cost]}]
  upstream: {endpoints: ["http://` + strings.Join(replicas, `", "http://`) + `"]}
  deadline: 5s
  fanOut: {max: 3, adaptive: false}
  stagger: {mode: Fixed, fixed: 1s}
`
	if err := os.WriteFile(filepath.Join(dir, "cost.yaml"), []byte(policy), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, o.hedged, "serve", "--policies", dir, "--listen", "127.0.0.1:0", "--health-listen", "127.0.0.1:0",
		"--admin-listen", "127.0.0.1:0", "--trace-sample-ratio", fmt.Sprint(o.sampled))
	cmd.Env = append(os.Environ(), "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+collector, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf")
	out, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var line struct{ Msg, Calls, Admin string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "serving" {
			p.address, p.admin = line.Calls, line.Admin
			go func() {
				for lines.Scan() {
				}
			}()
			return p, awaitPolicy(ctx, p.address)
		}
		fmt.Fprintln(os.Stderr, lines.Text())
	}
	p.stop()
	return nil, fmt.Errorf("%s did not start", o.hedged)
}

// profile writes what hedged does while it serves the load.
func profile(ctx context.Context, o options, hedged *process) error {
	if err := load(ctx, hedged.address, o); err != nil { // warms up
		return err
	}
	done := make(chan error, 1)
	go func() {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+hedged.admin+"/debug/pprof/"+o.kind+"?seconds=10", nil)
		if err != nil {
			done <- err
			return
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			done <- err
			return
		}
		defer answer.Body.Close()
		b, err := io.ReadAll(answer.Body)
		done <- errors.Join(err, os.WriteFile(o.profile, b, 0o644))
	}()
	for {
		select {
		case err := <-done:
			return err
		default:
			if err := load(ctx, hedged.address, o); err != nil {
				return err
			}
		}
	}
}

// awaitPolicy waits until the policy is in force.
func awaitPolicy(ctx context.Context, address string) error {
	var err error
	for range 500 {
		if err = load(ctx, address, options{requests: 1, connections: 1}); err == nil {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return err
}
