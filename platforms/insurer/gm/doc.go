// Package gm is the envelope of China's public medical-insurance services and of mobile pay: the data of a message is
// encrypted with SM4 and the message signed with SM2. The package does not read the data.
//
// The protocol is read off several independent clients; the official text was not at hand. Where these clients
// differ, the [Dialect] says which way. Two sides that hold each other's public key use it alike.
//
// Its weaknesses are the envelope's own: SM4 in ECB mode, no nonce, a secret inside the signed text, and timestamps
// without a bound. The line must be protected besides: TLS, with a client certificate where the other side takes one.
package gm
