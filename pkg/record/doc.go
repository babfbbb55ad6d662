// Package record is the attempt log: what became of every attempt, as JSON
// lines that a file keeps, a debug port streams and the simulator replays. An
// Attempt is one line; Read and Write are the format; a Log hands the attempts
// of a running process to whoever listens, and never makes a call wait for them.
//
// It does not know calls, endpoints or files: others say what happened, and
// decide where the lines go.
package record
