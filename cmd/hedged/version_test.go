package main

import (
	"bytes"
	"encoding/json"
	"runtime"
	"testing"
)

func TestVersion(t *testing.T) {
	code, stdout, stderr := hedged(t.Context(), "", "version", "--output", "json")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, stderr %q", code, stderr)
	}
	var b build
	if err := json.Unmarshal([]byte(stdout), &b); err != nil {
		t.Fatal(err)
	}
	if b.Version == "" || b.Commit == "" || b.Date == "" || b.Go != runtime.Version() {
		t.Errorf("version %+v", b)
	}

	var text bytes.Buffer
	if err := writeBuild(&text, "text", build{"v1.2.3", "abc", "2026-11-22", "go1.26"}); err != nil {
		t.Fatal(err)
	}
	const want = "hedged v1.2.3\n  commit  abc\n  date    2026-11-22\n  go      go1.26\n"
	if text.String() != want {
		t.Errorf("text %q, want %q", &text, want)
	}
}
