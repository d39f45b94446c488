// Package records knows the rows behind an account: what was paid in, what was spent and who paid which part of it, the
// account's ledger, claims, and what the pooled fund has paid. The region's upstream has them; nothing of them is written
// down here. They stay in memory for a while, so that pages follow one another and a region that is down can be bridged.
//
// A sum that the upstream does not give is nil, never zero. A region that does not tell one kind of rows is unsupported,
// never an empty list.
package records
