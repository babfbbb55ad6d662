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
	f(func(o *Options) { o.Scenario = "calm" }, `scenario "calm"`, "peaks, slow, slow-and-failing, brown-out, step")
	f(func(o *Options) { o.Rate = -1 }, "rate -1")
	f(func(o *Options) { o.Rate = math.NaN() }, "rate NaN")
	f(func(o *Options) { o.Deadline, o.Duration = time.Millisecond, -1 }, "deadline 1ms", "duration -1ns")
}

func TestDefaultsAreTheScenarios(t *testing.T) {
	f := func(name string, deadline, duration time.Duration, rate float64) {
		t.Helper()
		o := Defaults()
		o.Scenario = name
		if err := o.complete(); err != nil {
			t.Fatal(err)
		}
		if o.Deadline != deadline || o.Duration != duration || o.Rate != rate {
			t.Errorf("%s: deadline %v, duration %v, rate %g", name, o.Deadline, o.Duration, o.Rate)
		}
	}
	f("peaks", 250*time.Millisecond, 13*time.Second, 600)
	f("slow", 300*time.Millisecond, 15*time.Second, 500)
	f("slow-and-failing", 300*time.Millisecond, 15*time.Second, 500)
	f("brown-out", 200*time.Millisecond, 20*time.Second, 500)
	f("step", 150*time.Millisecond, 40*time.Second, 500)

	o := Defaults()
	o.Deadline, o.Duration, o.Rate = time.Second, time.Minute, 7
	if err := o.complete(); err != nil || o.Deadline != time.Second || o.Duration != time.Minute || o.Rate != 7 {
		t.Errorf("what is asked for is not kept: %+v, %v", o, err)
	}
}

func TestEveryScenarioEndsWithin150Seconds(t *testing.T) {
	for _, name := range Scenarios() {
		o := Defaults()
		o.Scenario = name
		if err := o.complete(); err != nil {
			t.Fatal(err)
		}
		total := 2*o.warmUp + time.Duration(len(o.strategies))*(o.warmUp+o.Duration)
		if total > 145*time.Second {
			t.Errorf("%s takes %v without starting and stopping", name, total)
		}
		if last := o.strategies[len(o.strategies)-1].name; last != champion {
			t.Errorf("the last strategy of %s is %s", name, last)
		}
	}
}
