// Package command is what the command lines of hedged have in common: help with
// the flags in groups, errors of usage that name what was probably meant, flags
// that take one of a few words, tables, JSON and YAML, signals and exit codes.
//
// It does not know what any command does.
package command
