package inspect

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"syscall"
	"time"

	"hedged.dev/hedged/pkg/proxy"
)

// Kind is one of the two ports of a daemon that show pages.
type Kind int

// The kinds of ports.
const (
	Debug  Kind = iota // /config_dump, /upstreams, /stats
	Health             // /livez, /readyz, /metrics
)

func (k Kind) String() string {
	if k == Health {
		return "health port"
	}
	return "debug port"
}

// flag is the flag of hedged serve that opens such a port.
func (k Kind) flag() string {
	if k == Health {
		return "--health-listen"
	}
	return "--admin-listen"
}

// Port is a port of a running daemon, as its reader sees it.
type Port struct {
	Kind   Kind
	URL    string       // its scheme and address, such as http://127.0.0.1:8082
	Name   string       // what messages call it; "" is the URL
	Client *http.Client // what reaches it; nil is http.DefaultClient
}

func (p Port) String() string { return cmp.Or(p.Name, p.URL) }

// Open asks for a page. The answer's body is to be closed.
func (p Port) Open(ctx context.Context, page string) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+page, http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Close = true // a command asks once
	answer, err := cmp.Or(p.Client, http.DefaultClient).Do(r)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("nobody listens at %s: a daemon opens its %s there with hedged serve %s ADDRESS", p, p.Kind, p.Kind.flag())
	case err != nil && ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", p, context.Cause(ctx))
	case err != nil:
		return nil, fmt.Errorf("%s: %w", p, errors.Unwrap(err)) // without the method that url.Error repeats
	case answer.StatusCode != http.StatusOK:
		_ = answer.Body.Close()
		return nil, fmt.Errorf("%s%s answers %d: no %s of hedged, which hedged serve opens at %s", p, page, answer.StatusCode, p.Kind, p.Kind.flag())
	}
	return answer.Body, nil
}

// Read decodes a page of JSON.
func (p Port) Read(ctx context.Context, page string, into any) error {
	body, err := p.Open(ctx, page)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := json.NewDecoder(body).Decode(into); err != nil {
		return fmt.Errorf("%s%s: %w; is it a daemon of another version?", p, page, err)
	}
	return nil
}

// Config is what a daemon says of its policies on /config_dump.
type Config struct {
	Policies  []proxy.PolicyView `json:"policies"`  // those in force
	Documents []Document         `json:"documents"` // what its sources hold, good or bad
}

// Document is what a daemon says of a policy document.
type Document struct {
	Policy    string    `json:"policy"` // namespace/name; "" if it cannot be read
	Place     string    `json:"place"`
	Line      int       `json:"line"`
	Condition string    `json:"condition"` // Accepted, Invalid, Conflicted
	Serving   string    `json:"servingRevision"`
	Observed  string    `json:"observedRevision"`
	Since     time.Time `json:"since"`
	Message   string    `json:"message"` // what serves
	Faults    []string  `json:"faults"`
}

// Config asks for the policies.
func (p Port) Config(ctx context.Context) (Config, error) {
	var c Config
	err := p.Read(ctx, "/config_dump", &c)
	return c, err
}
