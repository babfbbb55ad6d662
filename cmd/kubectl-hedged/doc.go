// Command kubectl-hedged is `kubectl hedged`: status says which policies are in
// force in which pods, explain what plan they follow and why, top what they do to
// the calls now, and validate what is wrong with policies before they are applied.
//
// It reads ConfigMaps and pods from the API server, and the pods' own pages through
// a port-forward. It changes nothing.
package main
