package upstream_test

import (
	"fmt"
	"io"
	"strings"

	"hedged.dev/hedged/pkg/breaker"
	"hedged.dev/hedged/pkg/upstream"
)

// A hedge goes to another endpoint than the first attempt, and each lease is
// given back with what was seen.
func Example() {
	registry := upstream.NewRegistry(func(upstream.Key) io.Closer { return io.NopCloser(strings.NewReader("")) })
	group := registry.Group([]upstream.Key{
		{Address: "10.1.2.3:8080", Protocol: upstream.HTTP1},
		{Address: "10.1.2.4:8080", Protocol: upstream.HTTP1},
	}, upstream.Options{Distinct: upstream.Require})
	defer group.Close()

	first, _ := group.Pick(true, nil)
	second, _ := group.Pick(false, []*upstream.Endpoint{first.Endpoint})
	_, reason := group.Pick(false, []*upstream.Endpoint{first.Endpoint, second.Endpoint})
	fmt.Println("the same:", first.Endpoint == second.Endpoint)
	fmt.Println("a third:", reason)

	second.Done(upstream.Observation{Mark: breaker.Success, Ends: 1})
	first.Done(upstream.Observation{Mark: breaker.Neutral})
	// Output:
	// the same: false
	// a third: no_endpoint
}
