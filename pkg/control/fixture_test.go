package control

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/source"
)

// memory is a source whose snapshots a test gives. It stands where ConfigMaps
// will be.
type memory struct {
	snapshots chan source.Snapshot
	failure   chan error
}

func newMemory() *memory {
	return &memory{snapshots: make(chan source.Snapshot), failure: make(chan error)}
}

func (m *memory) Run(ctx context.Context, emit func(source.Snapshot)) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-m.failure:
			return err
		case s := <-m.snapshots:
			emit(s)
		}
	}
}

// fixture is a running loop in a bubble of virtual time.
type fixture struct {
	t       *testing.T
	loop    *Loop
	sources []*memory
	tables  []*policy.Table // every one that was published
	log     bytes.Buffer
	ended   chan error
	failure error // that Run is to end with
}

// running runs f beside a loop with so many sources.
func running(t *testing.T, sources int, f func(f *fixture)) {
	t.Helper()
	runningWith(t, sources, Options{}, f)
}

// runningWith runs f beside a loop with these options and so many sources.
func runningWith(t *testing.T, sources int, o Options, f func(f *fixture)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		x := &fixture{t: t, ended: make(chan error, 1)}
		o.ClusterDomain = "cluster.local"
		o.Publish = func(table *policy.Table) { x.tables = append(x.tables, table) }
		o.Log = slog.New(slog.NewTextHandler(&x.log, nil))
		for range sources {
			m := newMemory()
			x.sources = append(x.sources, m)
			o.Sources = append(o.Sources, m)
		}
		x.loop = New(o)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { x.ended <- x.loop.Run(ctx) }()
		synctest.Wait()
		f(x)
		cancel()
		if err := <-x.ended; !errors.Is(err, x.failure) {
			t.Errorf("Run ended with %v, want %v", err, x.failure)
		}
	})
}

// give is a change of the first source, which has these files from now on.
func (x *fixture) give(files ...source.File) { x.giveFrom(0, files...) }

func (x *fixture) giveFrom(i int, files ...source.File) {
	x.sources[i].snapshots <- source.Snapshot{Files: files}
	synctest.Wait()
}

// serves checks the last published table: each policy as name=deadline.
func (x *fixture) serves(want string) {
	x.t.Helper()
	if len(x.tables) == 0 {
		x.t.Fatal("no table was published")
	}
	if got := contents(x.tables[len(x.tables)-1]); got != want {
		x.t.Errorf("the table has %q, want %q", got, want)
	}
}

func contents(table *policy.Table) string {
	var out []string
	for _, p := range table.Policies() {
		out = append(out, fmt.Sprintf("%s=%s", p.ID.Name, p.Deadline))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// says checks the conditions of all documents: each as place:line name Condition.
func (x *fixture) says(want ...string) {
	x.t.Helper()
	var got []string
	for _, d := range x.loop.Status().Documents {
		got = append(got, fmt.Sprintf("%s:%d %s %s", d.Place, d.Line, d.ID.Name, d.Condition))
	}
	if !slices.Equal(got, want) {
		x.t.Errorf("status has\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// document finds the status of a policy's document.
func (x *fixture) document(place, name string) DocumentStatus {
	x.t.Helper()
	for _, d := range x.loop.Status().Documents {
		if d.Place == place && d.ID.Name == name {
			return d
		}
	}
	x.t.Fatalf("no document of %q in %s", name, place)
	return DocumentStatus{}
}

// lines takes what was logged since it was last called.
func (x *fixture) lines() []string {
	text := strings.TrimSuffix(x.log.String(), "\n")
	x.log.Reset()
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func at(place string, documents ...string) source.File {
	return source.File{Place: place, Namespace: "default", Data: []byte(strings.Join(documents, "---\n"))}
}

func created(f source.File, after time.Duration) source.File {
	f.Created = time.Unix(1e9, 0).Add(after)
	return f
}

func unreadable(place string) source.File {
	return source.File{Place: place, Namespace: "default", Err: context.DeadlineExceeded}
}

// doc is a policy document of nine lines; a deadline that is none makes it invalid.
func doc(name, host, deadline string) string {
	return fmt.Sprintf(`apiVersion: hedged.dev/v1alpha1
kind: HedgePolicy
metadata: {name: %s}
spec:
  match: [{hosts: [%s]}]
  upstream: {endpoints: ["http://127.0.0.1:1"]}
  deadline: %s
  stagger: {mode: Fixed, fixed: 20ms}
  fanOut: {adaptive: false}
`, name, host, deadline)
}

// Documents that are refused.
const (
	noYAML   = "kind: [\n"
	noNumber = "soon"
	badName  = "Bad_Name"
)
