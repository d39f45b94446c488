//go:build race

package store_test

// rounds is small under the race detector, which makes the embedded server ten times slower; the full number runs
// without it.
const rounds = 10
