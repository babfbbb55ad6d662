// Package policy turns policy documents into a table that says, for a call,
// which policy it falls under.
//
// Parse reads the documents of a file, finds every fault at once with its line,
// column and remedy, fills in the defaults and compiles what is left to immutable
// policies. NewTable joins policies to an immutable Table, in which Match finds
// the most specific one for a request at a cost that does not grow with their
// number.
//
// It does not know where documents come from, which of them served before, or
// what is done with a policy: no file, no network, no clock, no net/http.
package policy
