package proxy_test

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hedged.dev/hedged/api/v1alpha1"
	"hedged.dev/hedged/pkg/discovery"
	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/proxy"
	"hedged.dev/hedged/pkg/telemetry"
)

// effect is a pair of policies that differ in one field, and what shows it.
type effect struct {
	a, b string // lines of a policy
	see  func(t *testing.T, extra string) string
}

// effects has every field of the document that is accepted.
func effects() map[string]effect {
	const quantile = "stagger: {mode: Quantile, quantile: 0.5, "
	return map[string]effect{
		"mode":              {"", disabled, attemptsOf(says(503, ""))},
		"mode (Shadow)":     {disabled, shadow, imaginedOf(says(503, ""))},
		"match.hosts":       {"", "match: [{hosts: [other]}]", statusOf(says(200, ""))},
		"match.path.type":   {onPath("PathPrefix", "/v1"), onPath("Exact", "/v1"), statusOf(says(200, ""))},
		"match.path.value":  {onPath("Exact", "/v1"), onPath("Exact", "/v1/x"), statusOf(says(200, ""))},
		"match.methods":     {"", "match: [{hosts: [shop], methods: [PUT]}]", statusOf(says(200, ""))},
		"match.headers":     {"", "match: [{hosts: [shop], headers: [{name: x, value: gold}]}]", statusOf(says(200, ""))},
		"upstream.protocol": {"", "upstream.protocol: H2C", seenOf(func(r *http.Request) string { return r.Proto })},
		"upstream.host":     {"", "upstream.host: named.example", seenOf(func(r *http.Request) string { return r.Host })},
		"upstream.distinct": {"", "upstream.distinct: Require", attemptsOf(says(503, ""))},

		"upstream.service.name":      {service("name: a, port: http"), service("name: b, port: http"), foundBy},
		"upstream.service.namespace": {service("name: a, port: http"), service("name: a, namespace: b, port: http"), foundBy},
		"upstream.service.port":      {service("name: a, port: http"), service("name: a, port: 80"), foundBy},
		"upstream.dns.name":          {dns("name: a.example, port: 80"), dns("name: b.example, port: 80"), foundBy},
		"upstream.dns.port":          {dns("name: a.example, port: 80"), dns("name: a.example, port: 81"), foundBy},
		"upstream.dns.refresh":       {dns("name: a.example, port: 80"), dns("name: a.example, port: 80, refresh: 5s"), foundBy},

		"deadline":               {"deadline: 100ms", "deadline: 120ms", bodyOf(hangs)},
		"attemptTimeout":         {"deadline: 100ms", "deadline: 100ms\nattemptTimeout: 20ms\nfanOut: {max: 1, adaptive: false}", statusOf(hangs)},
		"fanOut.max":             {"", "fanOut: {max: 2, adaptive: false}", attemptsOf(says(503, ""))},
		"fanOut.adaptive":        {"", "fanOut: {max: 3, adaptive: true}", planOf(func(p proxy.PlanView) string { return string(p.State) })},
		"fanOut.successTarget":   {"fanOut: {max: 3, successTarget: 0.5}", "fanOut: {max: 3, successTarget: 0.999}", planAfter(oneOf(10), func(p proxy.PlanView) string { return string(p.Rule) })},
		"overload.trustUpstream": {"fanOut: {max: 3}", "fanOut: {max: 3}\noverload: {trustUpstream: true}", planAfter(from(60), func(p proxy.PlanView) string { return string(p.State) })},
		"stagger.mode":           {"", quantile + "initial: 20ms}", planOf(func(p proxy.PlanView) string { return p.Reason })},
		"stagger.mode (Auto)":    {quantile + "initial: 20ms}", "stagger: {mode: Auto, initial: 20ms}", staggerOf(60)},
		"stagger.fixed":          {"", "stagger: {mode: Fixed, fixed: 30ms}", staggerOf(0)},
		"stagger.initial":        {quantile + "initial: 20ms}", quantile + "initial: 30ms}", staggerOf(0)},
		"stagger.min":            {quantile + "min: 1s}", quantile + "min: 2s}", staggerOf(60)},
		"stagger.max":            {quantile + "min: 0s, max: 1ns, initial: 1ns}", quantile + "min: 0s, max: 2ns, initial: 1ns}", staggerOf(60)},

		"budget.percent":      {spent, "budget: {percent: 100, minPerSecond: 0}", attemptsOf(says(503, ""))},
		"budget.minPerSecond": {spent, "budget: {percent: 0, minPerSecond: 10}", attemptsOf(says(503, ""))},
		"accept.http":         {"", `accept: {http: ["404"]}`, outcomeOf(says(200, ""))},
		"nonFatal.http":       {"", `nonFatal: {http: ["500"]}`, attemptsOf(says(503, ""))},
		"commit":              {"", "commit: Body", statusOrErrorOf(shortens)},
		"bufferLimit":         {"commit: Body", "commit: Body\nbufferLimit: 5", statusOrErrorOf(shortens)},
		"idempotency":         {"", always, postedOf(says(503, ""))},
		"replayLimit":         {always, always + "replayLimit: 1", postedOf(says(503, ""))},
		"pushback":            {"", "pushback: Ignore", attemptsOf(refuses("Grpc-Retry-Pushback-Ms", "-1"))},

		"circuitBreaker.consecutiveFailures": {brittle("consecutiveFailures: 100"), brittle("consecutiveFailures: 1"), stateAfter(503, 503)},
		"circuitBreaker.failureRatio":        {brittle("minAttempts: 4, failureRatio: 1"), brittle("minAttempts: 4, failureRatio: 0.5"), stateAfter(200, 200, 503, 503)},
		"circuitBreaker.minAttempts":         {brittle("minAttempts: 5"), brittle("minAttempts: 4"), stateAfter(200, 200, 503, 503)},
		"circuitBreaker.openFor":             {"circuitBreaker: {consecutiveFailures: 1, openFor: 1ms}", "circuitBreaker: {consecutiveFailures: 1, openFor: 1h}", stateAfter(503)},
	}
}

