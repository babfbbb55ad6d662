package main

import (
	"bytes"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestRun runs the real go command over the two modules of testdata.
func TestRun(t *testing.T) {
	f := func(name, module string, args []string, code int, last string, want ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Chdir("testdata/" + module)
			t.Setenv("GOFLAGS", "")
			var stdout, stderr bytes.Buffer
			if got := run(args, &stdout, &stderr); got != code {
				t.Errorf("exit code %d, want %d", got, code)
			}
			lines := strings.Split(strings.TrimSuffix(stdout.String(), "\n"), "\n")
			if got := lines[len(lines)-1]; got != last {
				t.Errorf("last line %q, want %q", got, last)
			}
			for _, w := range want {
				if not, found := strings.CutPrefix(w, "!"); found == strings.Contains(stdout.String()+stderr.String(), not) {
					t.Errorf("output does not agree with %q", w)
				}
			}
			if t.Failed() {
				t.Logf("stdout:\n%s\nstderr:\n%s", &stdout, &stderr)
			}
		})
	}

	f("all good", "good", []string{"-floor", "good/a=50", "--", "-cover", "./..."}, 0, "3 passed, 0 failed",
		"ok  \texample.test/good/a\t", "coverage: 50.0% of statements", "skipped: example.test/good/a TestThree",
		"void: example.test/good/a TestTwo: the first try: the machine was busy\n", "!nobody needs")
	f("below a floor", "good", []string{"-floor", "good/a=50.1", "--", "-cover", "./..."}, 1, "3 passed, 1 failed",
		"FAIL\tgood/a: coverage is 50.0%, want at least 50.1%")
	f("a floor without coverage", "good", []string{"-floor", "good/a=50", "./..."}, 1, "3 passed, 1 failed",
		"FAIL\tgood/a: no coverage was reported")
	f("failures", "broken", []string{"./a"}, 1, "3 passed, 2 failed",
		"the subtest's words", "the parent's words", "FAIL\texample.test/broken/a\t")
	f("a build", "broken", []string{"./build"}, 1, "0 passed, 1 failed", "undefined: undeclared", "[build failed]")
	f("a leak", "broken", []string{"./leak"}, 1, "1 passed, 1 failed", "a goroutine was left behind")
	f("a panic", "broken", []string{"./panics"}, 1, "0 passed, 1 failed", "panic: in a goroutine")
	f("everything", "broken", []string{"./..."}, 1, "4 passed, 5 failed")
	f("a bad argument of go test", "good", []string{"--", "-run", "(", "./..."}, 1, "0 passed, 1 failed")
	f("two runs", "broken", []string{"./a", "--", "./leak"}, 1, "4 passed, 3 failed", "a goroutine was left behind")
	f("a second run that cannot be", "good", []string{"./...", "--", "-run", "(", "./..."}, 1, "3 passed, 1 failed")
	f("a run in another folder", "good", []string{"./...", "--", "-C", "../broken", "./leak"}, 1, "4 passed, 1 failed", "a goroutine was left behind")
	f("no such package", "good", []string{"./nowhere"}, 1, "0 passed, 1 failed", "nowhere")
	f("a bad floor", "good", []string{"-floor", "x", "./..."}, 2, "", "want package=percent")
}
