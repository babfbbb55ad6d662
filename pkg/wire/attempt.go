package wire

import (
	"strconv"
	"time"
)

// The fields that carry the number of an attempt.
const (
	// AttemptNumber is hedged's own, from 1.
	AttemptNumber = "Hedged-Attempt"
	// EnvoyAttempt is Envoy's, from 1.
	EnvoyAttempt = "X-Envoy-Attempt-Count"
	// GRPCPrevious is gRPC's count of the attempts before this one (gRFC A6).
	GRPCPrevious = "Grpc-Previous-Rpc-Attempts"
)

// AttemptIn returns the number of the attempt that a call arrives as, at least
// 1. Above 1 somebody upstream of hedged hedges or retries already.
func AttemptIn(h Header) int {
	n := 1
	if v := h.Get(AttemptNumber); v != "" {
		n = max(n, count(v))
	}
	if v := h.Get(EnvoyAttempt); v != "" {
		n = max(n, count(v))
	}
	if v := h.Get(GRPCPrevious); v != "" {
		n = max(n, count(v)+1)
	}
	return n
}

// AttemptOut tells an upstream the number of the attempt: in hedged's own field
// always, in the others' from the second on.
func AttemptOut(h Header, n int) {
	number := strconv.Itoa(n)
	h.Set(AttemptNumber, number)
	if n == 1 {
		return
	}
	h.Set(EnvoyAttempt, number)
	if IsGRPC(h) {
		h.Set(GRPCPrevious, strconv.Itoa(n-1))
	}
}

// count reads a small number; what is none counts as 0.
func count(s string) int {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}

// The fields that carry an upstream's pushback.
const (
	// RetryAfter is RFC 9110's, section 10.2.3: seconds or a date.
	RetryAfter = "Retry-After"
	// GRPCPushback is gRPC's, in milliseconds; negative: stop (gRFC A6).
	GRPCPushback = "Grpc-Retry-Pushback-Ms"
)

// HoldOff returns for how long Retry-After asks to leave the endpoint alone.
func HoldOff(h Header, now time.Time) (time.Duration, bool) {
	v := h.Get(RetryAfter)
	if v == "" {
		return 0, false
	}
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(n) * time.Second, n > 0
	}
	at, ok := parseDate(v)
	if !ok || !at.After(now) {
		return 0, false
	}
	return at.Sub(now), true
}

// parseDate reads the three forms of RFC 9110, section 5.6.7.
func parseDate(s string) (time.Time, bool) {
	for _, layout := range [...]string{"Mon, 02 Jan 2006 15:04:05 GMT", time.RFC850, time.ANSIC} {
		if at, err := time.Parse(layout, s); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// CallPushback returns how long gRPC's pushback asks the call to wait before
// its next attempt; below zero is to stop. As gRFC A6 has it, a value that
// does not parse is to stop, too.
func CallPushback(h Header) (time.Duration, bool) {
	v := h.Get(GRPCPushback)
	if v == "" {
		return 0, false
	}
	n, err := strconv.ParseInt(v, 10, 32)
	if err != nil || n < 0 {
		return -1, true
	}
	return time.Duration(n) * time.Millisecond, n > 0
}
