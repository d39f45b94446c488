package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	_ "modernc.org/sqlite" // the same driver as the engine's
)

// indexer adds to each collection's table the expression index that the engine's queries look for. The engine itself
// indexes `->"_id"` (which keeps _id unique) but asks for `->'$._id'`, so that it reads the whole table to find one
// document by its _id.
type indexer struct {
	dir string

	mu   sync.Mutex
	have map[string]map[string]bool // database → collection
}

func newIndexer(dir string) *indexer { return &indexer{dir: dir, have: map[string]map[string]bool{}} }

// createsCollection holds the commands that can bring a collection into being.
var createsCollection = map[string]bool{
	"insert": true, "update": true, "create": true, "createIndexes": true, "findAndModify": true, "findandmodify": true,
}

// follow looks at a command that was answered and does what it makes necessary.
func (x *indexer) follow(ctx context.Context, c command) error {
	switch {
	case c.name == "dropDatabase":
		x.forget(c.database, "")
	case c.name == "drop" || c.name == "renameCollection":
		x.forget(c.database, c.collection)
	case createsCollection[c.name] && !x.known(c):
		return x.ensure(ctx, c.database)
	}
	return nil
}

func (x *indexer) known(c command) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.have[c.database][c.collection]
}

func (x *indexer) forget(database, collection string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if collection == "" {
		delete(x.have, database)
		return
	}
	delete(x.have[database], collection)
}

// ensureAll indexes every database that is in the folder.
func (x *indexer) ensureAll(ctx context.Context) error {
	files, err := filepath.Glob(filepath.Join(x.dir, "*.sqlite"))
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := x.ensure(ctx, strings.TrimSuffix(filepath.Base(file), ".sqlite")); err != nil {
			return err
		}
	}
	return nil
}

// ensure indexes every collection of one database. Its connection is closed before it returns: the engine removes the
// files of a dropped database and must not find them in use.
func (x *indexer) ensure(ctx context.Context, database string) error {
	file := filepath.Join(x.dir, database+".sqlite")
	if _, err := os.Stat(file); err != nil {
		return nil // nothing was created after all
	}
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)")
	if err != nil {
		return fmt.Errorf("embedded: index: %w", err)
	}
	defer func() { _ = db.Close() }()
	tables, err := collectionTables(ctx, db)
	if err != nil {
		return fmt.Errorf("embedded: index: %w", err)
	}
	for collection, table := range tables {
		statement := fmt.Sprintf(`CREATE INDEX IF NOT EXISTS %q ON %q (_ferretdb_sjson->'$._id')`, table+"_find_id", table)
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("embedded: index: %w", err)
		}
		x.remember(database, collection)
	}
	return nil
}

func (x *indexer) remember(database, collection string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.have[database] == nil {
		x.have[database] = map[string]bool{}
	}
	x.have[database][collection] = true
}

// collectionTables reads the engine's own list: collection → table.
func collectionTables(ctx context.Context, db *sql.DB) (map[string]string, error) {
	var n int
	const exists = `SELECT count(*) FROM sqlite_master WHERE name = '_ferretdb_collections'`
	if err := db.QueryRowContext(ctx, exists).Scan(&n); err != nil || n == 0 {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, `SELECT name, table_name FROM _ferretdb_collections`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	tables := map[string]string{}
	for rows.Next() {
		var name, table string
		if err := rows.Scan(&name, &table); err != nil {
			return nil, err
		}
		tables[name] = table
	}
	return tables, rows.Err()
}
