package e2e

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
)

// recorded is a call of a client that keeps what it knows of it.
type recorded struct {
	id, span string // of the client's own trace; "" where it sent none
	path     string
	status   int    // 0: none came
	answer   string // the name of the pod that answered
	err      error
}

// recorder sends calls to an installation through its Service, and keeps what a
// client knows of each.
type recorder struct {
	*installation
	address string
}

func (i *installation) recorder() *recorder {
	i.t.Helper()
	return &recorder{i, i.service(i.namespace, release)}
}

// newIDs makes the ids of a trace and of a span in it.
func newIDs() (trace, span string) {
	var b [24]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:16]), hex.EncodeToString(b[16:])
}

// parent is the header traceparent that names a client's span.
func (r *recorded) parent(sampled bool) string {
	flags := "00"
	if sampled {
		flags = "01"
	}
	return "00-" + r.id + "-" + r.span + "-" + flags
}

// record sends calls to a policy's host, a hundred a second, each with a trace of
// the client's own.
func (r *recorder) record(host string, n int) []recorded {
	r.t.Helper()
	return r.recordEach(n, func(_ int, c *recorded) {
		c.id, c.span = newIDs()
		r.send(c, host, true)
	})
}

// recordEach has calls sent, each after the other's begin.
func (r *recorder) recordEach(n int, send func(n int, c *recorded)) []recorded {
	r.t.Helper()
	calls := make([]recorded, n)
	var all sync.WaitGroup
	for k := range calls {
		all.Go(func() { send(k, &calls[k]) })
		pass(10 * time.Millisecond)
	}
	all.Wait()
	return calls
}

// send sends one HTTP call. No two have the same path.
func (r *recorder) send(c *recorded, host string, sampled bool) {
	_, unique := newIDs()
	c.path = "/item/" + unique
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, "http://"+r.address+c.path, http.NoBody)
	if err != nil {
		c.err = err
		return
	}
	request.Host = host
	if c.id != "" {
		request.Header.Set("Traceparent", c.parent(sampled))
	}
	response, err := client.Do(request)
	if err != nil {
		c.err = err
		return
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	c.status, c.answer, c.err = response.StatusCode, strings.TrimSpace(string(body)), err
}

// check sends gRPC health checks, each with a trace of the client's own.
func (r *recorder) check(host string, n int) []recorded {
	r.t.Helper()
	connection, err := grpc.NewClient("passthrough:///"+r.address, grpc.WithAuthority(host),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		r.t.Fatal(err)
	}
	defer connection.Close()
	health := grpc_health_v1.NewHealthClient(connection)
	return r.recordEach(n, func(_ int, c *recorded) {
		c.id, c.span = newIDs()
		c.path = "/grpc.health.v1.Health/Check"
		ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(r.t.Context(), "traceparent", c.parent(true)), 5*time.Second)
		defer cancel()
		if _, c.err = health.Check(ctx, &grpc_health_v1.HealthCheckRequest{}); c.err == nil {
			c.status = http.StatusOK
		}
	})
}

// control changes how every pod of an upstream behaves.
func (i *installation) control(name, wanted string) {
	i.t.Helper()
	if _, err := url.ParseQuery(wanted); err != nil {
		i.t.Fatal(err)
	}
	for _, address := range addresses(i.ready(i.policies, "app="+name), 8080) {
		request, err := http.NewRequestWithContext(i.t.Context(), http.MethodPost, "http://"+address+"/control?"+wanted, http.NoBody)
		if err != nil {
			i.t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			i.t.Fatal(err)
		}
		text, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			i.t.Fatalf("POST /control?%s: %s: %s", wanted, response.Status, text)
		}
	}
}

// asked is how many calls the pods of an upstream had.
func (i *installation) asked(name string) int {
	i.t.Helper()
	sum := 0
	for _, address := range addresses(i.ready(i.policies, "app="+name), 8080) {
		text, err := get(i.t.Context(), address, "/calls")
		if err != nil {
			i.t.Fatal(err)
		}
		n := 0
		if _, err := fmt.Sscan(text, &n); err != nil {
			i.t.Fatal(err)
		}
		sum += n
	}
	return sum
}

// fixedPlan is a policy that launches up to three attempts, 30 ms apart.
func fixedPlan(name, host, service string) string {
	return fmt.Sprintf(`apiVersion: hedged.dev/v1alpha1
kind: HedgePolicy
metadata: {name: %s}
spec:
  match: [{hosts: [%s]}]
  upstream: {service: {name: %s, port: http}}
  deadline: 300ms
  fanOut: {max: 3, adaptive: false}
  stagger: {mode: Fixed, fixed: 30ms}
  budget: {percent: 200}
  circuitBreaker: {openFor: 1s}
`, name, host, service)
}
