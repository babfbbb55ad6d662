package a

import "testing"

func TestOne(t *testing.T) {
	t.Run("x", func(t *testing.T) { Covered() })
	t.Run("y", func(t *testing.T) {
		t.Run("z", func(t *testing.T) {})
	})
}

func TestTwo(t *testing.T) {
	t.Log("nobody needs to read this")
	t.Log("void: the first try: the machine was busy")
}

func TestThree(t *testing.T) { t.Skip("not here") }
