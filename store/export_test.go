package store

// Rotated is rotated, for tests.
var Rotated = rotated
