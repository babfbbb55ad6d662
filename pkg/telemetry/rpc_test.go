package telemetry_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/telemetry"
)

// find records a gRPC call of one attempt.
func find(t *testing.T, tel *telemetry.Telemetry, method string, e telemetry.AttemptEnd) telemetry.Attempt {
	t.Helper()
	c := tel.Recorder("p", "r", "u").Call(t.Context(), nil, telemetry.CallStart{Method: "POST", Route: "/", RPC: method})
	a := c.Attempt(telemetry.AttemptStart{Number: 1, Method: "POST"})
	a.End(e)
	c.End(telemetry.CallEnd{Status: 200, RPCStatus: "OK"})
	return a
}

func TestRPCStatuses(t *testing.T) {
	f := func(want string, e telemetry.AttemptEnd) {
		t.Helper()
		tel, spans := recording(t, nil)
		find(t, tel, "shop.Catalog/Find", e)
		s := spans()
		if s[0].name != "shop.Catalog/Find" || s[1].name != "POST /" || s[1].text("rpc.response.status_code") != "OK" {
			t.Errorf("%v: spans %+v", e.End, s)
		}
		if got := s[0].text("rpc.response.status_code"); got != want {
			t.Errorf("%v: status %q, want %q", e.End, got, want)
		}
		labels := map[string]float64{}
		if want != "" {
			labels["grpc_method=shop.Catalog/Find grpc_status="+want+" grpc_target=u"] = 1
		}
		check(t, scrape(t, tel), "grpc_client_attempt_duration_seconds", labels)
	}
	f("NOT_FOUND", telemetry.AttemptEnd{End: hedge.Won, RPCStatus: "NOT_FOUND"})
	f("", telemetry.AttemptEnd{End: hedge.Won})
	f("UNIMPLEMENTED", telemetry.AttemptEnd{End: hedge.Failed, RPCStatus: "UNIMPLEMENTED"})
	f("UNAVAILABLE", telemetry.AttemptEnd{End: hedge.Failed})
	f("CANCELLED", telemetry.AttemptEnd{End: hedge.Lost})
	f("CANCELLED", telemetry.AttemptEnd{End: hedge.ClientGone})
	f("DEADLINE_EXCEEDED", telemetry.AttemptEnd{End: hedge.TimedOut})
	f("", telemetry.AttemptEnd{End: hedge.Rejected})
}

func TestRPCStatusThatComesLate(t *testing.T) {
	tel := setup(t, telemetry.Options{}, nil)
	a := find(t, tel, "shop.Catalog/Find", telemetry.AttemptEnd{End: hedge.Won, Status: 200})
	a.Answered("ABORTED")
	families := scrape(t, tel)
	const name = "grpc_client_attempt_duration_seconds"
	check(t, families, name, map[string]float64{"grpc_method=shop.Catalog/Find grpc_status=ABORTED grpc_target=u": 1})
	h := families[name].GetMetric()[0].GetHistogram()
	if took := h.GetSampleSum(); took <= 0 || took > 10 {
		t.Errorf("it took %v s", took)
	}
	var bounds []float64
	for _, b := range h.GetBucket() {
		bounds = append(bounds, b.GetUpperBound())
	}
	advised := []float64{
		0, 1e-5, 5e-5, 1e-4, 3e-4, 6e-4, 8e-4, 1e-3, 2e-3, 3e-3, 4e-3, 5e-3, 6e-3, 8e-3, 0.01, 0.013, 0.016, 0.02, 0.025, 0.03,
		0.04, 0.05, 0.065, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5, 0.65, 0.8, 1, 2, 5, 10, 20, 50, 100,
	}
	if !slices.Equal(bounds[:len(bounds)-1], advised) {
		t.Errorf("buckets %v", bounds)
	}
}

// What a client makes up beyond the bound is one series, and names no span.
func TestRPCsAreBounded(t *testing.T) {
	const most, more = 1000, 50
	tel, spans := recording(t, nil)
	name := func(i int) string { return "shop.Catalog/Find" + strconv.Itoa(i) }
	for i := range most + more {
		find(t, tel, name(i), telemetry.AttemptEnd{End: hedge.Lost})
	}
	find(t, tel, name(0), telemetry.AttemptEnd{End: hedge.Lost}) // it keeps its own
	got := points(scrape(t, tel)["grpc_client_attempt_duration_seconds"])
	if n := got["grpc_method=other grpc_status=CANCELLED grpc_target=u"]; len(got) != most+1 || n != more {
		t.Errorf("%d series, %v attempts of others, want %d and %d", len(got), n, most+1, more)
	}
	last := spans()[2*(most+more)-2:]
	for i, want := range []string{"POST", "POST /"} {
		s := last[i]
		if s.name != want || s.text("rpc.method") != "_OTHER" || s.text("rpc.method_original") != name(most+more-1) {
			t.Errorf("%s: %v", s.name, s.attrs)
		}
	}
}

func TestRPCForms(t *testing.T) {
	f := func(method, want string) {
		t.Helper()
		tel, spans := recording(t, nil)
		find(t, tel, method, telemetry.AttemptEnd{})
		if got := spans()[0]; got.name != want || got.text("rpc.system.name") != "grpc" {
			t.Errorf("%q: %s %v, want %s", method, got.name, got.attrs, want)
		}
	}
	f("Catalog/Find", "Catalog/Find")
	f("Catalog", "POST")
	f("Catalog/", "POST")
	f("/Find", "POST")
	f("shop/Catalog/Find", "POST")
	f("Catalog/Find it", "POST")
	f("Catalog/F\xff", "POST")
	f("Catalog/Fünd", "POST")
	long := "Catalog/" + strings.Repeat("x", 248)
	f(long, long)
	f(long+"x", "POST")
}
