package demo

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"hedged.dev/hedged/pkg/command"
	"hedged.dev/hedged/pkg/sim"
)

//go:embed situations/*.yaml
var situations embed.FS

// everySituation stands for all that come with the demo.
const everySituation = "all"

// Situations are the names of the simulator's documents that come with the demo, short
// enough to be played on sockets, in the order in which all of them are played.
func Situations() []string {
	return []string{"tail", "silence", "hiccup", "edit", "two-daemons", "silent-burst", "endpoint-peaks", "slowdown"}
}

// openSituations reads what is asked for: names of Situations, all of them, names of
// the simulator's scenarios, or files of scenarios.
func openSituations(names []string) ([]sim.Scenario, error) {
	if slices.Equal(names, []string{everySituation}) {
		names = Situations()
	}
	var all []sim.Scenario
	for _, name := range names {
		s, err := openSituation(name)
		if err != nil {
			return nil, err
		}
		if err := playable(&s); err != nil {
			return nil, fmt.Errorf("%s cannot be played on sockets: %w", name, err)
		}
		all = append(all, s)
	}
	return all, nil
}

func openSituation(name string) (sim.Scenario, error) {
	if slices.Contains(Situations(), name) {
		place := "situations/" + name + ".yaml"
		data, err := situations.ReadFile(place)
		if err != nil {
			return sim.Scenario{}, fmt.Errorf("read the situation %s: %w", name, err)
		}
		return sim.Load(data, place)
	}
	builtin := sim.Builtin()
	if i := slices.IndexFunc(builtin, func(s sim.Scenario) bool { return s.Name == name }); i >= 0 {
		return builtin[i], nil
	}
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(name, `./\`) {
		if guess, ok := command.Nearest(name, append(Situations(), everySituation)); ok {
			return sim.Scenario{}, command.Usagef("no situation is called %s; did you mean %s?", name, guess)
		}
		return sim.Scenario{}, command.Usagef("no situation is called %s, and no file: there are %s, %s, the names of hedged simulate --list, and files of scenarios",
			name, everySituation, strings.Join(Situations(), ", "))
	}
	if err != nil {
		return sim.Scenario{}, fmt.Errorf("--situation: %w", err)
	}
	return sim.Load(data, name)
}

// The most that is played on one machine: each strategy has replicas of its own, and
// all share the processors.
const (
	mostLiveRate     = 2000
	mostLiveReplicas = 32
	mostLiveDaemons  = 16
)

// playable says what of a scenario sockets cannot show, nil if there is nothing.
func playable(s *sim.Scenario) error {
	switch {
	case s.Leaves > 1:
		return fmt.Errorf("leaves: %d calls at the same instant would wait for each other's processor: only the simulator plays them", s.Leaves)
	case s.Rate > mostLiveRate:
		return fmt.Errorf("rate: %g calls a second are too many for a machine that plays replicas, daemons and clients: at most %d", s.Rate, mostLiveRate)
	case len(s.Pauses) > 0:
		return errors.New("pauses: a daemon cannot be made to stand still without the replicas and clients that share its process: only the simulator plays them")
	case s.Upstream.Endpoints > mostLiveReplicas:
		return fmt.Errorf("upstream.endpoints: at most %d replicas are started for each strategy", mostLiveReplicas)
	case s.Daemons > mostLiveDaemons:
		return fmt.Errorf("daemons: at most %d are started", mostLiveDaemons)
	}
	return nil
}
