// Package pki makes the certificates of a test: an authority and what it signs.
//
// It knows no revocation, no renewal and no file but those it is told to write:
// nothing of it lives longer than a test cluster does.
package pki
