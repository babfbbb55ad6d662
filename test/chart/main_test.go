package chart_test

import (
	"os"
	"testing"

	"hedged.dev/hedged/test/apiserver"
)

var server *apiserver.Server

func TestMain(m *testing.M) { os.Exit(apiserver.Main(m, &server)) }
