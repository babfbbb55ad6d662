package a

import "testing"

func TestOne(t *testing.T) {
	t.Run("x", func(t *testing.T) { Covered() })
	t.Run("y", func(t *testing.T) {
		t.Run("z", func(t *testing.T) {})
	})
}

func TestTwo(t *testing.T) { t.Log("nobody needs to read this") }

func TestThree(t *testing.T) { t.Skip("not here") }
