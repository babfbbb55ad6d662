package trace

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Decode reads an answer of Jaeger's /api/v3/traces, which is OTLP's JSON, and
// returns its traces in order of their ids.
func Decode(data []byte) ([]Trace, error) {
	var answer struct {
		Result struct {
			ResourceSpans []resourceSpans `json:"resourceSpans"`
		} `json:"result"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, fmt.Errorf("an answer of /api/v3/traces: %w", err)
	}
	traces := map[string]*Trace{}
	for _, r := range answer.Result.ResourceSpans {
		resource, err := attributes(r.Resource.Attributes)
		if err != nil {
			return nil, err
		}
		for _, scope := range r.ScopeSpans {
			for _, w := range scope.Spans {
				span, err := w.span(resource)
				if err != nil {
					return nil, fmt.Errorf("span %q of trace %q: %w", w.ID, w.Trace, err)
				}
				if traces[w.Trace] == nil {
					traces[w.Trace] = &Trace{ID: w.Trace}
				}
				traces[w.Trace].Spans = append(traces[w.Trace].Spans, span)
			}
		}
	}
	all := make([]Trace, 0, len(traces))
	for _, id := range slices.Sorted(maps.Keys(traces)) {
		traces[id].sort()
		all = append(all, *traces[id])
	}
	return all, nil
}

// What OTLP's JSON looks like: enumerations and times are numbers, and numbers of
// 64 bits are strings.
type (
	resourceSpans struct {
		Resource struct {
			Attributes []keyValue `json:"attributes"`
		} `json:"resource"`
		ScopeSpans []struct {
			Spans []wireSpan `json:"spans"`
		} `json:"scopeSpans"`
	}
	wireSpan struct {
		Trace      string      `json:"traceId"`
		ID         string      `json:"spanId"`
		Parent     string      `json:"parentSpanId"`
		Name       string      `json:"name"`
		Kind       Kind        `json:"kind"`
		Start      json.Number `json:"startTimeUnixNano"`
		End        json.Number `json:"endTimeUnixNano"`
		Attributes []keyValue  `json:"attributes"`
		Events     []struct {
			Name string `json:"name"`
		} `json:"events"`
		Status struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		} `json:"status"`
	}
	keyValue struct {
		Key   string    `json:"key"`
		Value wireValue `json:"value"`
	}
	wireValue struct {
		Text  *string      `json:"stringValue"`
		Bool  *bool        `json:"boolValue"`
		Int   *json.Number `json:"intValue"`
		Float *float64     `json:"doubleValue"`
		Array *struct {
			Values []wireValue `json:"values"`
		} `json:"arrayValue"`
	}
)

// statusError is OTLP's number of the status Error.
const statusError = 2

func (w *wireSpan) span(resource Attributes) (Span, error) {
	start, err := instant(w.Start)
	if err != nil {
		return Span{}, err
	}
	end, err := instant(w.End)
	if err != nil {
		return Span{}, err
	}
	all, err := attributes(w.Attributes)
	if err != nil {
		return Span{}, err
	}
	s := Span{
		ID: w.ID, Parent: w.Parent, Name: w.Name, Kind: w.Kind, Start: start, End: end, Attributes: all,
		Service: resource.Text("service.name"), Instance: resource.Text("service.instance.id"),
		Error: w.Status.Code == statusError, Description: w.Status.Message,
	}
	for _, e := range w.Events {
		s.Events = append(s.Events, e.Name)
	}
	return s, nil
}

func instant(n json.Number) (time.Time, error) {
	ns, err := strconv.ParseInt(n.String(), 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("a time: %w", err)
	}
	return time.Unix(0, ns).UTC(), nil
}

func attributes(list []keyValue) (Attributes, error) {
	all := Attributes{}
	for _, kv := range list {
		v, err := kv.Value.value()
		if err != nil {
			return nil, fmt.Errorf("attribute %q: %w", kv.Key, err)
		}
		all[kv.Key] = v
	}
	return all, nil
}

func (v wireValue) value() (any, error) {
	switch {
	case v.Text != nil:
		return *v.Text, nil
	case v.Bool != nil:
		return *v.Bool, nil
	case v.Int != nil:
		return strconv.ParseInt(v.Int.String(), 10, 64)
	case v.Float != nil:
		return *v.Float, nil
	case v.Array != nil:
		list := []any{}
		for _, element := range v.Array.Values {
			e, err := element.value()
			if err != nil {
				return nil, err
			}
			list = append(list, e)
		}
		return list, nil
	}
	return nil, errors.New("a value of a type that is not known")
}
