package kube

import (
	"context"
	"errors"
	"net/url"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"

	"hedged.dev/hedged/pkg/access"
)

// leases stands between the election and the API server: it tells what goes wrong
// in plain words, makes the election wait longer and longer where something is
// refused, and gives the Lease its owner. One goroutine at a time uses it.
type leases struct {
	coordinationclient.LeaseInterface
	options LeadOptions
	trouble *trouble
	pauses  pauses
	refused map[string]error // by verb, like pauses
}

func newLeases(o LeadOptions) *leases {
	return &leases{
		LeaseInterface: o.Client.CoordinationV1().Leases(o.Namespace),
		options:        o,
		trouble:        newTrouble(o.Log, "the Lease cannot be held, trying again later"),
		pauses:         make(pauses),
		refused:        make(map[string]error),
	}
}

// Leases is what the election asks for.
func (l *leases) Leases(string) coordinationclient.LeaseInterface { return l }

func (l *leases) Get(ctx context.Context, name string, o metav1.GetOptions) (*coordinationv1.Lease, error) {
	return l.do(ctx, "get", func(ctx context.Context) (*coordinationv1.Lease, error) {
		return l.LeaseInterface.Get(ctx, name, o)
	})
}

func (l *leases) Create(ctx context.Context, lease *coordinationv1.Lease, o metav1.CreateOptions) (*coordinationv1.Lease, error) {
	lease.OwnerReferences = owners(l.options.Owner)
	return l.do(ctx, "create", func(ctx context.Context) (*coordinationv1.Lease, error) {
		return l.LeaseInterface.Create(ctx, lease, o)
	})
}

func (l *leases) Update(ctx context.Context, lease *coordinationv1.Lease, o metav1.UpdateOptions) (*coordinationv1.Lease, error) {
	lease.OwnerReferences = owners(l.options.Owner) // an earlier one's is about to be removed
	return l.do(ctx, "update", func(ctx context.Context) (*coordinationv1.Lease, error) {
		return l.LeaseInterface.Update(ctx, lease, o)
	})
}

// do asks the API server, unless it refused this and the pause after that lasts.
func (l *leases) do(ctx context.Context, verb string, ask func(context.Context) (*coordinationv1.Lease, error)) (*coordinationv1.Lease, error) {
	if time.Now().Before(l.pauses.until(verb)) {
		return nil, l.refused[verb]
	}
	bounded, cancel := context.WithTimeout(ctx, l.options.Renew/2)
	defer cancel()
	lease, err := ask(bounded)
	switch {
	case ctx.Err() != nil: // says nothing
	case err == nil, apierrors.IsNotFound(err), apierrors.IsConflict(err), apierrors.IsAlreadyExists(err):
		// These errors are the election's daily business.
		l.pauses.worked(verb)
		l.trouble.tell(ctx, verb, nil)
		l.trouble.tell(ctx, unreachable, nil)
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		l.refused[verb] = err
		l.pauses.failed(verb, time.Now())
		l.trouble.tell(ctx, verb, access.Refused(err, verb, "leases.coordination.k8s.io", l.options.Namespace))
	case l.trouble.told[unreachable] == "": // one cause is enough: it changes while an outage lasts
		l.trouble.tell(ctx, unreachable, cause(err))
	}
	return lease, err
}

// unreachable names the trouble that is the same for every verb.
const unreachable = ""

// cause is err without verb and address, which change from one try to the next.
func cause(err error) error {
	var request *url.Error
	if errors.As(err, &request) {
		return request.Err
	}
	return err
}
