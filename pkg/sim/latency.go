package sim

import (
	"math"
	"sort"
	"time"
)

// Latency is a distribution of times. Exactly one of its fields is set.
type Latency struct {
	Constant    *time.Duration `yaml:"constant"`
	Uniform     *Uniform       `yaml:"uniform"`
	Lognormal   *Lognormal     `yaml:"lognormal"`
	Exponential *Exponential   `yaml:"exponential"`
	Pareto      *Pareto        `yaml:"pareto"`
	Empirical   []Step         `yaml:"empirical"`
	Mixture     []Part         `yaml:"mixture"`
}

// Uniform is evenly spread between two times.
type Uniform struct {
	From time.Duration `yaml:"from"`
	To   time.Duration `yaml:"to"`
}

// Lognormal has a normal logarithm with that deviation.
type Lognormal struct {
	Median time.Duration `yaml:"median"`
	Sigma  float64       `yaml:"sigma"`
}

// Exponential has that mean.
type Exponential struct {
	Mean time.Duration `yaml:"mean"`
}

// Pareto is a power law from a least time on: the share above t is
// (least ÷ t) to the power of shape. Most cuts it off; 0 does not.
type Pareto struct {
	Least time.Duration `yaml:"least"`
	Shape float64       `yaml:"shape"`
	Most  time.Duration `yaml:"most"`
}

// Step is a point of an empirical distribution: a share of the times is at most By.
// Between two points it is evenly spread.
type Step struct {
	By    time.Duration `yaml:"by"`
	Share float64       `yaml:"share"`
}

// Part is one distribution of a mixture, with the share of the times that it gives.
type Part struct {
	Share   float64 `yaml:"share"`
	Latency `yaml:",inline"`
}

// sampler draws from a distribution, in nanoseconds.
type sampler func(s *source) float64

// sampler compiles the distribution.
func (l *Latency) sampler() sampler {
	switch {
	case l.Uniform != nil:
		from, width := float64(l.Uniform.From), float64(l.Uniform.To-l.Uniform.From)
		return func(s *source) float64 { return from + width*s.float() }
	case l.Lognormal != nil:
		median, sigma := float64(l.Lognormal.Median), l.Lognormal.Sigma
		return func(s *source) float64 { return median * math.Exp(sigma*s.normal()) }
	case l.Exponential != nil:
		mean := float64(l.Exponential.Mean)
		return func(s *source) float64 { return mean * s.exponential() }
	case l.Pareto != nil:
		return l.Pareto.sampler()
	case len(l.Empirical) > 0:
		return empirical(l.Empirical)
	case len(l.Mixture) > 0:
		return mixture(l.Mixture)
	default:
		constant := float64(*l.Constant)
		return func(*source) float64 { return constant }
	}
}

func (p *Pareto) sampler() sampler {
	least, power, most := float64(p.Least), -1/p.Shape, math.Inf(1)
	if p.Most > 0 {
		most = float64(p.Most)
	}
	return func(s *source) float64 { return min(least*math.Pow(s.float(), power), most) }
}

func empirical(steps []Step) sampler {
	return func(s *source) float64 {
		share := s.float()
		i := sort.Search(len(steps)-1, func(i int) bool { return steps[i].Share >= share })
		var before Step
		if i > 0 {
			before = steps[i-1]
		}
		part := (share - before.Share) / (steps[i].Share - before.Share)
		return float64(before.By) + part*float64(steps[i].By-before.By)
	}
}

func mixture(parts []Part) sampler {
	samplers := make([]sampler, len(parts))
	upTo := make([]float64, len(parts))
	sum := 0.0
	for i := range parts {
		samplers[i] = parts[i].sampler()
		sum += parts[i].Share
		upTo[i] = sum
	}
	return func(s *source) float64 {
		lot := s.float() * sum
		i := 0
		for i < len(upTo)-1 && upTo[i] < lot {
			i++
		}
		return samplers[i](s)
	}
}
