// Command hello is a program for images to hold in tests.
package main

func main() { println("hello") }
