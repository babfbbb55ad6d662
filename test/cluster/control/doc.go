// Package control tells a bad measurement from a bad machine. Beside the calls that a
// test measures, the same client sends calls directly to pods that nothing is done to.
// Where those are late or fail, the machine had no time for anybody: the run is void,
// says nothing about hedged, and is repeated.
//
// A void run neither passes nor fails. What remains void after all runs is printed,
// since nothing is shown by it.
package control
