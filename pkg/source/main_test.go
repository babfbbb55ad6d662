package source

import (
	"os"
	"testing"

	"hedged.dev/hedged/test/apiserver"
)

// server is what ConfigMaps are tested with.
var server *apiserver.Server

func TestMain(m *testing.M) { os.Exit(apiserver.Main(m, &server)) }
