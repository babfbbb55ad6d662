package policy

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"hedged.dev/hedged/api/v1alpha1"
)

// validate reports every fault of a document whose fields have the right names
// and types. A rule on one field stands in the file of its section, beside the
// rules that join it to others.
func (d *document) validate(doc *v1alpha1.HedgePolicy) {
	d.validateIdentity(doc)
	spec := &doc.Spec
	oneOf(d, "spec.mode", spec.Mode, v1alpha1.ModeEnforce, v1alpha1.ModeShadow, v1alpha1.ModeDisabled)
	d.validateMatches(spec.Match)
	d.validateUpstream(&spec.Upstream)
	d.validateTiming(spec)
	d.validateFanOut(spec)
	d.validateStagger(spec)
	d.validateAnswers(spec)
	d.validateBreaker(&spec.CircuitBreaker)
	d.validateBudget(spec)
	oneOf(d, "spec.idempotency", spec.Idempotency,
		v1alpha1.IdempotencySafeMethods, v1alpha1.IdempotencyKey, v1alpha1.IdempotencyAlways)
	oneOf(d, "spec.pushback", spec.Pushback, v1alpha1.PushbackHonor, v1alpha1.PushbackIgnore)
	d.validateSize("spec.replayLimit", spec.ReplayLimit)
	d.validateSize("spec.bufferLimit", spec.BufferLimit)
}

func (d *document) validateIdentity(doc *v1alpha1.HedgePolicy) {
	if doc.APIVersion == "" {
		d.fault("apiVersion", "Required value: add the line %q", "apiVersion: "+v1alpha1.APIVersion)
	}
	if doc.Kind == "" {
		d.fault("kind", "Required value: add the line %q", "kind: "+v1alpha1.Kind)
	}
	switch name := doc.Metadata.Name; {
	case name == "":
		d.fault("metadata.name", "Required value: give the policy a name, such as catalog-read")
	case !isSubdomain(name):
		d.invalid("metadata.name", name, "must be a DNS-1123 subdomain: at most 253 lower-case letters, digits, '-' and '.', each part beginning and ending with a letter or digit")
	}
}

func (d *document) validateBudget(spec *v1alpha1.HedgePolicySpec) {
	b := &spec.Budget
	between(d, "spec.budget.percent", b.Percent, 0, 700)
	between(d, "spec.budget.minPerSecond", b.MinPerSecond, 0, 1_000_000)
	if b.Percent == 0 && b.MinPerSecond == 0 && spec.FanOut.Max > 1 && d.sound("spec.budget", "spec.fanOut.max") {
		d.warn("spec.budget", "pays for no further attempt, so that fanOut.max %d has no effect: raise percent or minPerSecond, or write max: 1", spec.FanOut.Max)
	}
}

func (d *document) validateBreaker(b *v1alpha1.CircuitBreaker) {
	const at = "spec.circuitBreaker."
	between(d, at+"consecutiveFailures", b.ConsecutiveFailures, 1, 1_000_000)
	between(d, at+"minAttempts", b.MinAttempts, 1, 1_000_000)
	between(d, at+"halfOpenAttempts", b.HalfOpenAttempts, 1, 1000)
	between(d, at+"window", b.Window.Duration, time.Second, time.Hour)
	between(d, at+"openFor", b.OpenFor.Duration, time.Millisecond, time.Hour)
	if b.FailureRatio <= 0 || b.FailureRatio > 1 {
		d.invalid(at+"failureRatio", b.FailureRatio, "must be above 0 and at most 1")
	}
}

// mostBytes bounds what one call may keep in memory.
const mostBytes = 1 << 30

func (d *document) validateSize(path string, s v1alpha1.Size) {
	if n := s.Value(); s.CmpInt64(n) != 0 || n < 0 || n > mostBytes {
		d.invalid(path, s.String(), "must be a whole number of bytes between 0 and 1Gi")
	}
}

// oneOf reports a value that is none of the words.
func oneOf[T ~string](d *document, path string, v T, words ...T) {
	if slices.Contains(words, v) {
		return
	}
	quoted := make([]string, len(words))
	for i, word := range words {
		if strings.EqualFold(string(word), string(v)) {
			d.fault(path, "Unsupported value: %s, did you mean %q?", show(string(v)), word)
			return
		}
		quoted[i] = fmt.Sprintf("%q", string(word))
	}
	d.fault(path, "Unsupported value: %s: supported values: %s", show(string(v)), strings.Join(quoted, ", "))
}

// between reports a value outside its range. Both ends belong to it.
func between[T cmp.Ordered](d *document, path string, v, least, most T) {
	if v < least || v > most {
		d.invalid(path, v, "must be between %v and %v", least, most)
	}
}

var subdomain = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)

// isLabel reports whether s is a DNS-1123 label.
func isLabel(s string) bool {
	return len(s) <= 63 && !strings.Contains(s, ".") && subdomain.MatchString(s)
}

// isSubdomain reports whether s is a DNS-1123 subdomain.
func isSubdomain(s string) bool {
	return len(s) <= 253 && subdomain.MatchString(s)
}
