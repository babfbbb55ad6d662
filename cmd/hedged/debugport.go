package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/spf13/pflag"
)

// debugPort is the debug port of a running daemon, as its reader sees it. It is
// a flag: an address with or without http:// before it.
type debugPort struct{ url string }

// fromFlag adds the flag that names the daemon.
func fromFlag(f *pflag.FlagSet, d *debugPort) {
	d.url = "http://127.0.0.1:8082"
	f.Var(d, "from", "the `URL` of the daemon's debug port, which serve opens at --admin-listen")
}

func (d *debugPort) String() string { return d.url }

// Type is the flag's placeholder in the help.
func (d *debugPort) Type() string { return "URL" }

// Set takes a URL, or an address alone.
func (d *debugPort) Set(text string) error {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return errors.New("must be an address, such as http://127.0.0.1:8082")
	}
	d.url = u.Scheme + "://" + u.Host
	return nil
}

// open asks for a page. The answer's body is to be closed.
func (d *debugPort) open(ctx context.Context, page string) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url+page, http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Close = true // a command asks once
	answer, err := http.DefaultClient.Do(r)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("nobody listens at %s: a daemon opens its debug port there with hedged serve --admin-listen ADDRESS", d.url)
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("%s: %w", d.url, errors.Unwrap(err)) // without the method that url.Error repeats
	case answer.StatusCode != http.StatusOK:
		_ = answer.Body.Close()
		return nil, fmt.Errorf("%s%s answers %d: no debug port of hedged, which hedged serve opens at --admin-listen", d.url, page, answer.StatusCode)
	}
	return answer.Body, nil
}

// read decodes a page of JSON.
func (d *debugPort) read(ctx context.Context, page string, into any) error {
	body, err := d.open(ctx, page)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := json.NewDecoder(body).Decode(into); err != nil {
		return fmt.Errorf("%s%s: %w; is it a daemon of another version?", d.url, page, err)
	}
	return nil
}
