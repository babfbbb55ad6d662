package sim

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"

	"hedged.dev/hedged/pkg/hedge"
)

// Load reads a scenario document. place is where it is from. The error holds every
// fault, each with its line and what to do about it.
func Load(data []byte, place string) (Scenario, error) {
	r := &reader{place: place, marks: map[string]*yaml.Node{}}
	top := r.parse(data)
	if top == nil {
		return Scenario{}, r.err()
	}
	d := document{Scenario: defaults()}
	r.into(top, reflect.ValueOf(&d).Elem(), "")
	if len(r.faults) == 0 {
		r.check(&d.Scenario)
	}
	endpoints := min(max(d.Upstream.Endpoints, 1), hedge.MaxFanOut)
	d.Policy = r.compile(&d.Section, "policy", endpoints)
	for i := range d.Edits {
		e := &d.Edits[i]
		at := fmt.Sprintf("edits[%d].policy", i)
		e.Policy = r.compile(&e.Section, at, endpoints)
		if e.Policy != nil && d.Policy != nil && e.Policy.Deadline != d.Policy.Deadline {
			r.fault(member(at, "deadline"), "Forbidden: calls keep their deadline in a scenario: write policy.deadline, %v", d.Policy.Deadline)
		}
	}
	if err := r.err(); err != nil {
		return Scenario{}, err
	}
	return d.Scenario, nil
}

// document is a scenario with the section that is read apart.
type document struct {
	Scenario `yaml:",inline"`
	Section  yaml.Node `yaml:"policy"`
}

func defaults() Scenario {
	return Scenario{
		Arrivals: Poisson, Leaves: 1, Daemons: 1,
		Upstream: Upstream{Endpoints: 3, Balancing: Random},
	}
}

// err joins the faults in the order of their lines.
func (r *reader) err() error {
	faults := slices.Clone(r.faults)
	slices.SortStableFunc(faults, func(a, b fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	var errs []error
	for _, f := range faults {
		errs = append(errs, f)
	}
	return errors.Join(errs...)
}
