package main

import (
	"context"
	"io"
	"path"
	"strings"

	"hedged.dev/hedged/pkg/command"
	"hedged.dev/hedged/pkg/sim"
)

// runSuite plays several scenarios and says in which of them adaptive is not the best choice.
func (s *simulation) runSuite(ctx context.Context, std command.Streams) error {
	switch {
	case s.recording != "":
		return command.Usagef("--from is one upstream: leave it out of a suite")
	case s.dir != "":
		return command.Usagef("--out has the plots of one scenario: leave it out of a suite")
	}
	if err := s.checkFigures(); err != nil {
		return err
	}
	scenarios, err := s.suiteScenarios(std.Err)
	if err != nil {
		return err
	}
	o := sim.SuiteOptions{Seeds: s.seeds, Quick: s.quick}
	if o.Options, err = s.options(std); err != nil {
		return err
	}
	if s.output == "json" {
		suite, err := sim.RunSuite(ctx, scenarios, o)
		if err != nil {
			return err
		}
		return suite.WriteJSON(std.Out)
	}
	if err := sim.WriteSuiteHead(std.Out); err != nil {
		return err
	}
	o.Row = func(row sim.Row) error { return row.Write(std.Out) }
	suite, err := sim.RunSuite(ctx, scenarios, o)
	if err != nil {
		return err
	}
	return suite.WriteSum(std.Out)
}

// suiteScenarios are those that are asked for, or all that are built in.
func (s *simulation) suiteScenarios(stderr io.Writer) ([]sim.Scenario, error) {
	if len(s.scenarios) == 0 {
		return sim.Builtin(), nil
	}
	var all []sim.Scenario
	for _, name := range s.scenarios {
		if !strings.ContainsAny(name, "*?[") {
			scenario, err := namedScenario(name, stderr)
			if err != nil {
				return nil, err
			}
			all = append(all, scenario)
			continue
		}
		before := len(all)
		for _, known := range sim.Builtin() {
			if ok, err := path.Match(name, known.Name); err != nil {
				return nil, command.Usagef("--scenario: %s is not a pattern: %v", name, err)
			} else if ok {
				all = append(all, known)
			}
		}
		if len(all) == before {
			return nil, command.Usagef("no built-in scenario matches %s; --list shows those there are", name)
		}
	}
	return all, nil
}
