package v1alpha1

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	invopop "github.com/invopop/jsonschema"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"
)

const schemaFile = "hedgepolicy.schema.json"

var update = flag.Bool("update", false, "write hedgepolicy.schema.json from the types")

// generate makes the schema from the types, their tags and their comments.
func generate(t *testing.T) []byte {
	t.Helper()
	r := &invopop.Reflector{
		RequiredFromJSONSchemaTags: true,
		ExpandedStruct:             true,
		Mapper:                     scalar,
	}
	if err := r.AddGoComments("hedged.dev/hedged/api/v1alpha1", "."); err != nil {
		t.Fatal(err)
	}
	s := r.Reflect(&HedgePolicy{})
	s.ID = "https://hedged.dev/schema/v1alpha1/hedgepolicy.json"
	s.Title = Kind
	for _, kind := range []string{"service", "endpoints", "dns"} {
		up := s.Definitions["Upstream"]
		up.OneOf = append(up.OneOf, &invopop.Schema{Required: []string{kind}})
	}
	out, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	// Comments break their lines where the source does.
	return append(bytes.ReplaceAll(out, []byte(`\n`), []byte(" ")), '\n')
}

// scalar gives the schema of the types that marshal as one string or number.
func scalar(t reflect.Type) *invopop.Schema {
	switch t {
	case reflect.TypeFor[Duration]():
		return &invopop.Schema{
			Type:    "string",
			Pattern: `^\+?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`,
		}
	case reflect.TypeFor[Size]():
		return &invopop.Schema{OneOf: []*invopop.Schema{
			{Type: "string", Pattern: `^[0-9]{1,18}(\.[0-9]{1,9})?([KMGTPE]i|[kMGTPE]|[eE]\+?[0-9]{1,2})?$`},
			{Type: "integer", Minimum: "0"},
		}}
	case reflect.TypeFor[Port]():
		return &invopop.Schema{OneOf: []*invopop.Schema{
			{Type: "string", MinLength: new(uint64(1))},
			{Type: "integer", Minimum: "1", Maximum: "65535"},
		}}
	}
	return nil
}

