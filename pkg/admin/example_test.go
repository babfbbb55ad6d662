package admin_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"hedged.dev/hedged/pkg/admin"
)

func ExampleHealth() {
	h := admin.Health(admin.HealthOptions{
		Ready:   func() error { return errors.New("draining") },
		Metrics: http.NotFoundHandler(),
	})
	for _, path := range []string{"/livez", "/readyz"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		fmt.Print(path, " ", w.Code, " ", w.Body)
	}
	// Output:
	// /livez 200 ok
	// /readyz 503 draining
}
