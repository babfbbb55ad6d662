package record_test

import (
	"fmt"
	"os"
	"strings"
	"time"

	"hedged.dev/hedged/pkg/record"
)

func ExampleRead() {
	const file = `{"time":"2026-11-22T10:00:00Z","policy":"shop/catalog","call":1,"attempt":1,"trigger":"initial","endpoint":"10.0.0.1:80","end":"lost","elapsed_ms":21}
{"time":"2026-11-22T10:00:00.02Z","policy":"shop/catalog","call":1,"attempt":2,"trigger":"stagger","endpoint":"10.0.0.2:80","end":"wno","elapsed_ms":1}
`
	for a, err := range record.Read(strings.NewReader(file), "attempts.jsonl") {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Printf("attempt %d of call %d %s after %g ms\n", a.Attempt, a.Call, a.End, a.ElapsedMS)
	}
	// Output:
	// attempt 1 of call 1 lost after 21 ms
	// attempts.jsonl:2: end: is "wno"; want won, lost, failed, timed_out, client_gone or rejected
}

func ExampleLog() {
	var log record.Log
	listener := log.Subscribe(100)
	if log.Active() {
		log.Add(record.Attempt{
			Time: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), Policy: "shop/catalog", Call: 1, Attempt: 1,
			Trigger: record.Initial, Endpoint: "10.0.0.1:80", End: record.Won, Status: 200, ElapsedMS: 2.5,
		})
	}
	log.Close()
	out := record.NewEncoder(os.Stdout)
	for a := range listener.C() {
		if err := out.Encode(a); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// {"time":"2026-11-22T10:00:00Z","policy":"shop/catalog","call":1,"attempt":1,"trigger":"initial","endpoint":"10.0.0.1:80","end":"won","status":200,"elapsed_ms":2.5}
}
