package record_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"hedged.dev/hedged/pkg/record"
)

func TestEncode(t *testing.T) {
	var b strings.Builder
	if err := record.NewEncoder(&b).Encode(attempt); err != nil || b.String() != line+"\n" {
		t.Errorf("error %v, written\n%s\nwant\n%s", err, b.String(), line)
	}
}

func TestEncodeRefusesWhatCannotBeRead(t *testing.T) {
	var b strings.Builder
	f := func(change func(*record.Attempt), want string) {
		t.Helper()
		a := attempt
		change(&a)
		if err := record.NewEncoder(&b).Encode(a); err == nil || err.Error() != want || b.Len() > 0 {
			t.Errorf("error %v, want %s; written %q", err, want, b.String())
		}
	}

	f(func(a *record.Attempt) { a.End = "" }, `attempt 2 of call 7: end: is ""; want won, lost, failed, timed_out, client_gone or rejected`)
	f(func(a *record.Attempt) { a.ElapsedMS = math.NaN() }, "attempt 2 of call 7: elapsed_ms: is NaN; want milliseconds, not negative")
	f(func(a *record.Attempt) { a.ElapsedMS = math.Inf(1) }, "attempt 2 of call 7: elapsed_ms: is +Inf; want milliseconds, not negative")
}

// oneWrite fails a test whose line comes in pieces.
type oneWrite struct{ t *testing.T }

func (w oneWrite) Write(p []byte) (int, error) {
	if string(p) != line+"\n" {
		w.t.Errorf("written at once: %q", p)
	}
	return 0, errFull
}

var errFull = errors.New("no space left")

func TestEncodeWritesALineAtOnce(t *testing.T) {
	if err := record.NewEncoder(oneWrite{t}).Encode(attempt); !errors.Is(err, errFull) {
		t.Errorf("error %v, want the writer's", err)
	}
}
