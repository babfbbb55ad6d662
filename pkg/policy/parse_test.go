package policy

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	sigsjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"hedged.dev/hedged/api/v1alpha1"
)

func TestRevisionIsTheContents(t *testing.T) {
	base := parse(t, text("catalog")).Revision
	if len(base) != 12 {
		t.Errorf("revision %q", base)
	}
	same := func(name, document string, want bool) {
		t.Helper()
		if got := parse(t, document).Revision == base; got != want {
			t.Errorf("%s: the same revision: %v", name, got)
		}
	}
	reordered := strings.Split(strings.TrimSpace(text("catalog")), "\n")
	reordered[0], reordered[1] = reordered[1], reordered[0]
	same("order of fields", strings.Join(reordered, "\n"), true)
	same("comments", "# hello\n"+strings.ReplaceAll(text("catalog"), "\n", " # why\n"), true)
	same("another way to write a duration", text("catalog", "deadline: 0.3s"), true)
	same("another way to write a size", text("catalog", "bufferLimit: 1048576"), true)
	same("a default that is written", text("catalog", "pushback: Honor", "budget: {percent: 10.0}"), true)
	same("a null", text("catalog", "budget: ", "accept: {http: null}"), true)
	same("an alias", text("catalog", "deadline: &d 300ms", "stagger: {mode: Fixed, fixed: 20ms}"), true)
	same("another value", text("catalog", "deadline: 301ms"), false)
	same("a limit of nothing", text("catalog", "replayLimit: 0"), false)
	same("another name", text("other"), false)
}

func TestEmptyDocumentsGiveNothing(t *testing.T) {
	for _, s := range []string{"", "\n", "# comment", "---\n", "---\n---\n# c\n...\n---", "\ufeff", "null", "~\n", "--- # c\n", "%YAML 1.1\n---\n"} {
		if policies, faults := Parse([]byte(s), Options{}); len(policies)+len(faults) > 0 {
			t.Errorf("%q: %d policies, %v", s, len(policies), faults)
		}
	}
}

func TestDocumentsDoNotTakeEachOtherAlong(t *testing.T) {
	broken := "spec: [\n"
	policies, faults := Parse([]byte(text("one")+"---\n"+broken+"---\n"+text("two")+"...\n"+text("three")), Options{Place: "x"})
	var names []string
	for _, p := range policies {
		names = append(names, p.Name)
	}
	if !reflect.DeepEqual(names, []string{"one", "two", "three"}) {
		t.Errorf("policies %v", names)
	}
	if lines := strings.Count(text("one"), "\n"); len(faults) != 1 || faults[0].Line != lines+2 {
		t.Errorf("faults %v", faults)
	}
}

func TestFaultsNameThePolicyWhoseRevisionMayServeOn(t *testing.T) {
	for _, document := range []string{
		text("catalog", "deadline: 1x"),
		strings.Replace(text("catalog"), "v1alpha1", "v2", 1),
	} {
		if faults := refused(t, document); faults[0].Policy != (ID{"shop", "catalog"}) {
			t.Errorf("%v is of %v", faults[0], faults[0].Policy)
		}
	}
	for _, document := range []string{text("Catalog"), "spec: ["} {
		if faults := refused(t, document); faults[0].Policy != (ID{}) {
			t.Errorf("%v is of %v", faults[0], faults[0].Policy)
		}
	}
}

func TestFaultText(t *testing.T) {
	f := Fault{Place: "a.yaml", Line: 3, Column: 5, Path: "spec.mode", Message: "what"}
	if got := f.Error(); got != "a.yaml:3:5: spec.mode: what" {
		t.Error(got)
	}
	f.Warning = true
	if got := f.Error(); got != "a.yaml:3:5: warning: spec.mode: what" {
		t.Error(got)
	}
	fs := Faults{f, {Message: "bad"}}
	if len(fs.Errors()) != 1 || len(fs.Warnings()) != 1 || fs.Warnings()[0] != f {
		t.Error("errors and warnings are not told apart")
	}
}

func TestAliasesAndMergesKeepTheirPlaces(t *testing.T) {
	document := `defaults: &d {max: 9, adaptive: false}
apiVersion: hedged.dev/v1alpha1
kind: HedgePolicy
metadata: {name: catalog}
spec:
  match: [{hosts: [catalog]}]
  upstream: {endpoints: ["http://10.0.0.1"]}
  deadline: 300ms
  fanOut:
    <<: [*d]
  stagger:
    mode: Fixed
    fixed: 20ms
`
	var paths []string
	for _, f := range refused(t, document) {
		paths = append(paths, f.Error())
	}
	want := []string{
		`test.yaml:1:1: defaults: unknown field: known are apiVersion, kind, metadata, spec`,
		`test.yaml:1:20: spec.fanOut.max: Invalid value: 9: must be between 1 and 8`,
	}
	if !reflect.DeepEqual(paths, want) {
		t.Errorf("faults %q", paths)
	}
	for _, document := range []string{"a: &x [*x]", "<<: &x [*x, *x, *x]", "a: &x {<<: *x}", "<<: 1", "<<: [1]\na: 1", "? [a]\n: b", "? {a: b}\n: c"} {
		if policies, faults := Parse([]byte(document), Options{}); len(policies) > 0 || len(faults) == 0 {
			t.Errorf("%s: %v", document, faults)
		}
	}
}

