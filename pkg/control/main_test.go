package control

import (
	"os"
	"testing"

	"hedged.dev/hedged/test/apiserver"
)

// server is where the ConfigMaps of some tests are.
var server *apiserver.Server

func TestMain(m *testing.M) { os.Exit(apiserver.Main(m, &server)) }
