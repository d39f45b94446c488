// Package insurer asks regions' medical-insurance upstreams in the wire family that hospitals use (FSI: one JSON
// envelope per transaction, TIF signature headers). A region is a [Profile]: nothing of any region is in the code, and
// what no public material settles is a field of the profile, never a guess.
//
// Transaction 1101, "person basic information", is the only national one that gives a balance. It answers whether a
// person exists, which enrolments there are, and one figure for each. A phone on file is no part of it: a region may
// have a local extension, [PhoneOnFile].
//
// What is promised:
//
//   - A figure is either what the upstream wrote, exactly, or not known. Not known is never zero.
//   - Rows are never summed and never chosen between: rows that contradict one another make the figure not known.
//   - An answer about another name or number than the one asked for is refused, whatever code it came with.
//   - Errors hold a class, the upstream's code and its trace number; never its text, which may carry personal data.
//   - Only questions that got no answer are asked again, within the caller's deadline, with a new message id and nonce.
package insurer
