package sim

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// SuiteOptions say how a suite is played.
type SuiteOptions struct {
	Options          // of each scenario; its seed does not count
	Seeds   []uint64 // the figures are means over these
	Quick   bool     // leaves out best-static, whose search takes longer than all other strategies together
	// Row is told each row as soon as it and those before it are there; it may be nil.
	Row func(Row) error
}

// Suite is what adaptive came to in several scenarios, against its best rivals.
type Suite struct {
	Seeds []uint64 `json:"seeds"`
	Rows  []Row    `json:"rows"` // in the order of the scenarios
	Lost  int      `json:"lost"` // rows
}

// RunSuite plays each scenario with each seed, as many at once as there are
// processors. The same scenarios and options give the same suite.
func RunSuite(ctx context.Context, scenarios []Scenario, o SuiteOptions) (Suite, error) {
	only, err := o.strategies()
	if err != nil {
		return Suite{}, err
	}
	o.Only = only
	suite := Suite{Seeds: o.Seeds, Rows: []Row{}}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0) + 1) // one of them only waits for the others, and tells rows
	rows := make([]chan Row, len(scenarios))
	for i := range rows {
		rows[i] = make(chan Row, 1)
	}
	group.Go(func() error {
		for _, next := range rows {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case row := <-next:
				suite.add(row)
				if o.Row == nil {
					continue
				}
				if err := o.Row(row); err != nil {
					return err
				}
			}
		}
		return nil
	})
	for i, s := range scenarios {
		group.Go(func() error {
			row, err := playRow(ctx, s, o)
			if err != nil {
				return err
			}
			rows[i] <- row
			return nil
		})
	}
	return suite, group.Wait()
}

func (s *Suite) add(row Row) {
	s.Rows = append(s.Rows, row)
	if len(row.Lost) > 0 {
		s.Lost++
	}
}

// strategies are those that a row tells of, as far as they are asked for.
func (o *SuiteOptions) strategies() ([]string, error) {
	judged := slices.DeleteFunc(Strategies(), func(name string) bool {
		return name != none && name != champion && !slices.Contains(rivalTable[:], name) || o.Quick && name == bestStatic
	})
	if o.Only == nil {
		return judged, nil
	}
	for _, name := range o.Only {
		if !slices.Contains(judged, name) {
			return nil, fmt.Errorf("this suite does not play %q: it plays %s", name, strings.Join(judged, ", "))
		}
	}
	return o.Only, nil
}

const (
	// suiteCalls is how many calls of a scenario a suite plays at most.
	suiteCalls = 200_000
	// suiteRoots is how many root calls it plays, also if these are more calls.
	suiteRoots = 5000
	// suiteAfter is how long a suite goes on after the last disturbance has begun, also
	// if that takes more calls.
	suiteAfter = time.Minute
)

// suiteCalls returns how many of the scenario's calls a suite plays.
func (s *Scenario) suiteCalls() int {
	most := max(suiteCalls, suiteRoots*s.Leaves)
	for _, d := range s.disturbances() {
		most = max(most, int(s.Rate*(d.from+suiteAfter).Seconds()))
	}
	return min(s.Calls, most)
}

// playRow plays one scenario with each seed.
func playRow(ctx context.Context, s Scenario, o SuiteOptions) (Row, error) {
	one := o.Options
	if one.Calls == 0 {
		one.Calls = s.suiteCalls()
	}
	var reports []Report
	for _, seed := range o.Seeds {
		one.Seed = seed
		report, err := Run(ctx, s, one)
		if err != nil {
			return Row{}, err
		}
		for i := range report.Results { // a suite needs the figures only
			report.Results[i].Timeline, report.Results[i].Plans = nil, nil
		}
		reports = append(reports, report)
	}
	return newRow(&s, reports), nil
}
