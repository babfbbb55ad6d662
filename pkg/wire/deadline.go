package wire

import (
	"strconv"
	"strings"
	"time"
)

// The fields that carry a caller's deadline, as a duration from the arrival of
// the request.
const (
	// GRPCTimeout is gRPC's: at most 8 digits and a unit of H, M, S, m, u, n.
	GRPCTimeout = "Grpc-Timeout"
	// EnvoyTimeout is Envoy's: whole milliseconds; 0 is none.
	EnvoyTimeout = "X-Envoy-Expected-Rq-Timeout-Ms"
	// ConnectTimeout is the Connect protocol's: at most 10 digits of milliseconds.
	ConnectTimeout = "Connect-Timeout-Ms"
)

// maxTimeout bounds what a caller may ask for, so that no sum overflows.
const maxTimeout = 100 * 365 * 24 * time.Hour

// DeadlineIn returns the least of the deadlines that the caller sent. extra
// names one more field to look at, in canonical form, "" none: it holds whole milliseconds or a
// duration in Go's syntax. A value that does not parse counts as absent.
func DeadlineIn(h Header, extra string) (time.Duration, bool) {
	least, found := time.Duration(0), false
	take := func(d time.Duration, ok bool) {
		if ok && (!found || d < least) {
			least, found = d, true
		}
	}
	take(parseGRPCTimeout(h.Get(GRPCTimeout)))
	take(parseMillis(h.Get(EnvoyTimeout)))
	take(parseMillis(h.Get(ConnectTimeout)))
	if extra != "" {
		take(parseTimeout(h.Get(extra)))
	}
	return least, found
}

// DeadlineOut tells an upstream what remains, in every deadline field that the
// caller used. With must set and no such field there, it adds one: gRPC's for
// gRPC, Envoy's otherwise, and extra where that is configured.
func DeadlineOut(h Header, extra string, remains time.Duration, must bool) {
	remains = max(remains, time.Millisecond)
	millis := strconv.FormatInt(remains.Milliseconds(), 10)
	used := false
	rewrite := func(name, value string) {
		if name != "" && h.Get(name) != "" {
			h.Set(name, value)
			used = true
		}
	}
	rewrite(EnvoyTimeout, millis)
	rewrite(ConnectTimeout, millis)
	if h.Get(GRPCTimeout) != "" {
		rewrite(GRPCTimeout, formatGRPCTimeout(remains))
	}
	if extra != "" {
		rewrite(extra, extraValue(h.Get(extra), remains, millis))
	}
	if used || !must {
		return
	}
	if extra != "" {
		h.Set(extra, millis)
	}
	if IsGRPC(h) {
		h.Set(GRPCTimeout, formatGRPCTimeout(remains))
	} else {
		h.Set(EnvoyTimeout, millis)
	}
}

// extraValue writes what remains in the form that the caller chose.
func extraValue(was string, remains time.Duration, millis string) string {
	if _, err := strconv.ParseUint(was, 10, 63); err == nil {
		return millis
	}
	return remains.Round(time.Microsecond).String()
}

// IsGRPC reports whether a request speaks gRPC.
func IsGRPC(h Header) bool {
	const grpc = "application/grpc"
	t, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	t = strings.TrimSpace(t)
	return t == grpc || strings.HasPrefix(t, grpc+"+")
}

func parseGRPCTimeout(s string) (time.Duration, bool) {
	if len(s) < 2 || len(s) > 9 {
		return 0, false
	}
	var unit time.Duration
	switch s[len(s)-1] {
	case 'H':
		unit = time.Hour
	case 'M':
		unit = time.Minute
	case 'S':
		unit = time.Second
	case 'm':
		unit = time.Millisecond
	case 'u':
		unit = time.Microsecond
	case 'n':
		unit = time.Nanosecond
	default:
		return 0, false
	}
	n, err := strconv.ParseUint(s[:len(s)-1], 10, 63)
	if err != nil {
		return 0, false
	}
	if n > uint64(maxTimeout/unit) {
		return maxTimeout, true
	}
	return time.Duration(n) * unit, true
}

// formatGRPCTimeout picks the finest unit that eight digits can hold.
func formatGRPCTimeout(d time.Duration) string {
	const most = 100_000_000
	for _, u := range []struct {
		name string
		unit time.Duration
	}{{"n", time.Nanosecond}, {"u", time.Microsecond}, {"m", time.Millisecond}, {"S", time.Second}, {"M", time.Minute}} {
		if n := int64(d / u.unit); n < most {
			return strconv.FormatInt(n, 10) + u.name
		}
	}
	return strconv.FormatInt(min(int64(d/time.Hour), most-1), 10) + "H"
}

// parseMillis reads whole milliseconds; 0 is no deadline.
func parseMillis(s string) (time.Duration, bool) {
	if s == "" { // the common case, and strconv's error would cost an allocation
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil || n == 0 {
		return 0, false
	}
	if n > uint64(maxTimeout/time.Millisecond) {
		return maxTimeout, true
	}
	return time.Duration(n) * time.Millisecond, true
}

// parseTimeout reads whole milliseconds or a duration in Go's syntax.
func parseTimeout(s string) (time.Duration, bool) {
	if d, ok := parseMillis(s); ok {
		return d, true
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, false
	}
	return min(d, maxTimeout), true
}
