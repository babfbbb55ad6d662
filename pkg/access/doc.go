// Package access says in plain words what a Kubernetes API server refused: which
// verb on which resource in which namespace, to whom, and what mends it.
//
// It does not know what hedged asks an API server for, nor when to ask again.
package access
