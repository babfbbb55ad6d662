package kube

import (
	"strings"
	"testing"
)

func TestConditions(t *testing.T) {
	t.Parallel()
	f := func(d Document, want string) {
		t.Helper()
		var got []string
		for _, c := range d.conditions() {
			got = append(got, c.Type+"="+string(c.Status)+" "+c.Reason+": "+c.Message)
		}
		if g := strings.Join(got, "; "); g != want {
			t.Errorf("%+v\ngot  %s\nwant %s", d, g, want)
		}
	}
	f(Document{Condition: Accepted, Observed: "a", Serving: "a", Message: "serving revision a", Serves: "serving revision a"},
		"Accepted=True Accepted: ; Programmed=True Programmed: serving revision a")
	f(Document{Condition: Accepted, Observed: "a", Serving: "a", Message: "warning: odd; serving revision a", Serves: "serving revision a"},
		"Accepted=True Accepted: warning: odd; Programmed=True Programmed: serving revision a")
	f(Document{Condition: Accepted, Observed: "a", Serving: "a", Serves: "serving revision a", NotFound: "no Service"},
		"Accepted=True Accepted: ; Programmed=False UpstreamNotFound: no Service")
	f(Document{Condition: Invalid, Serving: "a", Message: "x:1:2: bad; still serving revision a", Serves: "still serving revision a"},
		"Accepted=False Invalid: x:1:2: bad; Programmed=False LastGood: still serving revision a")
	f(Document{Condition: Invalid, Message: "x:1:2: bad", Serves: "nothing serves"},
		"Accepted=False Invalid: x:1:2: bad; Programmed=False NotServing: nothing serves")
	f(Document{Condition: Conflicted, Observed: "b", Serving: "a", Message: "held; still serving revision a", Serves: "still serving revision a", NotFound: "no Service"},
		"Accepted=False Conflicted: held; Programmed=False UpstreamNotFound: no Service")
	f(Document{Condition: Invalid, Observed: "", Serving: "", NotFound: "no Service", Serves: "nothing serves"},
		"Accepted=False Invalid: ; Programmed=False NotServing: nothing serves")
}
