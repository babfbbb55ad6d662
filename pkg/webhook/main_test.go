package webhook_test

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"

	"hedged.dev/hedged/test/apiserver"
)

var server *apiserver.Server

func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.fuzz").Value.String() != "" {
		goleak.VerifyTestMain(m) // fuzzing needs no API server in each of its processes
	}
	os.Exit(apiserver.Main(m, &server))
}
