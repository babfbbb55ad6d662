package sim

import (
	"embed"
	"fmt"
)

//go:embed scenarios
var scenarios embed.FS

// Builtin returns the scenarios that come with the program.
func Builtin() []Scenario {
	var all []Scenario
	add := func(names ...string) {
		for _, name := range names {
			all = append(all, builtin(name))
		}
	}
	add("iid-loss", "independent-peaks", "shared-peak", "heavy-tail-100")
	queueing := builtin("queueing")
	for _, load := range [...]int{30, 50, 70, 85, 95} {
		all = append(all, loaded(queueing, load))
	}
	for _, load := range [...]int{30, 50, 70, 85, 95} {
		s := loaded(queueing, load)
		s.Name += "-cancel"
		s.Description += "; they drop what is given up"
		q := *s.Upstream.Queue
		q.Cancel = true
		s.Upstream.Queue = &q
		all = append(all, s)
	}
	add("shedding", "regime-change")
	metastable := builtin("metastable")
	for _, load := range [...]int{50, 70, 85} {
		all = append(all, loaded(metastable, load))
	}
	add("brown-out", "step", "slow", "slow-and-failing", "peaks")
	add("brownouts", "burst-often", "burst-silent", "fail-fast-5pct", "fan-100-low", "light-tail", "pareto-2s", "peaks-100",
		"queue-60-cancel", "silent-30pct", "slowdown-x3", "surge-queue", "tail-1s-20", "tail-1s-500", "tail-1s-idle", "tight")
	add("hiccups", "hiccups-own", "slow-moment", "pauses", "one-slow", "one-failing", "endpoint-restarts", "silence-5", "silence-50", "silence-500",
		"edits", "daemon-restarts", "daemons-2-60", "daemons-2-85", "daemons-8-60", "daemons-8-85", "daemons-16-60", "daemons-16-85")
	return all
}

// loaded returns the scenario at that load, in percent, for the same time.
func loaded(s Scenario, load int) Scenario {
	s.Name = fmt.Sprintf("%s-%d", s.Name, load)
	s.Description += fmt.Sprintf(", at %d %% load", load)
	s.Calls = s.Calls * load / 100
	s.Rate *= float64(load) / 100
	return s
}

// builtin reads an embedded document.
func builtin(name string) Scenario {
	place := "scenarios/" + name + ".yaml"
	data, err := scenarios.ReadFile(place)
	if err == nil {
		var s Scenario
		if s, err = Load(data, place); err == nil {
			return s
		}
	}
	panic(fmt.Sprintf("the scenario %s is broken: %v", name, err)) // a test loads each
}
