package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// expiryGrace is how long the database itself waits before it removes expired documents. Sweep, which goes by the
// injected clock, is to be first.
const expiryGrace = 48 * time.Hour

// index is a secondary index. None is unique: no invariant rests on one.
type index struct {
	collection string
	keys       []string
	expires    bool // TTL on the one key, where the server has that
}

var indexes = []index{
	{"platform_users", []string{"links_due"}, false},
	{"platform_users", []string{"written_at"}, false},
	{"sessions", []string{"user_id", "created_at"}, false},
	{"sessions", []string{"expires_at"}, true},
	{"changes", []string{"at"}, true},
	{"link_attempts", []string{"user_id", "state"}, false},
	{"link_attempts", []string{"state", "updated_at"}, false},
	{"link_attempts", []string{"written_at"}, false},
	{"link_attempts", []string{"expires_at"}, true},
	{"counters", []string{"expires_at"}, true},
	{"schedules", []string{"due_at"}, false},
	{"schedules", []string{"written_at"}, false},
	{"rules", []string{"due_at"}, false},
	{"rules", []string{"written_at"}, false},
	{"deliveries", []string{"not_before"}, false},
	{"deliveries", []string{"written_at"}, false},
	{"deliveries", []string{"user_id", "created_at"}, false},
	{"deliveries", []string{"link_id", "created_at"}, false},
	{"deliveries_done", []string{"link_id", "created_at"}, false},
	{"deliveries_done", []string{"ended_at"}, false},
	{"send_leases", []string{"until"}, true},
}

func (i index) name() string {
	name := ""
	for _, key := range i.keys {
		name += key + "_1_"
	}
	return name[:len(name)-1]
}

func (i index) model(ttl bool) mongo.IndexModel {
	keys := bson.D{}
	for _, key := range i.keys {
		keys = append(keys, bson.E{Key: key, Value: 1})
	}
	o := options.Index().SetName(i.name())
	if ttl {
		o.SetExpireAfterSeconds(int32(expiryGrace / time.Second))
	}
	return mongo.IndexModel{Keys: keys, Options: o}
}

// EnsureIndexes creates the indexes that are missing, one command each, and notes the schema. A server that has no TTL
// gets plain ones, with one log line; Sweep alone deletes expired documents there.
func (s *Store) EnsureIndexes(ctx context.Context) error {
	if err := s.writeAbout(ctx); err != nil {
		return err
	}
	refused := false
	for _, i := range indexes {
		no, err := s.ensureIndex(ctx, i)
		if err != nil {
			return err
		}
		refused = refused || no
	}
	if refused {
		s.log.Info("store_ttl_indexes_refused")
	}
	return nil
}

func (s *Store) ensureIndex(ctx context.Context, i index) (refusedTTL bool, err error) {
	err = s.db.CreateIndex(ctx, i.collection, i.model(i.expires))
	if i.expires && refusesOption(err) {
		refusedTTL = true
		err = s.db.CreateIndex(ctx, i.collection, i.model(false))
	}
	return refusedTTL, failed(i.collection+".createIndexes", err)
}

// optionRefusals are the answers of servers of the MongoDB protocol that do not have an option of an index: InvalidOptions,
// CommandNotSupported, InvalidIndexSpecificationOption and NotImplemented in MongoDB's error_codes.yml.
var optionRefusals = []int{72, 115, 197, 238}

// refusesOption tells a server without TTL from one that cannot make the index just now, as in the middle of a failover,
// or that has another one of that name: a plain index made for that reason would stand in the way of the right one.
func refusesOption(err error) bool {
	var server mongo.ServerError
	return errors.As(err, &server) && slices.ContainsFunc(optionRefusals, server.HasErrorCode)
}

// CheckIndexes lists the indexes that are missing, as "collection.name".
func (s *Store) CheckIndexes(ctx context.Context) ([]string, error) {
	var missing []string
	have := map[string][]string{}
	for _, i := range indexes {
		if _, known := have[i.collection]; !known {
			names, err := s.db.Indexes(ctx, i.collection)
			if err != nil {
				return nil, failed(i.collection+".listIndexes", err)
			}
			have[i.collection] = names
		}
		if !slices.Contains(have[i.collection], i.name()) {
			missing = append(missing, i.collection+"."+i.name())
		}
	}
	return missing, nil
}
