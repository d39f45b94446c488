package store_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
	"yibao/store"
	"yibao/store/memory"
	"yibao/store/storetest"
)

// openMany opens stores with connections of their own on one database.
func openMany(t testing.TB, d *storetest.Database, n int) []*store.Store {
	t.Helper()
	stores := make([]*store.Store, n)
	for i := range stores {
		stores[i] = d.Open(t)
	}
	return stores
}

// each runs fn once for each store, all at once.
func each(stores []*store.Store, fn func(i int, s *store.Store)) {
	var all sync.WaitGroup
	for i, s := range stores {
		all.Go(func() { fn(i, s) })
	}
	all.Wait()
}

func TestConcurrentUpdates(t *testing.T) { storetest.Each(t, testConcurrentUpdates) }

func testConcurrentUpdates(t *testing.T, d *storetest.Database) {
	stores := openMany(t, d, 20)
	each(stores, func(_ int, s *store.Store) {
		for range rounds {
			_, err := s.UpdateQuota(t.Context(), "u", "t", func(q *reminder.Quota) error {
				q.Free++
				return nil
			})
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	q, err := stores[0].Quota(t.Context(), "u", "t")
	if err != nil || q.Free != 20*rounds {
		t.Errorf("%d of %d updates, %v", q.Free, 20*rounds, err)
	}
}

// lossy is a network that forwards to the server and now and then loses the answer to a write that happened.
type lossy struct {
	listener net.Listener
	server   string
	lose     atomic.Bool // the answer to the next replace or insert
	twice    atomic.Bool // the next replace or insert reaches the server twice
	lost     atomic.Int32
}

func newLossy(t *testing.T, uri string) (*lossy, string) {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	first, _, _ := strings.Cut(u.Host, ",")
	l := &lossy{listener: listener, server: first}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go l.forward(conn)
		}
	}()
	// Direct, so that the driver does not go past this network. On a replica set its own retry hides the loss; what comes
	// of the writes must be the same.
	query := u.Query()
	query.Set("directConnection", "true")
	u.Host, u.RawQuery = listener.Addr().String(), query.Encode()
	return l, u.String()
}

func (l *lossy) forward(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", l.server)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	for {
		request, err := wireMessage(client)
		if err != nil {
			return
		}
		write := strings.Contains(string(request), "writes\x00")
		lose := write && l.lose.CompareAndSwap(true, false)
		if write && l.twice.CompareAndSwap(true, false) {
			if _, err := server.Write(request); err != nil {
				return
			}
			if _, err := wireMessage(server); err != nil {
				return
			}
		}
		if _, err := server.Write(request); err != nil {
			return
		}
		answer, err := wireMessage(server)
		if err != nil || lose {
			l.lost.Add(1)
			return
		}
		if _, err := client.Write(answer); err != nil {
			return
		}
	}
}

func wireMessage(r io.Reader) ([]byte, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	message := make([]byte, binary.LittleEndian.Uint32(head))
	copy(message, head)
	_, err := io.ReadFull(r, message[4:])
	return message, err
}

// logBuffer is a log that many goroutines write.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func TestLostAnswers(t *testing.T) {
	t.Parallel()
	t.Run("server", func(t *testing.T) {
		t.Parallel()
		d := storetest.NewDatabase(t)
		l, uri := newLossy(t, d.URI)
		var log logBuffer
		s := d.Open(t, func(o *store.Options) { o.URI, o.Log = uri, slog.New(slog.NewTextHandler(&log, nil)) })
		testLostAnswers(t, s, &l.lose)
		if l.lost.Load() < 4 {
			t.Error("answers lost:", l.lost.Load())
		}
		if text := log.String(); !strings.Contains(text, "command=update cause=network") || strings.Contains(text, "127.0.0.1") {
			t.Error("the log does not say why, or says too much:", text)
		}
	})
	for name, answer := range map[string]error{
		"memory":      errors.New("cut off"),
		"no majority": mongo.WriteException{WriteConcernError: &mongo.WriteConcernError{Code: 64}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, client := memory.New()
			var lose atomic.Bool
			client.SetAfter(func(_ context.Context, c memory.Command) error {
				if (c.Name == "insert" || c.Name == "replace") && lose.CompareAndSwap(true, false) {
					return answer
				}
				return nil
			})
			testLostAnswers(t, s, &lose)
		})
	}
}

