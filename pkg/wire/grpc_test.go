package wire_test

import (
	"net/http"
	"slices"
	"strconv"
	"testing"

	"google.golang.org/grpc/codes"

	"hedged.dev/hedged/pkg/wire"
)

func TestGRPCStatus(t *testing.T) {
	f := func(want string, pairs ...string) {
		t.Helper()
		if got := wire.GRPCStatus(header(pairs...)); got != want {
			t.Errorf("%v: %q, want %q", pairs, got, want)
		}
	}
	f("")
	f("OK", "grpc-status", "0")
	f("UNAUTHENTICATED", "grpc-status", "16")
	f("UNKNOWN", "grpc-status", "17")
	f("UNKNOWN", "grpc-status", "99999999999999999999")
	f("UNKNOWN", "grpc-status", "-1")
	f("UNKNOWN", "grpc-status", "OK")
}

// The names are gRPC's own.
func TestGRPCNames(t *testing.T) {
	for i := range 17 {
		var code codes.Code
		if err := code.UnmarshalJSON([]byte(strconv.Quote(wire.GRPCName(i)))); err != nil || int(code) != i {
			t.Errorf("%d is named %s: %v", i, wire.GRPCName(i), err)
		}
	}
	if got := wire.GRPCName(-1); got != wire.GRPCUnknown {
		t.Errorf("-1 is named %s", got)
	}
}

func TestGRPCStatusOfHTTP(t *testing.T) {
	for status, want := range map[int]string{
		200: "UNKNOWN", 400: "INTERNAL", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "UNIMPLEMENTED",
		429: "UNAVAILABLE", 500: "UNKNOWN", 502: "UNAVAILABLE", 503: "UNAVAILABLE", 504: "UNAVAILABLE",
	} {
		if got := wire.GRPCStatusOf(status); got != want {
			t.Errorf("%d: %s, want %s", status, got, want)
		}
	}
}

func FuzzGRPCStatus(f *testing.F) {
	for _, s := range []string{"0", "16", "17", "-1", "OK", ""} {
		f.Add(s)
	}
	var names []string
	for i := range 17 {
		names = append(names, wire.GRPCName(i))
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := wire.GRPCStatus(http.Header{"Grpc-Status": {s}}); (got == "") != (s == "") || got != "" && !slices.Contains(names, got) {
			t.Errorf("%q: %q", s, got)
		}
	})
}