func TestSchemaHasNoDrift(t *testing.T) {
	got := generate(t)
	if *update {
		if err := os.WriteFile(schemaFile, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s does not fit the types any more: run go generate ./api/...", schemaFile)
	}
}

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const whole = `
apiVersion: hedged.dev/v1alpha1
kind: HedgePolicy
metadata:
  name: catalog-read
spec:
  mode: Enforce
  match:
    - hosts: [catalog-hedged, catalog.shop.example, "*.catalog.example"]
      path: {type: PathPrefix, value: /v1/}
      methods: [GET, HEAD]
      headers: [{name: x-tier, value: gold}]
    - grpc: {service: shop.Catalog, method: Get}
  upstream:
    service: {name: catalog, namespace: shop, port: http}
    protocol: HTTP1
    host: Preserve
    distinct: Prefer
    connectTimeout: 1s
  deadline: 300ms
  streamIdleTimeout: 60s
  attemptTimeout: 0s
  fanOut:
    max: 3
    adaptive: true
    successTarget: 0.999
    within: 50ms
  stagger:
    mode: Auto
    min: 1ms
    max: 300ms
    initial: 150ms
  budget: {percent: 10, minPerSecond: 10}
  overload: {trustUpstream: false}
  accept:
    http: ["200-428", "430-499"]
    grpc: [OK, NOT_FOUND]
  nonFatal:
    http: ["429", "500", "502-504"]
    grpc: [UNAVAILABLE]
  commit: Headers
  bufferLimit: 1Mi
  idempotency: SafeMethods
  replayLimit: 64Ki
  circuitBreaker:
    consecutiveFailures: 5
    failureRatio: 0.5
    minAttempts: 20
    window: 10s
    openFor: 10s
    halfOpenAttempts: 1
  pushback: Honor
`

func TestSchemaJudgesDocuments(t *testing.T) {
	schema := compile(t)
	judge := func(t *testing.T, document string) error {
		t.Helper()
		data, err := yaml.YAMLToJSONStrict([]byte(document))
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(v)
	}
	valid := func(name, old, with string) {
		t.Run(name, func(t *testing.T) {
			if err := judge(t, replace(t, whole, old, with)); err != nil {
				t.Error(err)
			}
		})
	}
	invalid := func(name, old, with string) {
		t.Run(name, func(t *testing.T) {
			if err := judge(t, replace(t, whole, old, with)); err == nil {
				t.Errorf("the schema allows %s", with)
			}
		})
	}
	const service = "service: {name: catalog, namespace: shop, port: http}"
	valid("the whole document", "", "")
	valid("an empty match", "match:", "match:\n    - {}")
	valid("port by number", "port: http", "port: 8080")
	valid("endpoints", service, `endpoints: ["http://10.1.2.3:8080"]`)
	valid("dns", service, "dns: {name: catalog.example.com, port: 443, refresh: 30s}")
	valid("size in bytes", "1Mi", "1048576")
	valid("long duration", "300ms", "1m1.5s")

	invalid("unknown field", "fanOut:", "fanout:")
	invalid("wrong case of a value", "Enforce", "enforce")
	invalid("fan-out too large", "max: 3\n", "max: 9\n")
	invalid("fan-out not whole", "max: 3\n", "max: 2.5\n")
	invalid("duration without a unit", "deadline: 300ms", "deadline: 300")
	invalid("target time without a unit", "within: 50ms", "within: 50")
	invalid("no deadline", "deadline: 300ms", "")
	invalid("no match", "match:", "match: []\n  unmatched:")
	invalid("two upstreams", service, service+"\n    endpoints: ['http://10.1.2.3:8080']")
	invalid("no upstream", service, "")
	invalid("status code as a number", `"429"`, "429")
	invalid("status code beyond the last", `"429"`, `"629"`)
	invalid("budget beyond every fan-out", "percent: 10", "percent: 701")
	invalid("failure ratio", "failureRatio: 0.5", "failureRatio: 1.5")
	invalid("other version", "hedged.dev/v1alpha1", "hedged.dev/v1")
	invalid("name of the policy", "catalog-read", "Catalog_Read")
	invalid("size", "64Ki", "64Kib")
}

func replace(t *testing.T, document, old, with string) string {
	t.Helper()
	if !strings.Contains(document, old) {
		t.Fatalf("the document does not contain %q", old)
	}
	return strings.Replace(document, old, with, 1)
}

// YAML 1.1 reads these words as booleans, whatever the schema says, so none may
// be a value that a user has to write.
func TestNoEnumValueIsAYAMLBoolean(t *testing.T) {
	data, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var schema any
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	seen := 0
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			values, _ := v["enum"].([]any)
			for _, word := range values {
				seen++
				if word := word.(string); readsAsBoolean(t, word) {
					t.Errorf("YAML reads %s as a boolean", word)
				}
			}
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(schema)
	if least := 20; seen < least {
		t.Errorf("found %d enum values in the schema, expected at least %d", seen, least)
	}
	for _, word := range []string{"On", "off", "yes", "N"} {
		if !readsAsBoolean(t, word) {
			t.Errorf("the test does not see that YAML reads %s as a boolean", word)
		}
	}
}

// readsAsBoolean asks the YAML reader that policies go through, and also the
// list of YAML 1.1, since that reader leaves out y and n.
func readsAsBoolean(t *testing.T, word string) bool {
	t.Helper()
	switch strings.ToLower(word) {
	case "y", "n", "yes", "no", "on", "off", "true", "false":
		return true
	}
	var v any
	if err := yaml.Unmarshal([]byte(word), &v); err != nil {
		t.Fatal(err)
	}
	_, isString := v.(string)
	return !isString
}