// testLostAnswers: a write whose answer is lost is neither done twice nor reported as failed.
func testLostAnswers(t *testing.T, s *store.Store, lose *atomic.Bool) {
	up := func(q *reminder.Quota) error {
		q.Free++
		return nil
	}
	for i := range 6 {
		lose.Store(i%2 == 0)
		if q, err := s.UpdateQuota(t.Context(), "u", "t", up); err != nil || q.Free != i+1 {
			t.Fatalf("update %d: %+v %v", i, q, err)
		}
	}
	lose.Store(true)
	v := identity.Session{ID: "s", UserID: "u", CreatedAt: start, ExpiresAt: time.Now().Add(time.Hour)}
	if err := s.InsertSession(t.Context(), v); err != nil {
		t.Error("insert:", err)
	}
	if err := s.InsertSession(t.Context(), v); !errors.Is(err, identity.ErrExists) {
		t.Error("insert again:", err)
	}
	if lose.Load() {
		t.Error("no answer was lost")
	}
}

// TestSentTwice: a write that something on the way repeats is done once and not taken for another's.
func TestSentTwice(t *testing.T) {
	t.Parallel()
	d := storetest.NewDatabase(t)
	l, uri := newLossy(t, d.URI)
	s := d.Open(t, func(o *store.Options) { o.URI = uri })
	for i := range 3 { // an insert, then replaces
		l.twice.Store(true)
		q, err := s.UpdateQuota(t.Context(), "u", "t", func(q *reminder.Quota) error {
			q.Free++
			return nil
		})
		if err != nil || q.Free != i+1 || l.twice.Load() {
			t.Fatalf("update %d: %+v %v", i, q, err)
		}
	}
	l.twice.Store(true)
	v := identity.Session{ID: "s", UserID: "u", CreatedAt: start, ExpiresAt: time.Now().Add(time.Hour)}
	if err := s.InsertSession(t.Context(), v); err != nil {
		t.Error("insert:", err)
	}
}

// TestMadeAnew: a document that was deleted and made anew between the read and the write is another one, though its
// version is the same; and one without write ids, or even without a version, as other programs write them, can be written.
func TestMadeAnew(t *testing.T) { storetest.Each(t, testMadeAnew) }

