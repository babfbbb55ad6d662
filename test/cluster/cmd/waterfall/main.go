// Command waterfall draws a trace that Jaeger has as an SVG picture:
//
//	waterfall -title "A hedge won" trace.json > trace.svg
//	waterfall http://localhost:16686/api/v3/traces/4bf92f3577b34da6a3ce929d0e0e4736 > trace.svg
//
// The file is an answer of that address; without one it is read from standard
// input.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"hedged.dev/hedged/test/cluster/trace"
	"hedged.dev/hedged/test/cluster/waterfall"
)

func main() {
	title := flag.String("title", "A call through hedged", "what stands above the picture")
	flag.Parse()
	if err := draw(os.Stdout, *title, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "waterfall:", err)
		os.Exit(1)
	}
}

func draw(out io.Writer, title, from string) error {
	data, err := read(from)
	if err != nil {
		return err
	}
	traces, err := trace.Decode(data)
	if err != nil {
		return err
	}
	if len(traces) != 1 {
		return fmt.Errorf("there are %d traces in it: give it the answer of /api/v3/traces/ID", len(traces))
	}
	_, err = out.Write(waterfall.Draw(&traces[0], title))
	return err
}

func read(from string) ([]byte, error) {
	switch {
	case from == "" || from == "-":
		return io.ReadAll(os.Stdin)
	case !strings.Contains(from, "://"):
		return os.ReadFile(from)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", from, response.Status, body)
	}
	return body, err
}
