//go:build !race

package store_test

// rounds is how many updates each of twenty clients makes.
const rounds = 50
