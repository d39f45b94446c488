// Package records knows the rows behind an account: contributions, bills with the parts that each payer paid, the
// account's ledger, claims, and the payments of the pooled fund. The region's upstream has them; nothing of them is written
// down here. They stay in memory for a while, so that pages follow one another and a region that is down can be bridged.
//
// A sum that the upstream does not give is nil, never zero. A region that does not tell one kind of rows is unsupported,
// never an empty list.
package records
