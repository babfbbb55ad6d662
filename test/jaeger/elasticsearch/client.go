// Package elasticsearch stands in for the client of Elasticsearch that Jaeger is
// compiled with. That client is made by a generator and takes a third of the time
// that all of Jaeger takes to compile; Jaeger in memory never asks for one.
//
// It has what Jaeger names, and makes no client.
package elasticsearch

import (
	"errors"
	"net/http"

	"github.com/elastic/go-elasticsearch/v9/esapi"
)

// Config is what a client would be made of.
type Config struct {
	Addresses            []string
	Username, Password   string
	DiscoverNodesOnStart bool
	CompressRequestBody  bool
	Header               http.Header
	Transport            http.RoundTripper
}

// Client is never made.
type Client struct{ Indices *esapi.Indices }

// NewClient refuses.
func NewClient(Config) (*Client, error) {
	return nil, errors.New("this Jaeger was built without a client of Elasticsearch 8 and 9: see test/jaeger/README.md")
}
