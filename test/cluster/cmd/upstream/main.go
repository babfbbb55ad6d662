package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	first, err := fromEnvironment()
	if err != nil {
		return err
	}
	grace := 2 * time.Second
	if g := os.Getenv("GRACE"); g != "" {
		if grace, err = duration(g); err != nil {
			return fmt.Errorf("GRACE: %w", err)
		}
	}
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	spans, err := newSpans(ctx, name)
	if err != nil {
		return err
	}
	e := newEndpoint(name, os.Getenv("SEED"), first, spans)
	server := &http.Server{Addr: ":8080", Handler: e.routes(), ReadHeaderTimeout: 10 * time.Second, Protocols: protocols()}

	ended := make(chan error, 1)
	go func() { ended <- server.ListenAndServe() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	if grace == 0 {
		return nil
	}
	e.leaving.Store(true)
	time.Sleep(grace) // the time that others need to hear of it
	last, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return errors.Join(server.Shutdown(last), spans.flush(last))
}

func fromEnvironment() (behaviour, error) {
	b := usual()
	for _, name := range settings() {
		var err error
		if b, err = b.with(name, os.Getenv(strings.ToUpper(name))); err != nil {
			return b, err
		}
	}
	return b, b.check()
}

// protocols are HTTP/1.1 and, without TLS as pods speak, HTTP/2.
func protocols() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	p.SetUnencryptedHTTP2(true)
	return p
}
