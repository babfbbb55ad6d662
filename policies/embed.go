// Package policies carries the example policies of this folder to where they
// are run.
//
// It does not know what a policy means.
package policies

import "embed"

// Demo is the policies that hedged demo compares, below demo/.
//
//go:embed demo/*.yaml
var Demo embed.FS
