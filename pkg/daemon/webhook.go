package daemon

import (
	"context"
	"crypto/tls"
	"log/slog"

	"hedged.dev/hedged/pkg/control"
	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/source"
	"hedged.dev/hedged/pkg/webhook"
)

// Webhook is where the API server asks whether policies are valid.
type Webhook struct {
	Listen            string // address, HTTPS
	CertFile, KeyFile string // read again when they change
}

// listen binds the address.
func (w *Webhook) listen(ctx context.Context, clusterDomain string, log *slog.Logger) (*server, error) {
	config, err := webhook.Certificates(w.CertFile, w.KeyFile, log)
	if err != nil {
		return nil, err
	}
	judge := func(files []source.File) policy.Faults { return control.Findings(control.Judge(files, clusterDomain)) }
	s, err := listen(ctx, "the webhook", w.Listen, webhook.New(webhook.Options{Judge: judge, Log: log}), log)
	if err != nil {
		return nil, err
	}
	s.listener = tls.NewListener(s.listener, config)
	return s, nil
}
