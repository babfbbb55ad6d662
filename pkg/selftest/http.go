package selftest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hedged.dev/hedged/pkg/wire"
)

// mostRead bounds what is read of an answer, in bytes.
const mostRead = 64 << 10

// HTTP tests that a call by HTTP is hedged. It goes to the URL of hedged, for the host
// of a policy whose upstream is Serve.
func HTTP(url, host string) Test {
	url = strings.TrimSuffix(url, "/") + slowPath
	return Test{
		What: fmt.Sprintf("calling %s for host %s, which only a hedge can answer", url, host),
		Look: func(ctx context.Context) Finding {
			a, err := get(ctx, url, host)
			if err != nil {
				return unanswered(url, err)
			}
			return a.finding(host)
		},
	}
}

// get makes one call, over a connection of its own: each may reach another pod.
func get(ctx context.Context, url, host string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return answer{}, err
	}
	r.Host = host
	begun := time.Now()
	got, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		return answer{}, err
	}
	defer got.Body.Close()
	body, err := io.ReadAll(io.LimitReader(got.Body, mostRead))
	if err != nil {
		return answer{}, err
	}
	return answer{
		good: got.StatusCode == http.StatusOK, code: strconv.Itoa(got.StatusCode), detail: detail(got, body),
		proxy: got.Header.Get("Proxy-Status"), attempt: got.Header.Get(attemptField), name: got.Header.Get(nameField),
		took: time.Since(begun),
	}, nil
}

// detail is what an answer says is wrong: hedged's words, or HTTP's.
func detail(got *http.Response, body []byte) string {
	var problem struct {
		Detail     string
		Suppressed []string
	}
	if got.Header.Get("Content-Type") != wire.ProblemType || json.Unmarshal(body, &problem) != nil {
		return strings.ToLower(http.StatusText(got.StatusCode))
	}
	if len(problem.Suppressed) > 0 {
		problem.Detail += " (suppressed: " + strings.Join(problem.Suppressed, ", ") + ")"
	}
	return problem.Detail
}
