package proxy_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
)

func TestInformationalAnswers(t *testing.T) {
	t.Parallel()
	f := start(t, "", serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</x>")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusProcessing)
		_, _ = io.WriteString(w, "final")
	}))
	if got := f.get(t, "/"); got.StatusCode != http.StatusOK || got.body != "final" {
		t.Errorf("%s %q", got.Status, got.body)
	}
}

func TestAnswersWithoutABody(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"HTTP1", "H2C"} {
		for _, commit := range []string{"Headers", "FirstByte", "Body"} {
			t.Run(protocol+" "+commit, func(t *testing.T) {
				t.Parallel()
				f := start(t, "commit: "+commit+"\nupstream.protocol: "+protocol, serve(t, func(w http.ResponseWriter, r *http.Request) {
					switch r.URL.Path {
					case "/204":
						w.WriteHeader(http.StatusNoContent)
					case "/304":
						w.Header().Set("Etag", `"x"`)
						w.WriteHeader(http.StatusNotModified)
					case "/0":
						w.Header().Set("Content-Length", "0")
					default:
						w.Header().Set("Content-Length", "1234")
						if r.Method != http.MethodHead {
							_, _ = io.WriteString(w, pattern(1234))
						}
					}
				}))
				if got := f.call(t, http.MethodHead, "/x", nil); got.StatusCode != http.StatusOK || got.ContentLength != 1234 || got.body != "" {
					t.Errorf("HEAD: %s, length %d, %q", got.Status, got.ContentLength, got.body)
				}
				if got := f.get(t, "/204"); got.StatusCode != http.StatusNoContent || got.body != "" || got.Header["Content-Length"] != nil {
					t.Errorf("204: %s %q %v", got.Status, got.body, got.Header)
				}
				if got := f.get(t, "/304"); got.StatusCode != http.StatusNotModified || got.Header.Get("Etag") != `"x"` {
					t.Errorf("304: %s %v", got.Status, got.Header)
				}
				if got := f.get(t, "/0"); got.StatusCode != http.StatusOK || got.ContentLength != 0 {
					t.Errorf("0: %s %d", got.Status, got.ContentLength)
				}
				if got := f.get(t, "/x"); got.body != pattern(1234) {
					t.Errorf("GET after all that: %s %q", got.Status, got.body)
				}
			})
		}
	}
}

// A problem for a HEAD has no body, and the connection goes on.
func TestAProblemForHEAD(t *testing.T) {
	t.Parallel()
	f := start(t, "", nobody(t))
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", f.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	answers := bufio.NewReader(c)
	for range 2 {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodHead, "http://shop/", http.NoBody)
		if err := r.Write(c); err != nil {
			t.Fatal(err)
		}
		got, err := http.ReadResponse(answers, r)
		if err != nil || got.StatusCode != http.StatusBadGateway || got.ContentLength <= 0 {
			t.Fatalf("%v %v", got, err)
		}
	}
}
