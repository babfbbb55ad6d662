package discovery

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestTargetInWords(t *testing.T) {
	for want, target := range map[string]Target{
		"":                            {},
		"service shop/catalog:http":   {Service: Service{Namespace: "shop", Name: "catalog", Port: "http"}},
		"dns catalog.example.com:443": {Name: Name{Host: "catalog.example.com", Port: 443, Refresh: time.Second}},
	} {
		if got := target.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestSetsThatSayTheSame(t *testing.T) {
	a := Set{Endpoints: []Endpoint{{"10.0.0.1:80", true}}, Problem: errors.New("away")}
	same := Set{Endpoints: []Endpoint{{"10.0.0.1:80", true}}, Problem: errors.New("away")}
	if !a.Equal(same) || !(Set{}).Equal(Set{}) {
		t.Error("the same differs")
	}
	for _, other := range []Set{
		{},
		{Endpoints: a.Endpoints},
		{Endpoints: a.Endpoints, Problem: errors.New("refused")},
		{Endpoints: a.Endpoints, Problem: a.Problem, NotFound: true},
		{Endpoints: []Endpoint{{"10.0.0.1:80", false}}, Problem: a.Problem},
	} {
		if a.Equal(other) {
			t.Errorf("%+v is the same", other)
		}
	}
}

// What nobody could find is told at once, with a remedy.
func TestResolversWithoutACluster(t *testing.T) {
	for want, target := range map[string]Target{
		"--kubeconfig":       {Service: Service{Namespace: "shop", Name: "catalog", Port: "http"}},
		"upstream.endpoints": {Name: Name{Host: "catalog.example.com", Port: 443, Refresh: time.Second}},
	} {
		d := newDiary()
		Resolvers{}.Watch(target, d.update)()
		if s, n, _ := d.last(); n != 1 || !s.NotFound || !strings.Contains(text(s.Problem), want) {
			t.Errorf("%s: told %d times, %+v", target, n, s)
		}
	}
}

func TestResolversAskTheRightOne(t *testing.T) {
	s := &Services{namespaces: map[string]*namespace{}}
	n := NewNames(NamesOptions{})
	r := Resolvers{Services: s, Names: n}
	defer r.Watch(Target{Service: Service{Namespace: "shop", Name: "catalog", Port: "http"}}, func(Set) {})()
	defer r.Watch(Target{Name: Name{Host: "catalog.example.com", Port: 443, Refresh: time.Second}}, func(Set) {})()
	if s.namespaces["shop"] == nil || len(n.lookups) != 1 {
		t.Errorf("%v, %v", s.namespaces, n.lookups)
	}
}
