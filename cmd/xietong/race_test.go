//go:build race

package main

// raced says that the race detector is on, under which 98 nodes take minutes.
const raced = true
