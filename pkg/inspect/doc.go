// Package inspect is what people look at through hedged's commands: the plan
// that a running daemon follows and why, read from its debug port, and what is
// wrong with policies in files. It finds the policy that a name means, and writes
// text, JSON and YAML.
//
// It does not know where a daemon is: a Port is an address, or whatever else an
// http.Client can reach. Nothing here changes a daemon.
package inspect
