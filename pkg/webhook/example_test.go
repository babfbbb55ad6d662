package webhook_test

import (
	"fmt"
	"log/slog"
	"net/http"

	"hedged.dev/hedged/pkg/control"
	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/source"
	"hedged.dev/hedged/pkg/webhook"
)

// A webhook is served over TLS, with a certificate that may be renewed under it.
func Example() {
	log := slog.New(slog.DiscardHandler)
	handler := webhook.New(webhook.Options{
		Judge: func(files []source.File) policy.Faults {
			return control.Findings(control.Judge(files, "cluster.local"))
		},
		Log: log,
	})
	config, err := webhook.Certificates("/etc/webhook/tls.crt", "/etc/webhook/tls.key", log)
	if err != nil {
		fmt.Println(err)
		return
	}
	server := http.Server{Addr: ":8443", Handler: handler, TLSConfig: config}
	fmt.Println(server.ListenAndServeTLS("", ""))
	// Output:
	// the webhook's certificate /etc/webhook/tls.crt with key /etc/webhook/tls.key: open /etc/webhook/tls.crt: no such file or directory
}
