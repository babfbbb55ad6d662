package command

import (
	"context"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
)

func TestInterruptible(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals := make(chan os.Signal, 2)
		var codes []int
		ctx, stop := interruptible(context.Background(), signals, func(code int) { codes = append(codes, code) })
		defer stop()

		synctest.Wait()
		if ctx.Err() != nil {
			t.Fatal("cancelled before any signal")
		}
		signals <- syscall.SIGTERM
		synctest.Wait()
		if ctx.Err() == nil || codes != nil {
			t.Fatalf("after the first signal: context %v, exits %v", ctx.Err(), codes)
		}
		signals <- syscall.SIGINT
		synctest.Wait()
		if len(codes) != 1 || codes[0] != 130 {
			t.Errorf("after the second signal: exits %v, want one with 130", codes)
		}
	})
}

func TestInterruptibleStops(t *testing.T) {
	ctx, stop := interruptible(t.Context(), make(chan os.Signal), func(int) { t.Error("exit") })
	stop()
	if ctx.Err() == nil {
		t.Error("the context is not released")
	}
}
