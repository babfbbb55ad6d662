package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"hedged.dev/hedged/pkg/inspect"
)

// answer is what one pod said.
type answer[T any] struct {
	pod   string // namespace/name
	value T
	err   error
}

// atOnce bounds how many pods are asked at the same time.
const atOnce = 8

// ask puts one question to every pod, and returns the answers in the pods' order.
func ask[T any](pods []corev1.Pod, question func(*corev1.Pod) (T, error)) []answer[T] {
	answers := make([]answer[T], len(pods))
	slots := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	for i := range pods {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			value, err := question(&pods[i])
			answers[i] = answer[T]{podName(&pods[i]), value, err}
		})
	}
	group.Wait()
	return answers
}

// patience is how long a pod may take to answer: one that hangs does not hold up
// what the others say.
const patience = 10 * time.Second

var errSilent = fmt.Errorf("no answer within %v", patience)

// patient bounds a question.
func patient(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, patience, errSilent)
}

// through is a question to a port of a pod that is opened for it alone.
func through[T any](ctx context.Context, s *session, kind inspect.Kind, question func(inspect.Port, context.Context) (T, error)) func(*corev1.Pod) (T, error) {
	return func(p *corev1.Pod) (value T, err error) {
		port, release, err := s.port(p, kind)
		if err != nil {
			return value, err
		}
		defer release()
		ctx, cancel := patient(ctx)
		defer cancel()
		return question(port, ctx)
	}
}

// answered leaves out the pods that gave no answer and warns of each; the first
// one's reason is the error where none gave any.
func answered[T any](s *session, answers []answer[T]) ([]answer[T], error) {
	var good []answer[T]
	var first error
	for _, a := range answers {
		if a.err == nil {
			good = append(good, a)
		} else if first == nil {
			first = a.err
		}
	}
	if len(good) == 0 {
		return nil, first
	}
	for _, a := range answers {
		if a.err != nil {
			warn(s.stderr, "%v", a.err)
		}
	}
	return good, nil
}
