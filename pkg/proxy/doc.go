// Package proxy is the data plane on net/http: it takes a client's request,
// finds the policy that matches it, runs the call's attempts through the
// engine and writes the answer.
//
// A request reads downward: Handler.ServeHTTP (handler.go) matches, call.go is
// what the engine asks of a call, request.go makes an attempt's request,
// judge.go decides about its answer, observe.go tells everyone who learns from
// its end, respond.go writes the outcome. routes.go holds what outlives a
// change of policies, supply.go keeps an upstream's endpoints as they are found.
//
// What headers mean is in package wire, what a policy means in package policy,
// when attempts are launched in package hedge, how endpoints are found in package
// discovery: another lane can carry the same meaning without net/http.
package proxy