// Each level of this holds ten of the one before it.
func TestAliasesThatMultiplyAreBounded(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'j'; c++ {
		item := "*" + string(c-1)
		bomb += string(c) + ": &" + string(c) + " [" + strings.Repeat(item+", ", 9) + item + "]\n"
	}
	if policies, faults := Parse([]byte(bomb), Options{}); len(policies) > 0 || len(faults) == 0 {
		t.Error("accepted")
	}
}

func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile("../../api/v1alpha1/hedgepolicy.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What an editor underlines must be a fault here too, and what is accepted here
// must not be underlined.
func TestSchemaRefusesNothingThatParseAccepts(t *testing.T) {
	s := schema(t)
	documents := []string{
		text("catalog"),
		text("catalog", "deadline: 1h", "bufferLimit: 1e3", "replayLimit: 0.5Ki", "streamIdleTimeout: +.5s"),
		text("catalog", "budget: {percent: 700, minPerSecond: 0}", "circuitBreaker: {failureRatio: 1, window: 1s, openFor: 1ms}"),
		text("catalog", `match: [{hosts: ["*.a", 10.0.0.1], methods: [M-SEARCH], headers: [{name: "a'b", value: "é"}]}, {}]`),
	}
	for _, file := range []string{"testdata/minimal.yaml", "testdata/whole.yaml", "testdata/all-at-once.yaml"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, string(data))
	}
	for _, document := range documents {
		parse(t, document)
		if err := s.Validate(instance(t, document)); err != nil {
			t.Errorf("%v\n%s", err, document)
		}
	}
}

func instance(t testing.TB, document string) any {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// The schema's defaults are read from tags, and Parse's are code.
func TestSchemaDefaultsAreThoseOfParse(t *testing.T) {
	data, err := os.ReadFile("../../api/v1alpha1/hedgepolicy.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	type node struct {
		Properties map[string]struct {
			Default any
			Ref     string `json:"$ref"`
		}
		Defs map[string]json.RawMessage `json:"$defs"`
	}
	var root node
	if err := json.Unmarshal(data, &root); err != nil {
		t.Fatal(err)
	}
	compared := 0
	var compare func(def, path string, got map[string]any)
	compare = func(def, path string, got map[string]any) {
		var n node
		if err := json.Unmarshal(root.Defs[def], &n); err != nil {
			t.Fatal(err)
		}
		for name, property := range n.Properties {
			at := member(path, name)
			if sub, ok := got[name].(map[string]any); ok {
				compare(strings.TrimPrefix(property.Ref, "#/$defs/"), at, sub)
				continue
			}
			want := property.Default
			if d, ok := want.(string); ok && reflect.DeepEqual(d, "60s") {
				want = "1m0s"
			}
			switch {
			case want == nil:
			default:
				compared++
				if !reflect.DeepEqual(got[name], want) {
					t.Errorf("%s: default %v, and the schema says %v", at, got[name], want)
				}
			}
		}
	}
	p := parse(t, text("catalog", "stagger: {}", "fanOut: {}"))
	spec, err := json.Marshal(p.Spec)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(spec, &got); err != nil {
		t.Fatal(err)
	}
	compare("HedgePolicySpec", "", got)
	if compared < 22 {
		t.Errorf("compared %d defaults", compared)
	}
}

// Whatever the bytes are: no panic, every fault has a place, and what is accepted
// satisfies the strict decoder and is the same policy when it is written again.
func FuzzParse(f *testing.F) {
	for _, file := range files(f, "testdata/*.yaml") {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		policies, faults := Parse(data, Options{Place: "fuzz", Namespace: "shop"})
		lines := 1
		for _, r := range string(data) {
			if strings.ContainsRune("\n\r\u0085\u2028\u2029", r) { // what ends a line in YAML
				lines++
			}
		}
		for _, fault := range faults {
			if fault.Line < 1 || fault.Line > lines || fault.Column < 1 || fault.Message == "" {
				t.Errorf("fault %+v in %d lines", fault, lines)
			}
		}
		NewTable(policies)
		for _, p := range policies {
			rewritten(t, p)
			keptAsText(t, p)
		}
	})
}

// rewritten reads a policy again from its defaulted form.
func rewritten(t *testing.T, p *Policy) {
	t.Helper()
	doc := v1alpha1.HedgePolicy{
		APIVersion: v1alpha1.APIVersion, Kind: v1alpha1.Kind,
		Metadata: v1alpha1.Metadata{Name: p.Name}, Spec: p.Spec,
	}
	data, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	strict, err := sigsjson.UnmarshalStrict(data, &v1alpha1.HedgePolicy{})
	if err != nil || len(strict) > 0 {
		t.Errorf("%v %v: %s", strict, err, data)
	}
	again, faults := Parse(data, Options{Namespace: p.Namespace})
	if len(again) != 1 {
		t.Fatalf("%v: %s", faults, data)
	}
	if again[0].Revision != p.Revision {
		t.Errorf("another revision of %s", data)
	}
}