// shownElsewhere are fields whose effect takes more than two lines to show, by
// the test that does.
func shownElsewhere() map[string]string {
	return map[string]string{
		"upstream.endpoints":              "TestPublishOtherEndpoints",
		"upstream.connectTimeout":         "TestConnectTimeoutOfThePolicy",
		"upstream.tls.caFile":             "TestTLSUpstreams",
		"upstream.tls.certFile":           "transport.TestTLSClientCertificate",
		"upstream.tls.keyFile":            "transport.TestTLSClientCertificate",
		"upstream.tls.serverName":         "TestTLSUpstreams",
		"upstream.tls.insecureSkipVerify": "TestTLSUpstreams",
		"streamIdleTimeout":               "TestStreamIdleTimeout",
		"fanOut.within":                   "adapt.TestWithinIsAimedAtBeforeTheDeadline",
		"stagger.quantile":                "adapt.TestP4CensoredLosersKeepTheHedgeRateNominal",
		"circuitBreaker.window":           "breaker.TestWindowRollsOn",
		"circuitBreaker.halfOpenAttempts": "breaker.TestOpenHalfOpenClosed",
	}
}

// refused are lines that no policy may have yet, by the field that they write.
func refused() map[string]string {
	return map[string]string{
		"match.grpc.service":              "match: [{grpc: {service: shop.Catalog}}]",
		"match.grpc.method":               "match: [{grpc: {service: shop.Catalog, method: Get}}]",
		"accept.grpc":                     "accept: {grpc: [OK]}",
		"accept.expression":               `accept: {expression: "true"}`,
		"nonFatal.grpc":                   "nonFatal: {grpc: [UNAVAILABLE]}",
		"fanOut.successTarget (static)":   "fanOut: {adaptive: false, successTarget: 0.9}",
		"fanOut.within (static)":          "fanOut: {adaptive: false, within: 50ms}",
		"overload.trustUpstream (static)": "overload: {trustUpstream: true}",
		"upstream (two at a time)":        "upstream.dns: {name: catalog.example, port: 443}",
	}
}

