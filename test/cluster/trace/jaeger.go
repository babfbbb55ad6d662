package trace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Jaeger is a Jaeger's query API.
type Jaeger struct {
	// URL is where its page is: http://jaeger.tracing:16686.
	URL string
	// Client sends the questions.
	Client *http.Client
}

// ErrNotFound says that Jaeger has no such trace.
var ErrNotFound = errors.New("jaeger has no such trace")

// Search is what traces are looked for by: one span of a trace has to fit all of
// it.
type Search struct {
	Service   string
	Operation string    // the span's name; "" is any
	From, To  time.Time // when the span began
	Most      int       // traces; Jaeger in memory refuses more than it keeps
}

// JSON returns a trace as Jaeger has it: OTLP, with no clock adjusted.
func (j *Jaeger) JSON(ctx context.Context, id string) ([]byte, error) {
	return j.get(ctx, "/api/v3/traces/"+url.PathEscape(id), url.Values{"raw_traces": {"true"}})
}

// Trace returns a trace by its id. Spans that were not exported yet are missing.
func (j *Jaeger) Trace(ctx context.Context, id string) (Trace, error) {
	data, err := j.JSON(ctx, id)
	if err != nil {
		return Trace{}, err
	}
	traces, err := Decode(data)
	switch {
	case err != nil:
		return Trace{}, err
	case len(traces) == 0:
		return Trace{}, ErrNotFound
	case len(traces) > 1 || traces[0].ID != id:
		return Trace{}, fmt.Errorf("jaeger was asked for trace %s and answered with another", id)
	}
	return traces[0], nil
}

// Find returns the traces that fit, whole, in order of their ids.
func (j *Jaeger) Find(ctx context.Context, s Search) ([]Trace, error) {
	question := url.Values{
		"query.service_name":   {s.Service},
		"query.start_time_min": {s.From.UTC().Format(time.RFC3339Nano)},
		"query.start_time_max": {s.To.UTC().Format(time.RFC3339Nano)},
		"query.num_traces":     {strconv.Itoa(s.Most)},
		"query.raw_traces":     {"true"},
	}
	if s.Operation != "" {
		question.Set("query.operation_name", s.Operation)
	}
	data, err := j.get(ctx, "/api/v3/traces", question)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return Decode(data)
}

// Tagged returns the ids of the traces that fit, of which one span has the tag as
// well, each with the ids of all spans that Jaeger shows that tag on. It asks as
// Jaeger's page does: the documented API cannot be asked for tags over HTTP.
func (j *Jaeger) Tagged(ctx context.Context, s Search, tag, value string) (map[string][]string, error) {
	tags, err := json.Marshal(map[string]string{tag: value})
	if err != nil {
		return nil, err
	}
	question := url.Values{
		"service": {s.Service}, "tags": {string(tags)}, "limit": {strconv.Itoa(s.Most)},
		"start": {strconv.FormatInt(s.From.UnixMicro(), 10)}, "end": {strconv.FormatInt(s.To.UnixMicro(), 10)},
	}
	if s.Operation != "" {
		question.Set("operation", s.Operation)
	}
	data, err := j.get(ctx, "/api/traces", question)
	if err != nil {
		return nil, err
	}
	return tagged(data, tag, value)
}

// tagged reads an answer of /api/traces.
func tagged(data []byte, tag, value string) (map[string][]string, error) {
	var answer struct {
		Data []struct {
			ID    string `json:"traceID"`
			Spans []struct {
				ID   string `json:"spanID"`
				Tags []struct {
					Key   string `json:"key"`
					Value any    `json:"value"`
				} `json:"tags"`
			} `json:"spans"`
		} `json:"data"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, fmt.Errorf("an answer of /api/traces: %w", err)
	}
	found := map[string][]string{}
	for _, t := range answer.Data {
		found[t.ID] = nil
		for _, s := range t.Spans {
			for _, pair := range s.Tags {
				if pair.Key == tag && fmt.Sprint(pair.Value) == value {
					found[t.ID] = append(found[t.ID], s.ID)
				}
			}
		}
	}
	return found, nil
}

func (j *Jaeger) get(ctx context.Context, path string, question url.Values) ([]byte, error) {
	address := strings.TrimSuffix(j.URL, "/") + path + "?" + question.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := j.Client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return nil, err
	case response.StatusCode == http.StatusNotFound:
		return nil, ErrNotFound
	case response.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%s: %s: %s", address, response.Status, body)
	}
	return body, nil
}
