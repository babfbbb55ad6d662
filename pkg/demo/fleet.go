package demo

import (
	"errors"
	"time"
)

// fleet is the replicas of the demo's upstream.
type fleet []*replica

// newFleet starts n replicas. They behave when a run begins.
func newFleet(n int) (fleet, error) {
	var f fleet
	for index := range n {
		r, err := newReplica(index)
		if err != nil {
			return nil, errors.Join(err, f.close())
		}
		f = append(f, r)
	}
	return f, nil
}

// begin starts a run: from now on each replica behaves anew, and the attempts of
// the next calls, numbered from 0, are counted.
func (f fleet) begin(behaviour func(replica int) behaviour, calls int) *tally {
	return f.beginAt(time.Now(), behaviour, calls)
}

// beginAt starts a run whose time counts from that instant, which may be to come.
func (f fleet) beginAt(start time.Time, behaviour func(replica int) behaviour, calls int) *tally {
	t := newTally(start, len(f), calls)
	for i, r := range f {
		r.stint.Store(&stint{tally: t, behaviour: behaviour(i)})
	}
	return t
}

// addresses are the endpoints as a policy writes them.
func (f fleet) addresses() []string {
	var list []string
	for _, r := range f {
		list = append(list, "http://"+r.address())
	}
	return list
}

// names are the replicas by their address.
func (f fleet) names() map[string]string {
	names := make(map[string]string, len(f))
	for _, r := range f {
		names[r.address()] = r.name
	}
	return names
}

// close stops every replica.
func (f fleet) close() error {
	var errs []error
	for _, r := range f {
		errs = append(errs, r.close())
	}
	return errors.Join(errs...)
}
