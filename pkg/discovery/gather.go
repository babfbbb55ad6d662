package discovery

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// gather makes the set of a Service of which this is kept, nil if it does not
// exist, and of its slices.
func gather(of Service, s *service, all map[string]*slice) Set {
	to, err := s.port(of)
	if err != nil {
		return Set{NotFound: true, Problem: err}
	}
	pods := map[string]candidate{}
	for _, sl := range all {
		number := to.number
		if !to.direct {
			number = sl.port(to.name)
		}
		if number == 0 {
			continue
		}
		for _, m := range sl.members {
			c := candidate{member: m, address: address(m.ip, number), first: sl.family == s.first}
			id := cmp.Or(m.pod, c.address)
			if other, ok := pods[id]; !ok || c.before(other) {
				pods[id] = c
			}
		}
	}
	candidates := slices.Collect(maps.Values(pods))
	set := Set{Endpoints: usable(candidates)}
	for _, c := range candidates {
		if c.state == unready {
			set.unready = append(set.unready, c.address)
		}
	}
	return set
}

// orElse goes on with endpoints of the set before, if none is to be had now and these
// are still listed. All become unready at once when their node is not heard of, or
// when a peak fails their probes: to call them may fail, to call nobody must.
func (s Set) orElse(before Set) Set {
	if len(s.Endpoints) > 0 || s.NotFound {
		return s
	}
	for _, e := range before.Endpoints {
		if slices.Contains(s.unready, e.Address) {
			s.Endpoints = append(s.Endpoints, e)
		}
	}
	if len(s.Endpoints) > 0 && s.Problem == nil {
		s.Problem = errUnready
	}
	return s
}

var errUnready = errors.New("no endpoint is ready: calls go on to those that were; look at the pods' readiness probes, and at their node")

// candidate is an address at which a pod may be had.
type candidate struct {
	member
	address string
	first   bool // of the family that the Service prefers
}

// before reports whether c speaks for a pod rather than o. A pod in two families
// is one endpoint: two attempts at it would not be two chances. One that is in two
// slices of a family is being moved between them.
func (c candidate) before(o candidate) bool {
	switch {
	case c.first != o.first:
		return c.first
	case c.state != o.state:
		return c.state > o.state
	default:
		return c.address < o.address
	}
}

// usable are the candidates that are ready, or else those that are leaving and
// still serve.
func usable(all []candidate) []Endpoint {
	want := leaving
	for _, c := range all {
		if c.state == ready {
			want = ready
		}
	}
	var endpoints []Endpoint
	hinted := true
	for _, c := range all {
		if c.state == want {
			endpoints = append(endpoints, Endpoint{Address: c.address, Near: c.near})
			hinted = hinted && c.hinted
		}
	}
	if !hinted { // hints are being made: to go by a part of them would send all calls there
		for i := range endpoints {
			endpoints[i].Near = false
		}
	}
	slices.SortFunc(endpoints, func(a, b Endpoint) int { return cmp.Compare(a.Address, b.Address) })
	return slices.CompactFunc(endpoints, func(a, b Endpoint) bool { return a.Address == b.Address })
}

// wanted is the port of endpoints: by its name in their slices, or direct.
type wanted struct {
	name   string
	number int32
	direct bool
}

// port finds the port that is asked for.
func (s *service) port(of Service) (wanted, error) {
	who := "Service " + of.Namespace + "/" + of.Name
	if s == nil {
		return wanted{}, fmt.Errorf("%s does not exist: create it, or correct spec.upstream.service", who)
	}
	if s.external != "" {
		return wanted{}, fmt.Errorf("%s is of type ExternalName and has no endpoints: use upstream.dns with the name %s", who, s.external)
	}
	number, err := strconv.ParseUint(of.Port, 10, 16)
	isNumber := err == nil
	if s.headless && len(s.ports) == 0 && isNumber {
		return wanted{number: int32(number), direct: true}, nil // it does not map ports
	}
	for _, p := range s.ports {
		if isNumber && uint64(p.number) == number || !isNumber && p.name == of.Port {
			return wanted{name: p.name}, nil
		}
	}
	if len(s.ports) == 0 {
		return wanted{}, fmt.Errorf("%s has no TCP port: give it one, or correct spec.upstream.service", who)
	}
	var have []string
	for _, p := range s.ports {
		have = append(have, p.String())
	}
	return wanted{}, fmt.Errorf("%s has no TCP port %s: it has %s: correct spec.upstream.service.port", who, of.Port, strings.Join(have, ", "))
}

func (p port) String() string {
	if p.name == "" {
		return strconv.Itoa(int(p.number))
	}
	return fmt.Sprintf("%s (%d)", p.name, p.number)
}

// port is the number that its endpoints have for a port of the Service; 0 for none.
func (s *slice) port(name string) int32 {
	for _, p := range s.ports {
		if p.name == name {
			return p.number
		}
	}
	return 0
}
