// Command selectors parses PromQL and tells what it reads: for each expression on
// standard input, one JSON string a line, it prints one JSON object a line with
// every metric that the expression selects, the labels that it asks of that metric,
// and the labels that its result has, as far as an aggregation says so. An
// expression that does not parse ends it.
//
// It does not know which metrics there are.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Expression is what an expression reads.
type Expression struct {
	Selectors []Selector `json:"selectors"`
	// By are the labels of the outermost aggregation; nil without one.
	By []string `json:"by"`
}

// Selector is one metric of an expression.
type Selector struct {
	Metric string `json:"metric"`
	// Labels are those that matchers, aggregations and joins ask for.
	Labels []string `json:"labels"`
	// Values are those that matchers name, whether to be equal or not.
	Values map[string][]string `json:"values"`
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	expressions, answers := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var text string
		if err := expressions.Decode(&text); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		parsed, err := parser.NewParser(parser.Options{}).ParseExpr(text)
		if err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
		if err := answers.Encode(Expression{Selectors: selectors(parsed), By: by(parsed)}); err != nil {
			return err
		}
	}
}

// selectors are the metrics below a node.
func selectors(top parser.Node) []Selector {
	all := []Selector{}
	parser.Inspect(top, func(node parser.Node, path []parser.Node) error {
		if s, ok := node.(*parser.VectorSelector); ok {
			all = append(all, selector(s, path))
		}
		return nil
	})
	return all
}

// selector tells what is asked of a metric, by itself and by what stands above it.
func selector(s *parser.VectorSelector, path []parser.Node) Selector {
	told := Selector{Metric: s.Name, Values: map[string][]string{}}
	for _, m := range s.LabelMatchers {
		if m.Name == model.MetricNameLabel {
			continue
		}
		told.Labels = append(told.Labels, m.Name)
		switch m.Type {
		case labels.MatchEqual, labels.MatchNotEqual:
			told.Values[m.Name] = append(told.Values[m.Name], m.Value)
		case labels.MatchRegexp, labels.MatchNotRegexp:
			told.Values[m.Name] = append(told.Values[m.Name], m.SetMatches()...)
		}
	}
	for _, node := range path {
		switch n := node.(type) {
		case *parser.AggregateExpr:
			told.Labels = append(told.Labels, n.Grouping...)
		case *parser.BinaryExpr:
			if n.VectorMatching != nil && n.VectorMatching.On {
				told.Labels = append(told.Labels, n.VectorMatching.MatchingLabels...)
			}
		}
	}
	slices.Sort(told.Labels)
	told.Labels = slices.Compact(told.Labels)
	return told
}

// by are the labels of the first aggregation from the top.
func by(e parser.Node) (grouping []string) {
	parser.Inspect(e, func(node parser.Node, _ []parser.Node) error {
		if a, ok := node.(*parser.AggregateExpr); ok && !a.Without && grouping == nil {
			grouping = append([]string{}, a.Grouping...)
		}
		return nil
	})
	return grouping
}
