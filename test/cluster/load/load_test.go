package load

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestEveryFailureIsKeptWithItsCause(t *testing.T) {
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1)%2 == 0 {
			w.WriteHeader(http.StatusTeapot)
			_, _ = io.WriteString(w, "as told")
		}
	}))
	defer server.Close()
	l := Start(t.Context(), 500, time.Minute, To("half", strings.TrimPrefix(server.URL, "http://"), "", false))
	for calls.Load() < 20 {
		<-time.After(time.Millisecond)
	}
	r := l.Stop()[0]
	if want := int(calls.Load()); r.Calls != want || len(r.Failures) != want/2 {
		t.Errorf("%d calls were answered, every other one badly; got %v", want, r)
	}
	if r.Failures[0].What != "418 as told" {
		t.Errorf("a failure is %q", r.Failures[0].What)
	}
}

func TestACallIsSentOnceMoreWhereOneOfSeveralIsGone(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	target := Among("two", []string{
		strings.TrimPrefix(server.URL, "http://"), strings.TrimPrefix(gone.URL, "http://"),
	}, "")
	for range 10 {
		if err := target.call(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if target.Resent() == 0 {
		t.Error("no call met the one that is gone")
	}
}
