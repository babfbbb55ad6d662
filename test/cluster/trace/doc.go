// Package trace reads traces from Jaeger's query API and says what is wrong with
// those of hedged's calls: how many spans there are, whose children they are, when
// they were, and how they ended.
//
// It does not know what the calls should have come to: that a hedge was needed, or
// that a call succeeded, its users ask of the spans themselves.
package trace
