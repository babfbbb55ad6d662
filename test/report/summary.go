package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// event is one line of `go test -json` (see `go doc test2json`); the lines of
// a build (`go help buildjson`) carry ImportPath instead of Package.
type event struct {
	Action      string
	Package     string
	ImportPath  string
	Test        string
	Output      string
	FailedBuild string
}

// id names what an event is about: a test of a package, the package itself
// (no test), or a build (no package).
type id struct{ pkg, test string }

func (of id) parent() (parent id, ok bool) {
	i := strings.LastIndexByte(of.test, '/')
	if i < 0 {
		return id{}, false
	}
	return id{of.pkg, of.test[:i]}, true
}

// summary gathers events and prints what ended.
type summary struct {
	out            io.Writer
	passed, failed int
	output         map[id][]string    // of what has not ended
	parents        map[id]bool        // tests that have subtests (only leaves are counted), true if one failed
	broken         map[string]bool    // packages that have a failed test
	coverage       map[string]float64 // in percent, by package
	skipped        []string
	void           []string // what tests logged as void, whether they passed or not
}

func newSummary(out io.Writer) *summary {
	return &summary{
		out:      out,
		output:   map[id][]string{},
		parents:  map[id]bool{},
		broken:   map[string]bool{},
		coverage: map[string]float64{},
	}
}

// read takes all events.
func (s *summary) read(events io.Reader) error {
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			s.line(line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the events of go test: %w", err)
		}
	}
}

// line takes one event. What is no event is passed on: the go command writes
// some errors as plain text.
func (s *summary) line(line []byte) {
	var e event
	if err := json.Unmarshal(line, &e); err != nil || e.Action == "" {
		fmt.Fprint(s.out, string(line))
		return
	}
	switch {
	case e.ImportPath != "":
		s.build(e)
	case e.Test != "":
		s.test(e)
	default:
		s.pkg(e)
	}
}

func (s *summary) build(e event) {
	of := id{pkg: e.ImportPath}
	switch e.Action {
	case "build-output":
		s.output[of] = append(s.output[of], e.Output)
	case "build-fail":
		s.print(of)
	}
}

func (s *summary) test(e event) {
	of := id{e.Package, e.Test}
	switch e.Action {
	case "run":
		if parent, ok := of.parent(); ok && !s.parents[parent] {
			s.parents[parent] = false
		}
	case "output":
		s.output[of] = append(s.output[of], e.Output)
		if m := voidLine.FindStringSubmatch(e.Output); m != nil {
			s.void = append(s.void, fmt.Sprintf("void: %s %s: %s", e.Package, e.Test, m[1]))
		}
	case "pass":
		if _, isParent := s.parents[of]; !isParent {
			s.passed++
		}
		delete(s.output, of)
	case "skip":
		s.skipped = append(s.skipped, e.Package+" "+e.Test)
		delete(s.output, of)
	case "fail":
		s.print(of)
		if !s.parents[of] { // a parent fails with its subtests
			s.failed++
		}
		if parent, ok := of.parent(); ok {
			s.parents[parent] = true
		}
		s.broken[e.Package] = true
	}
}

// voidLine is what t.Log writes of a text that begins with "void: ", with which a test
// says that a measurement of it shows nothing.
var voidLine = regexp.MustCompile(`^\s+\S+\.go:\d+: void: (.*)`)

var coverageTable = regexp.MustCompile(`coverage: (\d+\.\d+)% of statements`)

func (s *summary) pkg(e event) {
	of := id{pkg: e.Package}
	switch e.Action {
	case "output":
		s.output[of] = append(s.output[of], e.Output)
		if m := coverageTable.FindStringSubmatch(e.Output); m != nil {
			s.coverage[e.Package], _ = strconv.ParseFloat(m[1], 64)
		}
	case "pass", "skip":
		lines := s.output[of]
		if len(lines) > 0 { // the last one is the runner's: ok, the package, the time, the coverage
			fmt.Fprint(s.out, lines[len(lines)-1])
		}
		delete(s.output, of)
	case "fail":
		s.unfinished(e.Package)
		s.print(of)
		if !s.broken[e.Package] { // a build, a leak, a panic, a time-out
			s.failed++
		}
	}
}

// unfinished prints the output of the tests that a panic or a time-out of
// their package cut off.
func (s *summary) unfinished(pkg string) {
	var cut []id
	for of := range s.output {
		if of.pkg == pkg && of.test != "" {
			cut = append(cut, of)
		}
	}
	slices.SortFunc(cut, func(a, b id) int { return strings.Compare(a.test, b.test) })
	for _, of := range cut {
		s.print(of)
	}
}

func (s *summary) print(of id) {
	for _, line := range s.output[of] {
		fmt.Fprint(s.out, line)
	}
	delete(s.output, of)
}

// hold compares the coverage with the floors. A floor whose package did not
// report its coverage is a failure too.
func (s *summary) hold(floors floors) {
	for _, name := range slices.Sorted(maps.Keys(floors)) {
		got, found := 0.0, false
		for pkg, percent := range s.coverage {
			if strings.HasSuffix(pkg, "/"+name) {
				got, found = percent, true
			}
		}
		switch {
		case !found:
			fmt.Fprintf(s.out, "FAIL\t%s: no coverage was reported, want at least %g%%\n", name, floors[name])
			s.failed++
		case got < floors[name]:
			fmt.Fprintf(s.out, "FAIL\t%s: coverage is %.1f%%, want at least %g%%\n", name, got, floors[name])
			s.failed++
		}
	}
}

// close prints the last lines.
func (s *summary) close() {
	for _, name := range s.skipped {
		fmt.Fprintln(s.out, "skipped:", name)
	}
	for _, line := range s.void {
		fmt.Fprintln(s.out, line)
	}
	fmt.Fprintf(s.out, "%d passed, %d failed\n", s.passed, s.failed)
}
