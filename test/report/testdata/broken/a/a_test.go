package a

import "testing"

func TestFine(t *testing.T) {}

func TestParent(t *testing.T) {
	t.Run("good", func(t *testing.T) {})
	t.Run("bad", func(t *testing.T) { t.Error("the subtest's words") })
}

func TestParentAlone(t *testing.T) {
	t.Run("good", func(t *testing.T) {})
	t.Error("the parent's words")
}
