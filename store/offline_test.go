package store

import (
	"bytes"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// offlineStore has codecs and keys, and a client that never connects to anything.
func offlineStore() (*Store, error) {
	keys, err := NewTestKeyring()
	if err != nil {
		return nil, err
	}
	client, err := mongo.Connect(options.Client().ApplyURI("mongodb://127.0.0.1:1").SetServerSelectionTimeout(time.Millisecond))
	if err != nil {
		return nil, err
	}
	s := &Store{client: client, db: client.Database("none"), keys: keys, now: time.Now}
	s.tables = s.newTables()
	return s, nil
}

func contains(haystack []byte, needle string) bool { return bytes.Contains(haystack, []byte(needle)) }
