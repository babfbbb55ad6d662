// Package upstream holds groups of endpoints and picks one for each attempt.
//
// An endpoint (address, protocol, TLS) is shared by every group that names it:
// its connections, its count of attempts in flight, its score and the time for
// which pushback holds it out. A group adds what belongs to one policy: which
// endpoints, a breaker for each, and whether a further attempt must go elsewhere.
//
// A pick weighs two endpoints drawn at random, by score and attempts in flight
// together, among those that are near if it is a first attempt's, and
// hands out a lease that is given back exactly once with
// what was seen. The members of a group are an immutable snapshot behind an
// atomic pointer, so that no lock is shared by all requests.
//
// It does not know HTTP, how an attempt is carried (it keeps whatever the
// registry's open function made), nor how an end became an observation.
package upstream
