package main

import "hedged.dev/hedged/pkg/command"

func main() { command.Main(newRoot) }
