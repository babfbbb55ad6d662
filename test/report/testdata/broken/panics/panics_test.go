package panics

import "testing"

func TestPanics(t *testing.T) {
	done := make(chan int)
	go func() { panic("in a goroutine") }()
	<-done
}