func TestP18EveryFieldThatIsAcceptedHasAnEffect(t *testing.T) {
	t.Parallel()
	for name, e := range effects() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if a, b := e.see(t, e.a), e.see(t, e.b); a == b {
				t.Errorf("with %q and with %q: %s", e.a, e.b, a)
			}
		})
	}
}

func TestP18WhatHasNoEffectYetIsRefused(t *testing.T) {
	t.Parallel()
	r := serve(t, echoes)
	for name, extra := range refused() {
		d := document("shop", "shop", extra, r)
		ps, faults := policy.Parse([]byte(d), policy.Options{Namespace: "default"})
		if len(ps) > 0 || len(faults.Errors()) == 0 {
			t.Errorf("%s is accepted: %s", name, extra)
		}
	}
}

// No field of the document is missing from the tables above.
func TestP18NoFieldIsForgotten(t *testing.T) {
	t.Parallel()
	known := slices.Concat(slices.Collect(maps.Keys(effects())), slices.Collect(maps.Keys(shownElsewhere())), slices.Collect(maps.Keys(refused())))
	for _, path := range leaves(reflect.TypeFor[v1alpha1.HedgePolicySpec](), "") {
		if !slices.ContainsFunc(known, func(k string) bool { return path == k || strings.HasPrefix(path, k+".") }) {
			t.Errorf("nothing shows that %s does anything", path)
		}
	}
}

// leaves are the paths of a document's fields.
func leaves(t reflect.Type, at string) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[v1alpha1.Duration]() || t == reflect.TypeFor[v1alpha1.Size]() {
		return []string{at}
	}
	var all []string
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		all = append(all, leaves(f.Type, strings.TrimPrefix(at+"."+name, "."))...)
	}
	return all
}

func onPath(kind, value string) string {
	return fmt.Sprintf("match: [{hosts: [shop], path: {type: %s, value: %s}}]", kind, value)
}

func service(fields string) string { return "upstream: {service: {" + fields + "}}" }

func dns(fields string) string { return "upstream: {dns: {" + fields + "}}" }

// foundBy is what the endpoint of an upstream was found by.
func foundBy(t *testing.T, extra string) string {
	find := finds(func(target discovery.Target) discovery.Set {
		return endpoints(serve(t, says(http.StatusOK, fmt.Sprintf("%+v %v", target, target.Name.Refresh))))
	})
	f := begin(t, proxy.Options{Resolver: find})
	f.publish(t, document("shop", "shop", extra))
	return f.get(t, "/").body
}

// finds is a Resolver to which a target is at once what it ever is.
type finds func(discovery.Target) discovery.Set

func (f finds) Watch(t discovery.Target, update func(discovery.Set)) (stop func()) {
	update(f(t))
	return func() {}
}

// brittle is a breaker that only the given rules open.
func brittle(rules string) string {
	if !strings.Contains(rules, "consecutive") {
		rules += ", consecutiveFailures: 1000"
	}
	return "fanOut: {max: 1, adaptive: false}\ncircuitBreaker: {openFor: 1h, " + rules + "}"
}

func attemptsOf(h http.HandlerFunc) func(*testing.T, string) string {
	return func(t *testing.T, extra string) string {
		replicas := some(t, 2, h)
		start(t, unhurried+extra, replicas...).get(t, "/v1/x")
		return fmt.Sprint(served(replicas), " attempts")
	}
}

// imaginedOf is what mode Shadow says of one call.
func imaginedOf(h http.HandlerFunc) func(*testing.T, string) string {
	return func(t *testing.T, extra string) string {
		f := start(t, unhurried+extra, serve(t, h))
		f.get(t, "/")
		return f.callAttr(t, string(telemetry.ShadowAttemptsKey))
	}
}

