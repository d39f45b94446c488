package memory

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Command is one command of a client.
type Command struct {
	Name       string // find, insert, replace, delete or time
	Collection string
	ID         string // the one document that an insert adds, or that the filter's _id names; "" for others
}

// String is "collection.name", or the name alone for a command without a collection.
func (c Command) String() string { return strings.TrimPrefix(c.Collection+"."+c.Name, ".") }

// Hook is asked about each command, while no lock is held: it may block, panic, or use other clients. Its error reaches
// the store as the driver's network error, unless it is an error of the driver's already.
type Hook func(context.Context, Command) error

// Client is one process' connection to a Server. It implements store.Database; all methods may be called at once from
// many goroutines.
type Client struct {
	*Server

	state  sync.Mutex
	before Hook
	after  Hook
	counts map[string]int
	twice  bool
	races  map[string]race // by collection and id, while twice
}

// SetBefore sets the hook that runs before each command: its error means that the command did not happen. nil is none.
func (c *Client) SetBefore(hook Hook) {
	c.state.Lock()
	defer c.state.Unlock()
	c.before = hook
}

// SetAfter sets the hook that runs after each command: its error means that the command happened and that its answer is
// lost. nil is none.
func (c *Client) SetAfter(hook Hook) {
	c.state.Lock()
	defer c.state.Unlock()
	c.after = hook
}

// Counts returns how many commands of each kind were sent, by Command.String.
func (c *Client) Counts() map[string]int {
	c.state.Lock()
	defer c.state.Unlock()
	return maps.Clone(c.counts)
}

// ResetCounts sets all counts to zero.
func (c *Client) ResetCounts() {
	c.state.Lock()
	defer c.state.Unlock()
	clear(c.counts)
}

// run runs one command between its hooks.
func (c *Client) run(ctx context.Context, command Command, do func() error) error {
	c.state.Lock()
	c.counts[command.String()]++
	before, after := c.before, c.after
	c.state.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if before != nil {
		if err := before(ctx, command); err != nil {
			return unanswered(err)
		}
	}
	err := c.locked(do)
	if after != nil {
		if lost := after(ctx, command); lost != nil {
			return unanswered(lost)
		}
	}
	return err
}

func (c *Client) locked(do func() error) error {
	c.Server.mu.Lock()
	defer c.Server.mu.Unlock()
	return do()
}

// unanswered is the driver's error for a connection that broke.
func unanswered(err error) error {
	var server mongo.ServerError
	if errors.As(err, &server) {
		return err
	}
	return mongo.CommandError{Message: "connection closed", Labels: []string{"NetworkError"}, Wrapped: err}
}

// Find implements store.Database.
func (c *Client) Find(ctx context.Context, collection string, filter bson.D, o ...options.Lister[options.FindOptions]) iter.Seq2[bson.Raw, error] {
	f, how := parseFilter(filter), parseOptions(o)
	return func(yield func(bson.Raw, error) bool) {
		var found []document
		err := c.run(ctx, Command{"find", collection, f.id()}, func() error {
			found = how.apply(c.Server.find(collection, f))
			return nil
		})
		if err != nil {
			yield(nil, err)
			return
		}
		c.noteFind(collection, f.id(), found)
		for _, d := range found {
			if !yield(slices.Clone(d.raw), nil) {
				return
			}
		}
	}
}

// Insert implements store.Database.
func (c *Client) Insert(ctx context.Context, collection string, doc bson.Raw) error {
	id := idOf(doc)
	return c.run(ctx, Command{"insert", collection, id}, func() error {
		if c.losesRace(collection, id) {
			return duplicate(collection)
		}
		return c.insert(collection, doc)
	})
}

// Replace implements store.Database. The filter must name an _id.
func (c *Client) Replace(ctx context.Context, collection string, filter bson.D, doc bson.Raw) (matched bool, err error) {
	f := parseFilter(filter)
	if f.id() == "" {
		panic("memory: replace without an _id")
	}
	err = c.run(ctx, Command{"replace", collection, f.id()}, func() error {
		matched = !c.losesRace(collection, f.id()) && c.replace(collection, f, doc)
		return nil
	})
	return matched && err == nil, err
}

// Delete implements store.Database.
func (c *Client) Delete(ctx context.Context, collection string, filter bson.D) (n int64, err error) {
	f := parseFilter(filter)
	err = c.run(ctx, Command{"delete", collection, f.id()}, func() error {
		n = c.remove(collection, f)
		return nil
	})
	return n, err
}

// CreateIndex implements store.Database: the index has a name and no other effect.
func (c *Client) CreateIndex(_ context.Context, collection string, index mongo.IndexModel) error {
	var o options.IndexOptions
	for _, set := range index.Options.List() {
		if err := set(&o); err != nil {
			return err
		}
	}
	return c.locked(func() error {
		if !slices.Contains(c.indexes[collection], *o.Name) {
			c.indexes[collection] = append(c.indexes[collection], *o.Name)
		}
		return nil
	})
}

// Indexes implements store.Database.
func (c *Client) Indexes(_ context.Context, collection string) ([]string, error) {
	c.Server.mu.Lock()
	defer c.Server.mu.Unlock()
	return slices.Clone(c.indexes[collection]), nil
}

// Time implements store.Database: the machine's clock, moved by Server.SetAhead.
func (c *Client) Time(ctx context.Context) (now time.Time, err error) {
	err = c.run(ctx, Command{Name: "time"}, func() error {
		now = time.Now().Add(c.ahead).Truncate(time.Millisecond)
		return nil
	})
	return now, err
}

// Close implements store.Database. The documents stay, as does the client.
func (c *Client) Close(context.Context) error { return nil }