func testMadeAnew(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	ctx := t.Context()
	rule := func(id string) func(*reminder.Rule) (*reminder.Rule, error) {
		return func(*reminder.Rule) (*reminder.Rule, error) { return &reminder.Rule{LinkID: "l", ID: id}, nil }
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	_, err := s.PutRule(ctx, "l", rule("old"))
	check(err)
	var seen []string
	written, err := s.UpdateRule(ctx, "l", func(r *reminder.Rule) error {
		if seen = append(seen, r.ID); len(seen) == 1 {
			check(s.DeleteRule(ctx, "l"))
			_, err := s.PutRule(ctx, "l", rule("new"))
			check(err)
		}
		r.Episode = 7
		return nil
	})
	check(err)
	kept, err := s.Rule(ctx, "l")
	check(err)
	if kept == nil || kept.ID != "new" || kept.Episode != 7 || written == nil || written.ID != "new" || len(seen) != 2 {
		t.Errorf("kept %+v, saw %v", kept, seen)
	}

	check(s.SetDue(ctx, subject, start))
	claimed, err := s.ClaimDue(ctx, start, 1, func(balance.Schedule) time.Time {
		check(s.Unschedule(ctx, balance.Schedule{Subject: subject, DueAt: start}))
		check(s.SetDue(ctx, subject, start.Add(24*time.Hour)))
		return start.Add(time.Hour)
	})
	if err != nil || len(claimed) != 0 {
		t.Error("claimed what is gone:", claimed, err)
	}
	if claimed, err = s.ClaimDue(ctx, start.Add(2*time.Hour), 1, hourLater); err != nil || len(claimed) != 0 {
		t.Error("the claim overwrote the new one:", claimed, err)
	}

	plain := bson.D{{Key: "_id", Value: "plain"}, {Key: "schema", Value: 1}, {Key: "version", Value: int64(3)}}
	d.Insert(t, "counters", plain)
	d.Insert(t, "counters", bson.D{{Key: "_id", Value: "plainer"}})
	for _, id := range []string{"plain", "plainer"} {
		for n := range 3 {
			check(s.UpdateCounter(ctx, id, func(c *identity.Counter) error {
				if len(c.Hits) != n {
					t.Error(id, c.Hits)
				}
				c.Hits = append(c.Hits, identity.Hit{At: start})
				return nil
			}))
		}
	}
}

func TestUpdateFunctionsError(t *testing.T) { storetest.Each(t, testUpdateFunctionsError) }

func testUpdateFunctionsError(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	own := errors.New("own")
	if _, err := s.UpdateQuota(t.Context(), "u", "t", func(*reminder.Quota) error { return own }); err != own {
		t.Error("fn's error is changed:", err)
	}
	if _, err := s.UpdateRule(t.Context(), "l", func(*reminder.Rule) error { return nil }); err != reminder.ErrNotFound {
		t.Error("a rule that is gone:", err)
	}
	if _, err := s.UpdateUser(t.Context(), "u", func(*identity.PlatformUser) error { return nil }); err != identity.ErrNotFound {
		t.Error("a user that is gone:", err)
	}
	if q, err := s.Quota(t.Context(), "u", "t"); err != nil || q.Free != 0 {
		t.Error("something was written:", q, err)
	}
}

// TestStoreDown: every failure is identity.ErrStore and says nothing of documents or passwords.
func TestStoreDown(t *testing.T) {
	t.Parallel()
	d := storetest.NewDatabase(t)
	down := func(o *store.Options) {
		o.URI, o.Timeout = "mongodb://someone:topsecret@127.0.0.1:1/?serverSelectionTimeoutMS=50", 200*time.Millisecond
	}
	o := store.Options{Database: d.Name, Keys: d.Keys}
	down(&o)
	if _, err := store.Open(t.Context(), o); !errors.Is(err, identity.ErrStore) || strings.Contains(err.Error(), "topsecret") {
		t.Error(err)
	}
	o.URI = "postgres://someone:topsecret@host"
	if _, err := store.Open(t.Context(), o); err == nil || strings.Contains(err.Error(), "topsecret") {
		t.Error(err)
	}
	s := d.Open(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.User(gone, "secret-id")
	if !errors.Is(err, identity.ErrStore) || !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "secret-id") {
		t.Error(err)
	}
	err = s.DeleteRule(gone, "secret-id")
	if !errors.Is(err, identity.ErrStore) || strings.Contains(err.Error(), "secret-id") {
		t.Error(err)
	}
}

// TestNewerSchema: what a newer program wrote is refused, one document or the whole database.
func TestNewerSchema(t *testing.T) { storetest.Each(t, testNewerSchema) }

func testNewerSchema(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	d.Insert(t, "rules", bson.D{{Key: "_id", Value: "l"}, {Key: "schema", Value: 99}, {Key: "version", Value: 1}})
	_, err := s.UpdateRule(t.Context(), "l", func(*reminder.Rule) error { return nil })
	if !errors.Is(err, store.ErrSchema) || !errors.Is(err, identity.ErrStore) {
		t.Error("document:", err)
	}
	d.Insert(t, "rules", bson.D{{Key: "_id", Value: "broken"}, {Key: "schema", Value: 1}, {Key: "episode", Value: "text"}})
	if _, err := s.Rule(t.Context(), "broken"); !errors.Is(err, store.ErrUnreadable) {
		t.Error("broken document:", err)
	}
	if err := s.EnsureIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.Open(t) // the same schema
	set := func(schema int) {
		if _, err := d.Commands(t).Delete(t.Context(), "about", bson.D{{Key: "_id", Value: "database"}}); err != nil {
			t.Fatal(err)
		}
		d.Insert(t, "about", bson.D{{Key: "_id", Value: "database"}, {Key: "schema", Value: schema}}) // as without a version
	}
	set(0)
	for range 2 { // an older one, then what became of it
		if err := d.Open(t).EnsureIndexes(t.Context()); err != nil {
			t.Error("older database:", err)
		}
	}
	set(99)
	if _, err := d.OpenWith(t.Context(), d.Options()); !errors.Is(err, store.ErrSchema) {
		t.Error("database:", err)
	}
	if err := s.EnsureIndexes(t.Context()); !errors.Is(err, store.ErrSchema) {
		t.Error("a newer program came after the start:", err)
	}
}

func TestReads(t *testing.T) { storetest.Each(t, testReads) }

func testReads(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	before := s.Reads()
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := s.Reads() - before; n != 0 {
		t.Error("a ping counts as a read:", n)
	}
	_, _ = s.User(t.Context(), "u")
	if n := s.Reads() - before; n != 1 {
		t.Error("reads:", n)
	}
}
