// Package esapi has what Jaeger names of the client's calls.
package esapi

import "io"

// Indices are the calls that have to do with indices.
type Indices struct {
	PutIndexTemplate func(name string, body io.Reader, more ...func()) (*Response, error)
}

// Response is an answer.
type Response struct {
	StatusCode int
	Body       io.ReadCloser
}
