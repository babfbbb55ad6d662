package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"hedged.dev/hedged/api/v1alpha1"
	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/wire"
)

// judge decides about an attempt's answer, once it counts as arrived.
func (c *call) judge(a *attempt, answer *http.Response) hedge.Result[*http.Response] {
	p := c.route.policy
	if answer.StatusCode == http.StatusSwitchingProtocols { // its body is a connection
		_ = answer.Body.Close()
		a.err = errSwitched
		return hedge.Result[*http.Response]{Verdict: hedge.NonFatal, Err: errSwitched}
	}
	a.status = answer.StatusCode
	a.grpc = wire.GRPCStatus(fields(answer.Header))
	result := hedge.Result[*http.Response]{Value: answer, HasValue: true, Verdict: p.Classify(answer.StatusCode)}
	if result.Verdict == hedge.Accepted {
		if err := c.commit(a, answer); err != nil {
			_ = answer.Body.Close()
			a.err = err
			return hedge.Result[*http.Response]{Verdict: hedge.NonFatal, Err: err}
		}
		return result
	}
	if a.grpc == "" {
		a.grpc = wire.GRPCStatusOf(answer.StatusCode)
	}
	result.Err = fmt.Errorf("the upstream answered %d", answer.StatusCode)
	if p.HonorPushback {
		a.wait = c.obey(a, fields(answer.Header))
		result.Wait = a.wait
	}
	if result.Verdict == hedge.NonFatal && hasBody(answer) {
		answer.Body = keepBody(answer.Body, p.BufferLimit)
	}
	return result
}

// stopFor is for how long gRPC's word to stop, which has no length, keeps the
// policy from sending further attempts.
const stopFor = time.Second

// obey does what an upstream's pushback asks for: Retry-After keeps its endpoint
// out, gRPC's rules the call (the wait is returned), and either holds back
// further attempts of every call.
func (c *call) obey(a *attempt, answer fields) (wait time.Duration) {
	now, most := time.Now(), c.route.policy.Breaker.OpenFor
	hold, held := wire.HoldOff(answer, now)
	hold = min(hold, most)
	if held && c.route.policy.Enforced() {
		a.lease.Endpoint.HoldOut(now.Add(hold))
	}
	wait, _ = wire.CallPushback(answer)
	if wait < 0 {
		hold = max(hold, min(stopFor, most))
	} else {
		hold = max(hold, min(wait, most))
	}
	if hold > 0 {
		c.route.state.controller.Pushback(hold, now)
	}
	return wait
}

// errSwitched is the failure of an answer that switches to another protocol:
// nobody has asked for it, since Upgrade ends at this hop.
var errSwitched = errors.New("the upstream switched protocols unasked")

// errCutOff is the failure of an answer that ended before it was whole.
var errCutOff = errors.New("the upstream's answer was cut off")

// commit waits until an accepted answer counts as arrived.
func (c *call) commit(a *attempt, answer *http.Response) error {
	if !hasBody(answer) || !c.route.policy.Enforced() {
		return nil
	}
	switch c.route.policy.Commit {
	case v1alpha1.CommitFirstByte:
		return a.read(answer, 1)
	case v1alpha1.CommitBody:
		return a.read(answer, c.route.policy.BufferLimit)
	default:
		return nil
	}
}

func hasBody(answer *http.Response) bool {
	return answer.Body != http.NoBody && answer.ContentLength != 0
}

// read takes up to limit bytes of the answer's body into memory and puts them
// back in front of what is left.
func (a *attempt) read(answer *http.Response, limit int64) error {
	var head bytes.Buffer
	if answer.ContentLength > 0 {
		head.Grow(int(min(answer.ContentLength, limit)) + bytes.MinRead)
	}
	_, err := io.CopyN(&head, answer.Body, limit)
	switch {
	case err == nil:
		answer.Body = &body{Reader: io.MultiReader(&head, answer.Body), Closer: answer.Body}
	case errors.Is(err, io.EOF):
		a.readStatus(answer)
		answer.Body = &body{Reader: &head, Closer: answer.Body}
	default:
		return fmt.Errorf("%w: %w", errCutOff, err)
	}
	return nil
}

// body reads from one place and closes another.
type body struct {
	io.Reader
	io.Closer
}
