package v1alpha1

import (
	"encoding/json"
	"testing"
)

func TestScalarsAreReadAndWritten(t *testing.T) {
	read := func(v any, in, want string) {
		t.Helper()
		if err := json.Unmarshal([]byte(in), v); err != nil {
			t.Errorf("%s: %v", in, err)
			return
		}
		got, err := json.Marshal(v)
		if err != nil || string(got) != want {
			t.Errorf("%s is written as %s, want %s (%v)", in, got, want, err)
		}
	}
	read(new(Duration), `"0.3s"`, `"300ms"`)
	read(new(Duration), `"0"`, `"0s"`)
	read(new(Duration), `null`, `"0s"`)
	read(new(Size), `"64Ki"`, `"64Ki"`)
	read(new(Size), `1048576`, `"1048576"`)
	read(new(Size), `1e3`, `"1e3"`)
	read(new(Size), `null`, `"0"`)
	read(new(Port), `"http"`, `"http"`)
	read(new(Port), `8080`, `8080`)
	read(new(Port), `null`, `""`)
}

func TestScalarsRefuse(t *testing.T) {
	refuse := func(v any, in string) {
		t.Helper()
		if err := json.Unmarshal([]byte(in), v); err == nil {
			t.Errorf("%s is read as %v", in, v)
		}
	}
	for _, in := range []string{`300`, `"300"`, `"fast"`, `true`, `{}`, `"300 ms"`} {
		refuse(new(Duration), in)
	}
	// The last two would keep Quantity's own parser busy for minutes.
	for _, in := range []string{`"64KB"`, `"-1"`, `true`, `""`, `[]`, `"1.5e2147483647"`, `1e-2147483647`} {
		refuse(new(Size), in)
	}
	for _, in := range []string{`-1`, `65536`, `1.5`, `[]`, `true`} {
		refuse(new(Port), in)
	}
}
