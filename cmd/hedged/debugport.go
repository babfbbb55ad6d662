package main

import (
	"errors"
	"net/url"
	"strings"

	"github.com/spf13/pflag"

	"hedged.dev/hedged/pkg/inspect"
)

// debugPort is the debug port of a running daemon as a flag: an address with or
// without http:// before it.
type debugPort struct{ inspect.Port }

// fromFlag adds the flag that names the daemon.
func fromFlag(f *pflag.FlagSet, d *debugPort) {
	d.URL = "http://127.0.0.1:8082"
	f.Var(d, "from", "the `URL` of the daemon's debug port, which serve opens at --admin-listen")
}

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
	d.URL = u.Scheme + "://" + u.Host
	return nil
}
