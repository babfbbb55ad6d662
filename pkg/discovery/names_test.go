package discovery

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const host = "catalog.example.com"

// names runs Names that ask the server, until the test ends.
func names(t *testing.T, s *nameServer) (n *Names, log *bytes.Buffer) {
	t.Helper()
	log = new(bytes.Buffer)
	n = NewNames(NamesOptions{Log: slog.New(slog.NewTextHandler(log, nil))})
	n.dial, n.routed = s.pipe, func(Endpoint) bool { return true }
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = n.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return n, log
}

func catalogName(refresh time.Duration) Name { return Name{Host: host, Port: 443, Refresh: refresh} }

func TestNameIsLookedUpAgainWhenItsRecordsHaveLived(t *testing.T) {
	f := func(name string, ttl uint32, refresh, least, most time.Duration) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &nameServer{host: host, addresses: []string{"10.0.0.1"}, ttl: ttl}
				n, _ := names(t, s)
				d := newDiary()
				defer n.Watch(catalogName(refresh), d.update)()
				pass(10 * most)
				if s.count() < 10 {
					t.Fatalf("%d look-ups in %v", s.count(), 10*most)
				}
				gaps := map[time.Duration]bool{}
				for i, at := range s.asked[1:] {
					gap := at.Sub(s.asked[i])
					gaps[gap] = true
					if gap < least || gap > most {
						t.Errorf("%v between two look-ups", gap)
					}
				}
				if len(gaps) == 1 {
					t.Error("replicas that started together ask together for ever")
				}
			})
		})
	}
	f("by its TTL", 10, 30*time.Second, 9*time.Second, 10*time.Second)
	f("by refresh", 300, 30*time.Second, 27*time.Second, 30*time.Second)
	f("not more than once a second", 0, 30*time.Second, 900*time.Millisecond, time.Second)
}

func TestAddressesComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &nameServer{host: host, addresses: []string{"10.0.0.2", "10.0.0.1", "fd00::1"}, ttl: 5}
		n, _ := names(t, s)
		d := newDiary()
		defer n.Watch(catalogName(time.Minute), d.update)()
		if _, told, _ := d.last(); told != 0 {
			t.Error("told before the first look-up")
		}
		told := func(times int, want string) {
			t.Helper()
			if set, n, _ := d.last(); n != times || addresses(set) != want || set.Problem != nil || set.NotFound {
				t.Errorf("told %d times, want %d: %+v, want %q", n, times, set, want)
			}
		}
		synctest.Wait()
		told(1, "10.0.0.1:443 10.0.0.2:443 [fd00::1]:443")
		s.set(func(s *nameServer) { s.addresses = []string{"fd00::1", "10.0.0.1", "10.0.0.2", "10.0.0.1"} })
		pass(30 * time.Second)
		told(1, "10.0.0.1:443 10.0.0.2:443 [fd00::1]:443") // the same set
		s.set(func(s *nameServer) { s.addresses = []string{"10.0.0.3"} })
		pass(6 * time.Second)
		told(2, "10.0.0.3:443")
		s.set(func(s *nameServer) { s.addresses = []string{"10.0.0.3", "10.0.0.4"} })
		pass(6 * time.Second)
		told(3, "10.0.0.3:443 10.0.0.4:443")
	})
}

