package inspect

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"hedged.dev/hedged/pkg/proxy"
	"hedged.dev/hedged/pkg/source"
)

// What explain and validate write is held by the golden files of cmd/hedged.

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestChoose(t *testing.T) {
	ids := []string{"shop/catalog", "shop/search", "default/search"}
	f := func(name string, want int, wrong string) {
		t.Helper()
		i, err := Choose(name, ids, "the daemon")
		if err == nil && (wrong != "" || i != want) || err != nil && err.Error() != wrong {
			t.Errorf("%s: %d, %v; want %d, %s", name, i, err, want, wrong)
		}
	}
	f("catalog", 0, "")
	f("default/search", 2, "")
	f("search", 0, "the daemon has several policies search; say which: shop/search or default/search")
	f("catalogue", 0, "the daemon has no policy catalogue; did you mean catalog?")
	f("shop/catalogue", 0, "the daemon has no policy shop/catalogue; did you mean shop/catalog?")
	f("x", 0, "the daemon has no policy x; it has shop/catalog, shop/search, default/search")
}

func TestPortErrors(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metrics" {
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	f := func(p Port, page, want string) {
		t.Helper()
		if err := p.Read(t.Context(), page, new(Config)); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	f(Port{URL: s.URL, Name: "pod x"}, "/config_dump", "pod x/config_dump: EOF; is it a daemon of another version?")
	f(Port{URL: s.URL, Kind: Health}, "/metrics", s.URL+"/metrics answers 404: no health port of hedged, which hedged serve opens at --health-listen")
	f(Port{URL: "http://127.0.0.1:1"}, "/config_dump",
		"nobody listens at http://127.0.0.1:1: a daemon opens its debug port there with hedged serve --admin-listen ADDRESS")
}

// TestTargetIsExplained: where endpoints are found by a Service or a name, it is
// told, and what is wrong with it.
func TestTargetIsExplained(t *testing.T) {
	f := func(u proxy.UpstreamView, want string) {
		t.Helper()
		var b strings.Builder
		x := Explanation{Upstream: u}
		if err := x.Write(&b); err != nil {
			t.Fatal(err)
		}
		_, rest, found := strings.Cut(b.String(), "\n  upstream  ")
		if line, _, _ := strings.Cut(rest, "\n"); line != want || found != (want != "") {
			t.Errorf("%q, want %q in\n%s", line, want, &b)
		}
	}
	f(proxy.UpstreamView{}, "")
	f(proxy.UpstreamView{Target: "service shop/catalog:http"}, "service shop/catalog:http")
	f(proxy.UpstreamView{Target: "service shop/catalog:http", Problem: "no such Service"}, "service shop/catalog:http; no such Service")
}

// TestCheckTellsFilesApart: each has its own faults, and one that cannot be read
// has its error.
func TestCheckTellsFilesApart(t *testing.T) {
	files, err := Files(t.Context(), "nowhere.yaml", "shop", nil)
	if err != nil {
		t.Fatal(err)
	}
	r := Check(append(files, source.File{Place: "empty.yaml"}), "cluster.local")
	var b strings.Builder
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	if want := "nowhere.yaml:1:1: the file cannot be read: no such file or directory\nempty.yaml: 0 policies, ok\n"; r.OK || b.String() != want {
		t.Errorf("ok %v, got\n%swant\n%s", r.OK, &b, want)
	}
}
