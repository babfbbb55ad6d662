package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"

	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/source"
)

// Path is where reviews are asked for.
const Path = "/validate"

// maxReview bounds a review, in bytes: it holds an object of at most 1 MiB twice,
// quoted.
const maxReview = 3 << 20

// Options are what a webhook works with.
type Options struct {
	// Judge says all that is wrong with files of policies; warnings refuse nothing.
	Judge func([]source.File) policy.Faults
	Log   *slog.Logger
}

// New makes the handler of POST /validate, which answers an AdmissionReview of
// admission.k8s.io/v1 with another.
func New(o Options) http.Handler { return handler{o} }

type handler struct{ options Options }

// ServeHTTP answers 200 with the verdict. A review that cannot be understood gets
// another status and one line that says why, and then failurePolicy rules.
func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path != Path:
		refuse(w, http.StatusNotFound, fmt.Sprintf("no page %q here; reviews are asked for with POST %s", r.URL.Path, Path))
		return
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		refuse(w, http.StatusMethodNotAllowed, r.Method+" is not served here: use POST")
		return
	}
	request, err := read(http.MaxBytesReader(w, r.Body, maxReview))
	if err != nil {
		status := http.StatusBadRequest
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			status = http.StatusRequestEntityTooLarge
		}
		h.options.Log.WarnContext(r.Context(), "admission review not understood", slog.Any("error", err))
		refuse(w, status, "admission review: "+err.Error())
		return
	}
	verdict, err := h.review(r.Context(), request)
	if err != nil {
		h.options.Log.WarnContext(r.Context(), "admission review not understood", slog.Any("error", err))
		refuse(w, http.StatusBadRequest, "admission review: "+err.Error())
		return
	}
	verdict.UID = request.UID
	review := admissionv1.AdmissionReview{Response: verdict}
	review.SetGroupVersionKind(admissionv1.SchemeGroupVersion.WithKind(kind))
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(review) // the API server went away: nobody is left to tell
}

const kind = "AdmissionReview"

// read decodes the review of a body.
func read(body io.Reader) (*admissionv1.AdmissionRequest, error) {
	data, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	var review admissionv1.AdmissionReview
	if err := json.Unmarshal(data, &review); err != nil {
		return nil, err
	}
	switch want := admissionv1.SchemeGroupVersion.String(); {
	case review.Kind != kind || review.APIVersion != want:
		return nil, fmt.Errorf("kind %q of apiVersion %q, want %q of %q: set admissionReviewVersions to [v1]",
			review.Kind, review.APIVersion, kind, want)
	case review.Request == nil:
		return nil, errors.New("has no request")
	case review.Request.UID == "":
		return nil, errors.New("the request has no uid")
	}
	return review.Request, nil
}

// refuse answers with one line of text.
func refuse(w http.ResponseWriter, status int, line string) {
	http.Error(w, strings.ReplaceAll(line, "\n", "; "), status)
}
