package main

import (
	"context"
	"fmt"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"hedged.dev/hedged/pkg/inspect"
)

// counts are the counters of one policy in one pod.
type counts struct {
	calls, succeeded, gone float64 // ended
	first, attempts        float64 // launched: first ones, and all
	suppressed             float64
}

// The names in Prometheus's text of what pkg/telemetry counts.
const (
	callsMetric      = "hedged_calls_total"
	launchedMetric   = "hedged_attempts_launched_total"
	suppressedMetric = "hedged_attempts_suppressed_total"
	policyLabel      = "hedged_policy"
	outcomeLabel     = "hedged_call_outcome"
	triggerLabel     = "hedged_attempt_trigger"
)

// scrape reads a pod's counters, by policy.
func scrape(ctx context.Context, port inspect.Port) (map[string]counts, error) {
	body, err := port.Open(ctx, "/metrics")
	if err != nil {
		return nil, err
	}
	defer body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(body)
	if err != nil {
		return nil, fmt.Errorf("%s/metrics: %w", port, err)
	}
	all := map[string]counts{}
	count := func(metric string, add func(c *counts, labels map[string]string, n float64)) {
		for _, m := range families[metric].GetMetric() {
			labels := labelsOf(m)
			c := all[labels[policyLabel]]
			add(&c, labels, m.GetCounter().GetValue()+m.GetUntyped().GetValue())
			all[labels[policyLabel]] = c
		}
	}
	count(callsMetric, func(c *counts, labels map[string]string, n float64) {
		c.calls += n
		switch labels[outcomeLabel] {
		case "succeeded":
			c.succeeded += n
		case "client_gone":
			c.gone += n
		}
	})
	count(launchedMetric, func(c *counts, labels map[string]string, n float64) {
		c.attempts += n
		if labels[triggerLabel] == "initial" {
			c.first += n
		}
	})
	count(suppressedMetric, func(c *counts, _ map[string]string, n float64) { c.suppressed += n })
	return all, nil
}

func labelsOf(m *dto.Metric) map[string]string {
	labels := map[string]string{}
	for _, l := range m.GetLabel() {
		labels[l.GetName()] = l.GetValue()
	}
	return labels
}

// since is what was counted after before. A daemon that began anew counts from zero.
func (c counts) since(before counts) counts {
	if c.calls < before.calls || c.attempts < before.attempts || c.suppressed < before.suppressed {
		return c
	}
	return counts{
		calls: c.calls - before.calls, succeeded: c.succeeded - before.succeeded, gone: c.gone - before.gone,
		first: c.first - before.first, attempts: c.attempts - before.attempts, suppressed: c.suppressed - before.suppressed,
	}
}