func TestFailureKeepsTheAddresses(t *testing.T) {
	failures := map[string]func(*nameServer){
		"server failure": func(s *nameServer) { s.code = dnsmessage.RCodeServerFailure },
		"no such name":   func(s *nameServer) { s.addresses = nil },
		"nobody answers": func(s *nameServer) { s.away = true },
	}
	for what, fail := range failures {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &nameServer{host: host, addresses: []string{"10.0.0.1"}, ttl: 5}
				n, log := names(t, s)
				d := newDiary()
				defer n.Watch(catalogName(30*time.Second), d.update)()
				synctest.Wait()
				s.set(fail)
				pass(10 * time.Minute)
				set, _, _ := d.last()
				if addresses(set) != "10.0.0.1:443" || set.NotFound || set.Problem == nil || !strings.Contains(set.Problem.Error(), "kept") {
					t.Errorf("%+v", set)
				}
				if n := strings.Count(log.String(), "cannot be read"); n != 1 {
					t.Errorf("told %d times: %s", n, log)
				}
				s.set(func(s *nameServer) { s.code, s.away, s.addresses = 0, false, []string{"10.0.0.2"} })
				pass(31 * time.Second)
				if set, _, _ = d.last(); addresses(set) != "10.0.0.2:443" || set.Problem != nil {
					t.Errorf("%+v", set)
				}
				if n := strings.Count(log.String(), "can be read again"); n != 1 {
					t.Errorf("its end told %d times: %s", n, log)
				}
			})
		})
	}
}

func TestNameThatWasNeverFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &nameServer{host: host}
		n, _ := names(t, s)
		d := newDiary()
		defer n.Watch(catalogName(30*time.Second), d.update)()
		synctest.Wait()
		set, _, _ := d.last()
		if !set.NotFound || set.Problem == nil || !strings.Contains(set.Problem.Error(), "no such host") || !strings.Contains(set.Problem.Error(), "spec.upstream.dns.name") {
			t.Errorf("%+v", set)
		}
		// 1, 2, 4, 8, 16 and then 30 seconds, a tenth less at most.
		pass(5 * time.Minute)
		if asked := s.count(); asked < 12 || asked > 17 {
			t.Errorf("asked %d times in 5 minutes", asked)
		}
		s.set(func(s *nameServer) { s.addresses, s.ttl = []string{"10.0.0.1"}, 60 })
		pass(31 * time.Second)
		if set, times, _ := d.last(); times != 2 || addresses(set) != "10.0.0.1:443" || set.NotFound || set.Problem != nil {
			t.Errorf("told %d times, %+v", times, set)
		}
	})
}

// A name is looked up once for all who watch it, and no more when nobody does.
func TestNameIsLookedUpForThoseWhoWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &nameServer{host: host, addresses: []string{"10.0.0.1"}, ttl: 10}
		n, _ := names(t, s)
		a, b, other := newDiary(), newDiary(), newDiary()
		stopA := n.Watch(catalogName(time.Minute), a.update)
		synctest.Wait()
		stopB := n.Watch(catalogName(time.Minute), b.update)
		if set, told, _ := b.last(); told != 1 || addresses(set) != "10.0.0.1:443" {
			t.Error("what is known was not told at once")
		}
		if asked := s.count(); asked != 1 {
			t.Errorf("asked %d times", asked)
		}
		stopOther := n.Watch(Name{Host: host, Port: 80, Refresh: time.Minute}, other.update)
		synctest.Wait()
		if set, _, _ := other.last(); addresses(set) != "10.0.0.1:80" {
			t.Errorf("%+v", set)
		}
		stopOther()
		stopA()
		s.set(func(s *nameServer) { s.addresses = []string{"10.0.0.2"} })
		pass(11 * time.Second)
		if set, _, _ := b.last(); addresses(set) != "10.0.0.2:443" {
			t.Errorf("%+v", set)
		}
		if _, told, _ := a.last(); told != 1 {
			t.Error("told after stop")
		}
		stopB()
		asked := s.count()
		pass(time.Hour)
		if s.count() != asked || len(n.lookups) != 0 {
			t.Errorf("looked up %d times for nobody; %v", s.count()-asked, n.lookups)
		}
	})
}

// The last to stop ends a look-up that nobody answers.
func TestStopEndsALookUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &nameServer{host: host}
		n, _ := names(t, s)
		started := make(chan struct{}, 10)
		n.dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			started <- struct{}{}
			<-ctx.Done()
			return nil, ctx.Err()
		}
		d := newDiary()
		stop := n.Watch(catalogName(time.Minute), d.update)
		<-started
		stop()
		synctest.Wait()
		if _, told, _ := d.last(); told != 0 {
			t.Errorf("told %d times", told)
		}
	})
}

