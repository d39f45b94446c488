package store

// Bulk is bulk, for tests.
var Bulk = bulk
