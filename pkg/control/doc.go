// Package control is the policy loop: it takes whole snapshots from sources,
// parses and judges their documents, and publishes a table when what serves has
// changed.
//
// A bad document never takes a good one down: the last good revision of that
// policy serves on until the document is mended or removed. What is to be kept of
// the policies that serve is Serving's, and a loop that is given it begins as if
// they had served until now. The loop reports on every document, with where and
// why, in its status and in the log.
//
// It does not know where snapshots come from, what a valid policy is, where last
// good revisions are kept, or what is done with the table.
package control
