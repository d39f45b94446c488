package store

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
)

// offline is a store without a database: its codecs work.
func offline(t *testing.T) *Store {
	t.Helper()
	s := &Store{keys: testKeys(t), now: time.Now, log: slog.New(slog.DiscardHandler)}
	s.tables = s.newTables()
	return s
}

// TestMajority: what the address says of concerns and preferences does not count.
func TestMajority(t *testing.T) {
	t.Parallel()
	o := clientOptions(Options{URI: "mongodb://127.0.0.1:1/?w=1&readConcernLevel=local&readPreference=secondaryPreferred"})
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	if o.WriteConcern.W != "majority" || o.ReadConcern.Level != "majority" || o.ReadPreference.Mode() != readpref.PrimaryMode {
		t.Errorf("%v %v %v", o.WriteConcern.W, o.ReadConcern.Level, o.ReadPreference.Mode())
	}
}

// TestRefusesOption: a failover at start must not leave plain indexes where those with an expiry belong.
func TestRefusesOption(t *testing.T) {
	t.Parallel()
	for code, want := range map[int32]bool{
		238: true, 72: true,
		189: false, // primary stepped down
		91:  false, // shutting down
		85:  false, // there with other options
		50:  false, // took too long
	} {
		if got := refusesOption(mongo.CommandError{Code: code}); got != want {
			t.Errorf("code %d: %t", code, got)
		}
	}
	if refusesOption(nil) || refusesOption(context.DeadlineExceeded) {
		t.Error("no answer is no refusal")
	}
}

func contains(haystack []byte, needle string) bool { return bytes.Contains(haystack, []byte(needle)) }
