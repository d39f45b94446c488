package memory

import (
	"context"
	"sync"

	"yibao/store"
)

var _ store.Database = (*Client)(nil)

// Keys is the keyring of all test stores: each opens the documents of the others.
var Keys = sync.OnceValue(func() *store.Keyring {
	keys, err := store.NewTestKeyring()
	if err != nil {
		panic(err)
	}
	return keys
})

// New returns a store above a fresh database in memory, and the client that it uses. There is nothing to close.
func New(change ...func(*store.Options)) (*store.Store, *Client) {
	client := NewServer().Connect()
	return Open(client, change...), client
}

// Open opens a store on a client: each further process on a database gets a client by Connect, and a store of its own.
// The commands of opening are not counted. It panics when the store does not open.
func Open(client *Client, change ...func(*store.Options)) *store.Store {
	o := store.Options{Keys: Keys()}
	for _, c := range change {
		c(&o)
	}
	s, err := store.OpenOn(context.Background(), client, o)
	if err != nil {
		panic(err)
	}
	client.ResetCounts()
	return s
}
