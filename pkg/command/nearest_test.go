package command

import "testing"

func TestNearest(t *testing.T) {
	words := []string{"policies", "listen", "lame-duck", "idle-timeout"}
	f := func(word, want string) {
		t.Helper()
		if got, _ := Nearest(word, words); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}

	f("polices", "policies")
	f("policy", "policies")
	f("lameduck", "lame-duck")
	f("lame_duck", "lame-duck")
	f("idletimeout", "idle-timeout")
	f("Listen", "listen")
	f("x", "")
	f("", "")
	f("completely-else", "")
}