// Of two families a machine may reach one only.
func TestWhatHasNoRouteIsLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &nameServer{host: host, addresses: []string{"10.0.0.1", "fd00::1"}, ttl: 5}
		n, _ := names(t, s)
		n.routed = func(e Endpoint) bool { return e.Address == "10.0.0.1:443" }
		d := newDiary()
		defer n.Watch(catalogName(time.Minute), d.update)()
		synctest.Wait()
		if set, _, _ := d.last(); addresses(set) != "10.0.0.1:443" {
			t.Errorf("%+v", set)
		}
		s.set(func(s *nameServer) { s.addresses = []string{"fd00::1"} })
		pass(6 * time.Second)
		if set, _, _ := d.last(); addresses(set) != "[fd00::1]:443" { // it is all there is
			t.Errorf("%+v", set)
		}
	})
}

func TestRouted(t *testing.T) {
	if !routed(Endpoint{Address: "127.0.0.1:443"}) || routed(Endpoint{Address: "[fe80::1%nowhere]:443"}) {
		t.Error("loopback has no route, or an interface that is not there has one")
	}
}

// Over real sockets, as datagrams and, for a long answer, over TCP.
func TestNameServerOnASocket(t *testing.T) {
	t.Parallel()
	for _, truncated := range []bool{false, true} {
		s := &nameServer{host: host, addresses: []string{"10.0.0.1", "fd00::1"}, ttl: 1, truncated: truncated}
		n, _ := names(t, s)
		n.dial = s.listen(t)
		d := newDiary()
		stop := n.Watch(catalogName(time.Hour), d.update)
		d.await(t, "the addresses", has("10.0.0.1:443 [fd00::1]:443"))
		s.set(func(s *nameServer) { s.addresses = []string{"10.0.0.2"} })
		d.await(t, "the next look-up, by the TTL", has("10.0.0.2:443"))
		stop()
		if s.set(func(s *nameServer) { truncated = s.streams > 0 }); truncated != s.truncated {
			t.Errorf("over TCP: %v", truncated)
		}
	}
}

func TestWatchBeforeAndAfterRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &nameServer{host: host, addresses: []string{"10.0.0.1"}, ttl: 5}
		n := NewNames(NamesOptions{Log: slog.New(slog.DiscardHandler)})
		n.dial = s.pipe
		n.routed = func(Endpoint) bool { return true }
		before, after := newDiary(), newDiary()
		defer n.Watch(catalogName(time.Minute), before.update)()
		pass(time.Minute)
		if s.count() != 0 {
			t.Error("looked up before Run")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_ = n.Run(ctx)
		if set, _, _ := before.last(); addresses(set) != "10.0.0.1:443" {
			t.Errorf("%+v", set)
		}
		defer n.Watch(Name{Host: host, Port: 80, Refresh: time.Minute}, after.update)()
		pass(time.Minute)
		if _, told, _ := after.last(); told != 0 || s.count() != 1 {
			t.Error("looked up after Run")
		}
	})
}

// The same trouble reads the same at each look-up, or it would be told of anew.
func TestTroubleReadsTheSameEachTime(t *testing.T) {
	f := func(cause, want string) {
		t.Helper()
		got := steady(&net.DNSError{Err: cause, Name: "catalog.example", Server: "10.96.0.10:53"}).Error()
		if got != "lookup catalog.example on 10.96.0.10:53: "+want {
			t.Errorf("%q", got)
		}
	}
	f("read udp 10.89.0.1:56240->10.96.0.10:53: i/o timeout", "i/o timeout")
	f("read udp [fd00::1]:56240->[fd00::a]:53: read: connection refused", "connection refused")
	f("no such host", "no such host")
}
