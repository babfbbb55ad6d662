package selftest_test

import (
	"context"
	"fmt"

	"hedged.dev/hedged/pkg/selftest"
)

func ExampleHTTP() {
	test := selftest.HTTP("http://127.0.0.1:1", "catalog-hedged")
	fmt.Println(test.What)
	fmt.Println(test.Look(context.Background()).Saw)
	// Output:
	// calling http://127.0.0.1:1/slow for host catalog-hedged, which only a hedge can answer
	// no answer from http://127.0.0.1:1/slow: dial tcp 127.0.0.1:1: connect: connection refused
}
