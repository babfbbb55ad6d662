package build

import "testing"

func TestNever(t *testing.T) { undeclared() }
