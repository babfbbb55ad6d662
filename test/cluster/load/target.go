package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// Target is where calls go, and how a client gets there.
type Target struct {
	// Name is what results call it.
	Name string

	host      string
	addresses []string
	again     func(error) bool // whether a call that failed so is sent once more
	pause     time.Duration    // before that
	next      atomic.Uint64
	resent    atomic.Int64
	transport *http.Transport
}

// To makes a target of an address, HOST:PORT. The host header is empty for the
// address itself. A client without fresh keeps its connections, as Go's does.
func To(name, address, host string, fresh bool) *Target {
	return &Target{
		Name: name, host: host, addresses: []string{address},
		transport: &http.Transport{DisableKeepAlives: fresh, MaxIdleConnsPerHost: maxInFlight},
	}
}

// Among makes a target of several addresses that serve the same, one after the
// other. A call whose connection breaks is sent once more, to the next: that is
// what a client which knows several addresses does.
func Among(name string, addresses []string, host string) *Target {
	t := To(name, "", host, false)
	t.addresses, t.again = addresses, func(error) bool { return true }
	t.transport.DialContext = (&net.Dialer{Timeout: dialTimeout}).DialContext
	return t
}

// Persistent has a call whose connection is refused sent once more after a pause,
// and no other: that is the least that a client does in a cluster.
func (t *Target) Persistent(pause time.Duration) *Target {
	t.again = func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
	t.pause = pause
	return t
}

// dialTimeout is how long a client that knows another address waits for a
// connection: the address of a pod that is gone does not even refuse.
const dialTimeout = 200 * time.Millisecond

// Resent is how many calls were sent once more.
func (t *Target) Resent() int { return int(t.resent.Load()) }

func (t *Target) close() { t.transport.CloseIdleConnections() }

func (t *Target) call(ctx context.Context) error {
	n := t.next.Add(1)
	status, text, err := t.send(ctx, n)
	if err != nil && t.again != nil && t.again(err) && ctx.Err() == nil {
		t.resent.Add(1)
		time.Sleep(t.pause)
		status, text, err = t.send(ctx, n+1)
	}
	switch {
	case err != nil:
		return err
	case status/100 != 2:
		return fmt.Errorf("%d %s", status, text)
	}
	return nil
}

// send sends the n-th call and reads its answer to the end.
func (t *Target) send(ctx context.Context, n uint64) (status int, text string, err error) {
	address := t.addresses[n%uint64(len(t.addresses))]
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/", http.NoBody)
	if err != nil {
		return 0, "", err
	}
	request.Host = t.host
	response, err := t.transport.RoundTrip(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return 0, "", fmt.Errorf("body: %w", err)
	}
	return response.StatusCode, strings.Join(strings.Fields(string(body)), " "), nil
}
