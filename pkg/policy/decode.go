package policy

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"hedged.dev/hedged/api/v1alpha1"
)

// decode reads the document over the defaults. Every field of a wrong name or of
// a wrong type is reported; what is returned is then only good for finding
// further faults. It returns nil when the document is of another kind.
func (d *document) decode() *v1alpha1.HedgePolicy {
	data, err := d.json()
	if err != nil {
		if len(d.faults) == 0 {
			d.syntax(err)
		}
		return nil
	}
	// The strict decoder gives up its list of unknown fields at the first value
	// of a wrong type, and has no path for that one. So such values are taken out
	// first; what it says after that would be something that conform overlooked.
	reader := stdjson.NewDecoder(bytes.NewReader(data))
	reader.UseNumber()
	var tree any
	if err := reader.Decode(&tree); err != nil {
		d.syntax(err)
		return nil
	}
	fields, ok := tree.(map[string]any)
	if !ok {
		d.fault("", "Invalid value: must be a mapping with apiVersion, kind, metadata and spec")
		return nil
	}
	d.identify(fields)
	if !d.ours(fields) {
		return nil
	}
	tree, _ = d.conform(tree, reflect.TypeFor[v1alpha1.HedgePolicy](), "")
	if data, err = stdjson.Marshal(tree); err != nil {
		d.syntax(err)
		return nil
	}
	doc := defaults()
	strict, err := json.UnmarshalStrict(data, doc)
	for _, err := range append(strict, err) {
		if err != nil {
			d.fault("", "%v", err)
		}
	}
	return doc
}

// json converts the document. Duplicate keys are no reason to stop: index has
// reported them, and the later one stands for the search for further faults.
func (d *document) json() ([]byte, error) {
	data, err := yaml.YAMLToJSONStrict(d.text)
	if err == nil {
		return data, nil
	}
	if len(d.faults) == 0 {
		return nil, err
	}
	return yaml.YAMLToJSON(d.text)
}

// identify finds the policy's name, also in a document that is not decoded for
// its faults: whoever keeps the last good revision has to know which it was.
func (d *document) identify(tree map[string]any) {
	metadata, _ := tree["metadata"].(map[string]any)
	if name, _ := metadata["name"].(string); isSubdomain(name) {
		d.id.Name = name
	}
}

// ours reports whether the document says that it is a HedgePolicy of this
// version, or does not say. The fields of any other are not worth a look.
func (d *document) ours(tree map[string]any) bool {
	claim := func(field, want string) bool {
		got, ok := tree[field].(string)
		if !ok || got == want {
			return true
		}
		d.fault(field, "Unsupported value: %q: supported values: %q", got, want)
		return false
	}
	// Both are asked, so that both are reported.
	version, kind := claim("apiVersion", v1alpha1.APIVersion), claim("kind", v1alpha1.Kind)
	return version && kind
}

// conform takes out of a value what does not fit the type, and reports it. A
// null counts as absent. ok is false when nothing of the value is left.
func (d *document) conform(v any, t reflect.Type, path string) (fit any, ok bool) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case v == nil:
		return nil, false
	case reflect.PointerTo(t).Implements(reflect.TypeFor[stdjson.Unmarshaler]()):
		return d.conformScalar(v, t, path)
	case t.Kind() == reflect.Struct:
		return d.conformStruct(v, t, path)
	case t.Kind() == reflect.Slice:
		return d.conformList(v, t, path)
	default:
		return d.conformScalar(v, t, path)
	}
}

func (d *document) conformStruct(v any, t reflect.Type, path string) (fit any, ok bool) {
	fields, isMap := v.(map[string]any)
	if !isMap {
		d.invalid(path, v, "must be a mapping with the fields %s", strings.Join(fieldNames(t), ", "))
		d.lose(path)
		return nil, false
	}
	kept := map[string]any{}
	for name, value := range fields {
		field, known := fieldNamed(t, name)
		if !known {
			d.unknown(path, name, fieldNames(t))
			continue
		}
		if value, ok := d.conform(value, field.Type, member(path, name)); ok {
			kept[name] = value
		}
	}
	return kept, true
}

// conformList keeps the place of an item that does not fit, so that the ones
// after it keep their numbers.
func (d *document) conformList(v any, t reflect.Type, path string) (fit any, ok bool) {
	items, isList := v.([]any)
	if !isList {
		remedy := "begin each item with a dash"
		if _, isMap := v.(map[string]any); !isMap {
			remedy = "write [" + show(v) + "]"
		}
		d.invalid(path, v, "must be a list: %s", remedy)
		d.lose(path)
		return nil, false
	}
	for i, item := range items {
		at := element(path, i)
		if item == nil {
			d.fault(at, "Required value: remove the empty item or fill it in")
		}
		fit, ok := d.conform(item, t.Elem(), at)
		if !ok {
			fit = reflect.Zero(t.Elem()).Interface()
		}
		items[i] = fit
	}
	return items, true
}

func (d *document) conformScalar(v any, t reflect.Type, path string) (fit any, ok bool) {
	data, err := stdjson.Marshal(v)
	if err == nil {
		err = stdjson.Unmarshal(data, reflect.New(t).Interface())
	}
	if err == nil {
		return v, true
	}
	// What was written may read as another type: y is true in YAML 1.1.
	written, isString := v.(string)
	if m, ok := d.marks[path]; ok && !isString {
		written = m.text
	}
	want := err.Error()
	if mismatch := (*stdjson.UnmarshalTypeError)(nil); errors.As(err, &mismatch) {
		want = wanted(written, t)
	}
	switch v.(type) {
	case map[string]any, []any, string:
		d.invalid(path, v, "%s", want)
	default:
		d.fault(path, "Invalid value: %s: %s", written, want)
	}
	return nil, false
}

// wanted says what a scalar of the type has to look like.
func wanted(written string, t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		if written == "" {
			return "must be a string"
		}
		return fmt.Sprintf("must be a string: write it in quotes, %q", written)
	case reflect.Bool:
		return "must be true or false, without quotes"
	case reflect.Float64:
		return "must be a number, without quotes"
	default:
		return "must be a whole number, without quotes"
	}
}

// fieldNamed is the field that is written as name.
func fieldNamed(t reflect.Type, name string) (reflect.StructField, bool) {
	for f := range t.Fields() {
		if jsonName(f) == name {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

func fieldNames(t reflect.Type) []string {
	var names []string
	for f := range t.Fields() {
		names = append(names, jsonName(f))
	}
	return names
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}
