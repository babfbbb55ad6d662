package main

import "testing"

func TestNearest(t *testing.T) {
	words := []string{"policies", "listen", "lame-duck", "idle-timeout"}
	f := func(word, want string) {
		t.Helper()
		if got, _ := nearest(word, words); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
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

func TestDistance(t *testing.T) {
	f := func(a, b string, want int) {
		t.Helper()
		if got := distance(a, b); got != want {
			t.Errorf("distance(%q, %q) = %d, want %d", a, b, got, want)
		}
		if got := distance(b, a); got != want {
			t.Errorf("distance(%q, %q) = %d, want %d", b, a, got, want)
		}
	}

	f("", "", 0)
	f("", "abc", 3)
	f("abc", "abc", 0)
	f("kitten", "sitting", 3)
	f("hedge", "edge", 1)
	f("ab", "ba", 2)
}
