package discovery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// leastWait is the least time between two look-ups of a name, whatever its
	// records say, and the first wait after a failure.
	leastWait = time.Second
	// lookupTimeout bounds a look-up, with all its questions to all name servers.
	lookupTimeout = 15 * time.Second
)

// lookup is one name that is looked up again and again.
type lookup struct {
	names    *Names
	name     Name
	audience audience[Name]
	users    int // guarded by Names.mu
	ended    context.Context
	end      func()

	mu      sync.Mutex
	known   bool // whether a look-up has ended
	found   []Endpoint
	trouble trouble
}

func newLookup(n *Names, name Name) *lookup {
	l := &lookup{names: n, name: name}
	l.ended, l.end = context.WithCancel(context.Background())
	return l
}

// look is what there is to tell.
func (l *lookup) look() (s Set, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Set{Endpoints: l.found, NotFound: len(l.found) == 0, Problem: l.trouble.err}, l.known
}

// run looks the name up until ctx is done or nobody watches it any more.
func (l *lookup) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.ended, cancel)()
	for failures := 0; ; {
		wait, err := l.once(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			wait = min(leastWait<<min(failures, 10), l.name.Refresh)
			failures++
		} else {
			failures = 0
		}
		// Replicas that started together should not ask together for ever.
		wait = max(wait, leastWait)
		timer := time.NewTimer(wait - rand.N(wait/10))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// once looks the name up and says how long the answer is believed.
func (l *lookup) once(ctx context.Context) (believed time.Duration, err error) {
	timed, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	found, believed, err := l.ask(timed)
	if ctx.Err() == nil {
		l.learn(found, err)
	}
	return believed, err
}

// ask puts the question to name servers.
func (l *lookup) ask(ctx context.Context) (found []Endpoint, believed time.Duration, err error) {
	var ear ear
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := l.names.dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return ear.listen(c), nil
	}}
	addresses, err := resolver.LookupNetIP(ctx, "ip", l.name.Host)
	if err != nil {
		return nil, 0, err
	}
	for _, a := range addresses {
		found = append(found, Endpoint{Address: net.JoinHostPort(a.Unmap().String(), strconv.Itoa(l.name.Port))})
	}
	slices.SortFunc(found, func(a, b Endpoint) int { return cmp.Compare(a.Address, b.Address) })
	found = slices.Compact(found)
	// Of a name with addresses of both families a machine may reach one only.
	if reached := slices.DeleteFunc(slices.Clone(found), func(e Endpoint) bool { return !l.names.routed(e) }); len(reached) > 0 {
		found = reached
	}
	believed = l.name.Refresh
	if ttl, ok := ear.ttl(); ok {
		believed = min(believed, ttl)
	}
	return found, believed, nil
}

// learn takes up what a look-up has found. After a failure what was found before
// stands.
func (l *lookup) learn(found []Endpoint, err error) {
	kind := "failure"
	if missing := (*net.DNSError)(nil); errors.As(err, &missing) && missing.IsNotFound {
		kind = "not found"
	}
	l.mu.Lock()
	if err == nil {
		l.found = found
	} else {
		err = l.problem(err)
	}
	changed := l.trouble.set(kind, err)
	now := l.trouble
	l.known = true
	l.mu.Unlock()
	if changed {
		now.log(l.names.log, "addresses of "+l.name.Host)
	}
	l.audience.changed(l.name)
}

// steady is an error of the resolver without the port of the socket, which is
// another one at each try: the same trouble shall read the same.
func steady(err error) error {
	dns := (*net.DNSError)(nil)
	if !errors.As(err, &dns) || !strings.Contains(dns.Err, "->") {
		return err
	}
	same := *dns
	same.Err = dns.Err[strings.LastIndex(dns.Err, ": ")+2:]
	return &same
}

// problem says for people why there is no answer. It is called with the lock held.
func (l *lookup) problem(err error) error {
	err = steady(err)
	if len(l.found) > 0 {
		return fmt.Errorf("%w: the addresses found before are kept; check the record and the name servers", err)
	}
	return fmt.Errorf("%w: create the record, correct spec.upstream.dns.name, or check the name servers", err)
}
