// Package store keeps everything in a MongoDB: one file per collection. It implements the stores that identity,
// balance and reminder declare.
//
// Every invariant lives inside one document, kept by one update that is guarded by the document's version, or is an
// _id. Personal data is sealed and looked up by keyed hash: see Keyring. No transaction, no pipeline update, no unique
// secondary index.
package store
