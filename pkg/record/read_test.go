package record_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/record"
)

const line = `{"time":"2026-11-22T10:00:00.001Z","policy":"shop/catalog","call":7,"attempt":2,"trigger":"stagger","endpoint":"10.0.0.1:80","end":"won","status":200,"elapsed_ms":3.25}`

var attempt = record.Attempt{
	Time: time.Date(2026, 11, 22, 10, 0, 0, 1e6, time.UTC), Policy: "shop/catalog", Call: 7, Attempt: 2,
	Trigger: record.Stagger, Endpoint: "10.0.0.1:80", End: record.Won, Status: 200, ElapsedMS: 3.25,
}

func TestRead(t *testing.T) {
	f := func(name, text string, want ...record.Attempt) {
		t.Helper()
		got, err := record.ReadAll(strings.NewReader(text), "a.jsonl")
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}

	f("nothing", "")
	f("one", line+"\n", attempt)
	f("no line feed at the end", line, attempt)
	f("blank lines and carriage returns", "\n"+line+"\r\n \n"+line+"\n\n", attempt, attempt)
	silent := attempt
	silent.Status, silent.End, silent.ElapsedMS = 0, record.Lost, 0
	f("no status, no time", edit(`"status":200,`, "", `"won"`, `"lost"`, "3.25", "0"), silent)
}

// edit returns the line with words replaced.
func edit(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(line) + "\n" }

func TestReadErrors(t *testing.T) {
	f := func(name, text, want string) {
		t.Helper()
		attempts, err := record.ReadAll(strings.NewReader(line+"\n\n"+text), "a.jsonl")
		if err == nil || err.Error() != "a.jsonl:3: "+want || attempts != nil {
			t.Errorf("%s:\n got %v\nwant a.jsonl:3: %s", name, err, want)
		}
	}

	f("no JSON", "hello\n", "not an attempt: invalid character 'h' looking for beginning of value; want a JSON object, as hedged record writes it")
	f("a list", "[]\n", "is a JSON array; want an object, as hedged record writes it")
	f("null", "null\n", "elapsed_ms: is missing; want milliseconds")
	f("two on a line", line+line+"\n", "something follows the attempt; want one JSON object a line")
	f("half a line", line[:100], "cut off (not a whole JSON object): a copy of a growing file ends so; remove the line")
	f("half a line within", line[:100]+"\n", "not a whole JSON object")
	f("a misspelt field", edit(`"end"`, `"ended"`), "ended: an attempt has no such field; remove it")
	f("an unknown end", edit(`"won"`, `"win"`), `end: is "win"; want won, lost, failed, timed_out, client_gone or rejected`)
	f("no end", edit(`"end":"won",`, ""), `end: is ""; want won, lost, failed, timed_out, client_gone or rejected`)
	f("an unknown trigger", edit(`"stagger"`, `"hedge"`), `trigger: is "hedge"; want initial, stagger or failure`)
	f("a first attempt later", edit(`"stagger"`, `"initial"`), "trigger: is initial of attempt 2; attempt 1 is initial, and no other")
	f("a first attempt by failure", edit(`"attempt":2`, `"attempt":1`), "trigger: is stagger of attempt 1; attempt 1 is initial, and no other")
	f("a negative time", edit("3.25", "-1"), "elapsed_ms: is -1; want milliseconds, not negative")
	f("too long a time", edit("3.25", "1e999"), "elapsed_ms: is a number 1e999; want a number")
	f("no time", edit(`,"elapsed_ms":3.25`, ""), "elapsed_ms: is missing; want milliseconds")
	f("a text for a number", edit("3.25", `"3ms"`), "elapsed_ms: is a string; want a number")
	f("half a call", edit(`"call":7`, `"call":7.5`), "call: is a number 7.5; want a whole number")
	f("a negative call", edit(`"call":7`, `"call":-7`), "call: is a number -7; want a whole number")
	f("call 0", edit(`"call":7`, `"call":0`), "call: is missing or 0; calls are numbered from 1")
	f("attempt 0", edit(`"attempt":2`, `"attempt":0`), "attempt: is missing or 0; attempts are numbered from 1")
	f("a number for a text", edit(`"shop/catalog"`, "1"), "policy: is a number; want a text")
	f("no policy", edit(`"shop/catalog"`, `""`), "policy: is missing; want namespace/name")
	f("no endpoint", edit(`"10.0.0.1:80"`, `""`), "endpoint: is missing; want its address")
	f("no instant", edit(`"time":"2026-11-22T10:00:00.001Z",`, ""), "time: is missing; want the launch as 2006-01-02T15:04:05.999Z")
	f("an unlikely status", edit("200", "20"), "status: is 20; want an HTTP status, or leave it out")
	f("a very long line", strings.Repeat(" ", 70_000)+line, "longer than 65536 bytes, which no attempt is")
	if _, err := record.ReadAll(strings.NewReader(edit(`"2026-11-22T10:00:00.001Z"`, `"noon"`)), "a"); err == nil || !strings.HasPrefix(err.Error(), "a:1: ") {
		t.Errorf("an instant that is none: %v", err)
	}
}

func TestReadOfABrokenSource(t *testing.T) {
	broken := errors.New("the disk is gone")
	source := io.MultiReader(strings.NewReader(line+"\n"), iotest.ErrReader(broken))
	var got []record.Attempt
	var err error
	for a, e := range record.Read(source, "a.jsonl") {
		if err = e; e == nil {
			got = append(got, a)
		}
	}
	if len(got) != 1 || !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "a.jsonl:2: ") {
		t.Errorf("%d attempts and the error %v", len(got), err)
	}
}

func TestReadStopsWhenAsked(t *testing.T) {
	n := 0
	for _, err := range record.Read(strings.NewReader(line+"\n"+line+"\nnonsense"), "a") {
		if n++; n == 2 || err != nil {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d attempts before the break", n)
	}
}

// TestWordsAreTheEngines: what the engine calls a trigger and an end is what a
// record calls it.
func TestWordsAreTheEngines(t *testing.T) {
	for _, end := range []hedge.End{hedge.Won, hedge.Lost, hedge.Failed, hedge.TimedOut, hedge.ClientGone, hedge.Rejected} {
		if _, err := record.ReadAll(strings.NewReader(edit("won", end.String())), "a"); err != nil {
			t.Error(err)
		}
	}
	for n, trigger := range []hedge.Trigger{hedge.Initial, hedge.Stagger, hedge.Failure} {
		text := edit("stagger", trigger.String(), `"attempt":2`, `"attempt":`+string(rune('1'+n)))
		if _, err := record.ReadAll(strings.NewReader(text), "a"); err != nil {
			t.Error(err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(line)
	f.Add(line + "\n" + line)
	f.Add(edit("200", "0"))
	f.Add(`{"elapsed_ms":null}`)
	f.Add("[1]")
	f.Fuzz(func(t *testing.T, text string) {
		read, err := record.ReadAll(strings.NewReader(text), "a")
		if err != nil {
			if !strings.HasPrefix(err.Error(), "a:") {
				t.Errorf("the error does not name the place: %v", err)
			}
			return
		}
		var again strings.Builder
		out := record.NewEncoder(&again)
		for _, a := range read {
			if err := out.Encode(a); err != nil {
				t.Fatalf("%+v was read, and cannot be written: %v", a, err)
			}
		}
		back, err := record.ReadAll(strings.NewReader(again.String()), "a")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(read, back); diff != "" {
			t.Errorf("written and read again (-first +second):\n%s", diff)
		}
	})
}
