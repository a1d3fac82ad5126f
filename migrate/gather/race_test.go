//go:build race

package gather_test

// raced tells that the race detector is on, which takes several times the time
// and memory.
const raced = true
