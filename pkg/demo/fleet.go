package demo

import "errors"

// fleet is the replicas of the demo's upstream.
type fleet []*replica

// newFleet starts n replicas whose peaks begin now.
func newFleet(seed uint64, n int) (fleet, error) {
	first := newTally(n, 0)
	var f fleet
	for index := range n {
		r, err := newReplica(seed, index, newTimeline(seed, index), first)
		if err != nil {
			return nil, errors.Join(err, f.close())
		}
		f = append(f, r)
	}
	return f, nil
}

// begin starts the peaks anew, from now, and counts the attempts of the next
// calls, numbered from 0.
func (f fleet) begin(calls int) *tally {
	t := newTally(len(f), calls)
	for _, r := range f {
		r.began.Store(t)
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
