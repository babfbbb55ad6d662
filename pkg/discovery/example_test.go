package discovery_test

import (
	"fmt"
	"time"

	"hedged.dev/hedged/pkg/discovery"
)

// A target that nobody can find is told at once, with what mends it.
func ExampleResolvers() {
	target := discovery.Target{Service: discovery.Service{Namespace: "shop", Name: "catalog", Port: "http"}}
	stop := discovery.Resolvers{}.Watch(target, func(s discovery.Set) {
		fmt.Println(target, "not found:", s.NotFound)
	})
	stop()
	// Output: service shop/catalog:http not found: true
}

func ExampleTarget_String() {
	fmt.Println(discovery.Target{Name: discovery.Name{Host: "catalog.example.com", Port: 443, Refresh: 30 * time.Second}})
	// Output: dns catalog.example.com:443
}
