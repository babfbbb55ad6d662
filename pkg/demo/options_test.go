package demo

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestOptions(t *testing.T) {
	f := func(change func(*Options), want ...string) {
		t.Helper()
		o := Defaults()
		change(&o)
		err := o.complete()
		if (err == nil) != (len(want) == 0) {
			t.Errorf("complete: %v, want %q", err, want)
		}
		for _, w := range want {
			if err != nil && !strings.Contains(err.Error(), w) {
				t.Errorf("complete: %v, want %q in it", err, w)
			}
		}
	}
	f(func(*Options) {})
	f(func(o *Options) { o.Output = "json" })
	f(func(o *Options) { o.Output = "xml" }, `output "xml"`)
	f(func(o *Options) { o.Rate = 0 }, "rate 0")
	f(func(o *Options) { o.Rate = math.NaN() }, "rate NaN")
	f(func(o *Options) { o.Deadline, o.Duration = time.Millisecond, 0 }, "deadline 1ms", "duration 0s")
}

func TestDefaultsEndWithin150Seconds(t *testing.T) {
	o := Defaults()
	if err := o.complete(); err != nil {
		t.Fatal(err)
	}
	total := 2*o.warmUp + time.Duration(len(o.strategies))*(o.warmUp+o.Duration)
	if total > 145*time.Second {
		t.Errorf("the default demo takes %v without starting and stopping", total)
	}
}