func outcomeOf(h http.HandlerFunc) func(*testing.T, string) string {
	return func(t *testing.T, extra string) string {
		f := start(t, extra, serve(t, h))
		f.get(t, "/")
		return f.attempts(t, 1)[0]
	}
}

func postedOf(h http.HandlerFunc) func(*testing.T, string) string {
	return func(t *testing.T, extra string) string {
		replicas := some(t, 2, h)
		start(t, unhurried+extra, replicas...).call(t, http.MethodPost, "/", strings.NewReader("body"))
		return fmt.Sprint(served(replicas), " attempts")
	}
}

func statusOf(h http.HandlerFunc) func(*testing.T, string) string {
	return func(t *testing.T, extra string) string { return start(t, extra, serve(t, h)).get(t, "/v1/x").Status }
}

func statusOrErrorOf(h http.HandlerFunc) func(*testing.T, string) string {
	return func(t *testing.T, extra string) string {
		got, err := start(t, extra, serve(t, h)).try(t, http.MethodGet, "/", nil)
		if err != nil || got.err != nil {
			return "an error"
		}
		return got.Status
	}
}

func bodyOf(h http.HandlerFunc) func(*testing.T, string) string {
	return func(t *testing.T, extra string) string { return start(t, extra, serve(t, h)).get(t, "/").body }
}

func seenOf(see func(*http.Request) string) func(*testing.T, string) string {
	return bodyOf(func(w http.ResponseWriter, r *http.Request) { says(http.StatusOK, see(r))(w, r) })
}

func planOf(see func(proxy.PlanView) string) func(*testing.T, string) string {
	return func(t *testing.T, extra string) string {
		return see(start(t, extra, serve(t, echoes)).handler.Policies()[0].Plan)
	}
}

// generous is a policy that pays for every hedge.
const generous = "stagger: {mode: Auto, initial: 1s}\nbudget: {percent: 100, minPerSecond: 0}\n"

// oneOf says that one of so many attempts is slow.
func oneOf(n int64) func(int64) bool { return func(i int64) bool { return i%n == 0 } }

// from says that all attempts after the first so many are slow.
func from(n int64) func(int64) bool { return func(i int64) bool { return i > n } }

// planAfter is what a plan is like when some attempts take 40 ms.
func planAfter(slow func(n int64) bool, see func(proxy.PlanView) string) func(*testing.T, string) string {
	return func(t *testing.T, extra string) string {
		var n atomic.Int64
		f := start(t, generous+extra, serve(t, func(w http.ResponseWriter, r *http.Request) {
			if slow(n.Add(1)) {
				lingers(40*time.Millisecond, echoes)(w, r)
			}
		}))
		for range 2 {
			for range 60 {
				f.get(t, "/")
			}
			f.handler.Tick(time.Now())
		}
		return see(f.handler.Policies()[0].Plan)
	}
}

// staggerOf is the stagger after some calls.
func staggerOf(calls int) func(*testing.T, string) string {
	return func(t *testing.T, extra string) string {
		f := start(t, extra, serve(t, echoes))
		for range calls {
			f.get(t, "/")
		}
		f.handler.Tick(time.Now())
		return f.handler.Policies()[0].Plan.Stagger
	}
}

// stateAfter is the breaker's state after calls that were answered so.
func stateAfter(statuses ...int) func(*testing.T, string) string {
	return func(t *testing.T, extra string) string {
		next := make(chan int, len(statuses))
		for _, s := range statuses {
			next <- s
		}
		f := start(t, "fanOut: {max: 1, adaptive: false}\n"+extra, serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(<-next) }))
		for range statuses {
			f.get(t, "/")
		}
		if strings.Contains(extra, "openFor: 1ms") { // open for so short that it is over
			await(t, "the breaker", func() bool { return f.upstream().Endpoints[0].State != "open" })
		}
		return f.upstream().Endpoints[0].State
	}
}
