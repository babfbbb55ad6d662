package kube

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// candidate is one pod that wants to lead.
type candidate struct {
	*place
	leads  atomic.Bool
	ended  chan struct{} // closed when Lead has returned
	cancel context.CancelFunc
}

// run starts a candidate. While it leads it calls work, if there is any, and
// waits for its context. Together counts those that lead.
func run(p *place, identity string, together *atomic.Int64, work func(context.Context)) *candidate {
	ctx, cancel := context.WithCancel(p.t.Context())
	c := &candidate{place: p, ended: make(chan struct{}), cancel: cancel}
	o := c.options(identity)
	go func() {
		defer close(c.ended)
		err := Lead(ctx, o, func(ctx context.Context) {
			if together.Add(1) > 1 {
				p.t.Error("two pods lead")
			}
			c.leads.Store(true)
			if work != nil {
				work(ctx)
			}
			<-ctx.Done()
			c.leads.Store(false)
			together.Add(-1)
		})
		if err != nil {
			p.t.Error(err)
		}
	}()
	p.t.Cleanup(func() { cancel(); <-c.ended })
	return c
}

func (c *candidate) options(identity string) LeadOptions {
	return LeadOptions{
		Client: c.client, Namespace: c.namespace, Name: "hedged", Identity: identity, Log: c.log.logger(),
		Duration: 3 * time.Second, Renew: 1500 * time.Millisecond, Retry: 100 * time.Millisecond,
	}
}

func (p *place) lease() *coordinationv1.Lease {
	p.t.Helper()
	l, err := p.client.CoordinationV1().Leases(p.namespace).Get(p.t.Context(), "hedged", metav1.GetOptions{})
	must(p.t, err)
	return l
}

func leading(c *candidate) func() error {
	return func() error {
		if !c.leads.Load() {
			return errors.New("it does not lead: " + c.log.String())
		}
		return nil
	}
}

// A pod that is cut off stops leading before another one begins, and takes part
// again when it is back.
func TestLeaderThatIsCutOffIsReplacedAndComesBack(t *testing.T) {
	t.Parallel()
	var together atomic.Int64
	admin := newPlace(t)
	a := run(newPlaceAs(t, admin.namespace, server.Config), "a", &together, nil)
	eventually(t, leading(a))
	b := run(newPlaceAs(t, admin.namespace, server.Config), "b", &together, nil)

	a.cut.Store(true)
	eventually(t, leading(b))
	if a.leads.Load() {
		t.Error("a leads still")
	}
	a.cut.Store(false)
	b.cancel()
	eventually(t, leading(a))
	for _, line := range []string{"the Lease cannot be held", "the wire is cut", "the Lease is lost", "over: the Lease"} {
		if a.log.count(line) == 0 {
			t.Errorf("a did not say %q:\n%s", line, a.log)
		}
	}
	if n := a.log.count("the Lease cannot be held, trying again later"); n != 2 { // and its end
		t.Errorf("a said it %d times:\n%s", n, a.log)
	}
}

func TestLeaseIsGivenBackAfterRunHasReturned(t *testing.T) {
	t.Parallel()
	var together atomic.Int64
	admin := newPlace(t)
	last := make(chan struct{})
	a := run(newPlaceAs(t, admin.namespace, server.Config), "a", &together, func(ctx context.Context) {
		<-ctx.Done()
		<-last // such as the last write
	})
	eventually(t, leading(a))
	renewed := admin.lease().Spec.RenewTime
	a.cancel()
	eventually(t, func() error {
		if !admin.lease().Spec.RenewTime.After(renewed.Time) {
			return errors.New("the Lease is not renewed while run finishes")
		}
		return nil
	})
	if holder := *admin.lease().Spec.HolderIdentity; holder != "a" {
		t.Errorf("the Lease is held by %q before run has returned", holder)
	}
	close(last)
	<-a.ended
	if holder := admin.lease().Spec.HolderIdentity; holder != nil && *holder != "" {
		t.Errorf("the Lease is held by %q afterwards", *holder)
	}
}

func TestLeadEndsWithoutHavingLed(t *testing.T) {
	t.Parallel()
	var together atomic.Int64
	admin := newPlace(t)
	a := run(newPlaceAs(t, admin.namespace, server.Config), "a", &together, nil)
	eventually(t, leading(a))
	b := run(newPlaceAs(t, admin.namespace, server.Config), "b", &together, nil)
	eventually(t, func() error {
		if b.log.count("another pod leads") == 0 {
			return errors.New("b does not know who leads")
		}
		return nil
	})
	b.cancel()
	<-b.ended
	if holder := *admin.lease().Spec.HolderIdentity; holder != "a" {
		t.Errorf("the Lease is held by %q", holder)
	}
}

func TestLeadRefusesTimesThatCannotWork(t *testing.T) {
	t.Parallel()
	o := (&candidate{place: newPlace(t)}).options("a")
	o.Duration = time.Second
	err := Lead(t.Context(), o, func(context.Context) { t.Error("it leads") })
	if err == nil || !strings.Contains(err.Error(), "leaseDuration") {
		t.Error(fmt.Errorf("error: %w", err))
	}
}
