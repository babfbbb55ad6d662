package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"hedged.dev/hedged/pkg/command"
	"hedged.dev/hedged/pkg/inspect"
	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/record"
	"hedged.dev/hedged/pkg/sim"
)

// upstream is the model that is asked for: a recording's, a built-in one, or a
// file's.
func (s *simulation) upstream(std command.Streams) (sim.Scenario, error) {
	if s.recording != "" {
		return s.recorded(std)
	}
	return namedScenario(s.scenarios[0], std.Err)
}

// namedScenario is a built-in scenario or a file's. What is wrong with the file is
// told to stderr.
func namedScenario(name string, stderr io.Writer) (sim.Scenario, error) {
	var names []string
	for _, known := range sim.Builtin() {
		if known.Name == name {
			return known, nil
		}
		names = append(names, known.Name)
	}
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) && !looksLikeFile(name) {
		if guess, ok := command.Nearest(name, names); ok {
			return sim.Scenario{}, command.Usagef("no scenario is called %s; did you mean %s?", name, guess)
		}
		return sim.Scenario{}, command.Usagef("no scenario is called %s, and no file; --list shows those there are", name)
	}
	if err != nil {
		return sim.Scenario{}, fmt.Errorf("--scenario: %w", err)
	}
	scenario, err := sim.Load(data, name)
	if err != nil {
		fmt.Fprintln(stderr, err) // a line for each fault, with its place
		return sim.Scenario{}, command.ErrFound
	}
	return scenario, nil
}

func looksLikeFile(name string) bool {
	return strings.ContainsAny(name, `/\`) || strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") || strings.HasSuffix(name, ".json")
}

// recorded is the upstream of a recording, of one policy.
func (s *simulation) recorded(std command.Streams) (sim.Scenario, error) {
	attempts, err := s.attempts(std.In)
	if err != nil {
		return sim.Scenario{}, err
	}
	var ids []string
	for i := range attempts {
		if !slices.Contains(ids, attempts[i].Policy) {
			ids = append(ids, attempts[i].Policy)
		}
	}
	slices.Sort(ids)
	switch {
	case len(ids) == 0:
		return sim.Scenario{}, fmt.Errorf("%s holds no attempt; record while there are calls", s.recording)
	case s.policy == "" && len(ids) > 1:
		return sim.Scenario{}, command.Usagef("%s holds several policies; choose one: --policy %s", s.recording, strings.Join(ids, " or "))
	}
	i := 0
	if s.policy != "" {
		if i, err = inspect.Choose(s.policy, ids, s.recording); err != nil {
			return sim.Scenario{}, err
		}
	}
	scenario, err := sim.FromRecording(attempts, ids[i])
	if err != nil {
		return sim.Scenario{}, fmt.Errorf("%s: %w", s.recording, err)
	}
	return scenario, nil
}

func (s *simulation) attempts(stdin io.Reader) ([]record.Attempt, error) {
	if s.recording == "-" {
		return record.ReadAll(stdin, "-")
	}
	file, err := os.Open(s.recording)
	if err != nil {
		return nil, fmt.Errorf("--from: %w", err)
	}
	defer file.Close()
	return record.ReadAll(file, s.recording)
}

// choosePolicy reads the policy that is to be simulated. In a file of one it is
// that one, whatever the recording's is called.
func (s *simulation) choosePolicy(std command.Streams) (*policy.Policy, error) {
	var data []byte
	var err error
	if s.policies == "-" {
		data, err = io.ReadAll(std.In)
	} else {
		data, err = os.ReadFile(s.policies)
	}
	if err != nil {
		return nil, fmt.Errorf("-f: %w", err)
	}
	policies, faults := policy.Parse(data, policy.Options{Place: s.policies})
	for _, f := range faults {
		fmt.Fprintln(std.Err, f)
	}
	if len(faults.Errors()) > 0 {
		return nil, command.ErrFound
	}
	var ids []string
	for _, p := range policies {
		ids = append(ids, p.ID.String())
	}
	switch {
	case len(policies) == 0:
		return nil, fmt.Errorf("%s holds no policy", s.policies)
	case len(policies) == 1:
		return policies[0], nil
	case s.policy == "":
		return nil, command.Usagef("%s holds several policies; choose one: --policy %s", s.policies, strings.Join(ids, " or "))
	}
	i, err := inspect.Choose(s.policy, ids, s.policies)
	if err != nil {
		return nil, err
	}
	return policies[i], nil
}
