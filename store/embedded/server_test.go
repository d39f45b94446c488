package embedded_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"yibao/store/embedded"
)

// TestMain lets the test binary play the program that is killed or that holds a folder.
func TestMain(m *testing.M) {
	if dir := os.Getenv("EMBEDDED_TEST_WRITER"); dir != "" {
		write(dir)
		return
	}
	os.Exit(m.Run())
}

func start(t testing.TB, o embedded.Options) *embedded.Server {
	t.Helper()
	server, err := embedded.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

func connect(t testing.TB, server *embedded.Server) *mongo.Client {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(server.URI()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	return client
}

// TestConcurrentIncrements is what the gate is for: without it nearly all of these are lost.
func TestConcurrentIncrements(t *testing.T) {
	t.Parallel()
	server := start(t, embedded.Options{Dir: t.TempDir()})
	const clients, each = 20, 50
	counter := connect(t, server).Database("d").Collection("c")
	if _, err := counter.InsertOne(t.Context(), bson.D{{Key: "_id", Value: "one"}, {Key: "n", Value: 0}}); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range clients {
		own := connect(t, server).Database("d").Collection("c")
		all.Go(func() {
			for range each {
				up := bson.D{{Key: "$inc", Value: bson.D{{Key: "n", Value: 1}}}}
				if _, err := own.UpdateOne(t.Context(), bson.D{{Key: "_id", Value: "one"}}, up); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	var got struct{ N int }
	if err := counter.FindOne(t.Context(), bson.D{{Key: "_id", Value: "one"}}).Decode(&got); err != nil || got.N != clients*each {
		t.Errorf("%d of %d increments, %v", got.N, clients*each, err)
	}
}

// TestRealHang sends what this engine never answers, a hundred updates in one command, and goes on with the same
// collection.
func TestRealHang(t *testing.T) {
	t.Parallel()
	server := start(t, embedded.Options{Dir: t.TempDir(), Deadline: 2 * time.Second})
	coll := connect(t, server).Database("d").Collection("c")
	if _, err := coll.InsertOne(t.Context(), bson.D{{Key: "_id", Value: "kept"}}); err != nil {
		t.Fatal(err)
	}
	var writes []mongo.WriteModel
	for i := range 100 {
		set := bson.D{{Key: "$set", Value: bson.D{{Key: "n", Value: i}}}}
		writes = append(writes, mongo.NewUpdateOneModel().SetFilter(bson.D{{Key: "_id", Value: "kept"}}).SetUpdate(set))
	}
	if _, err := coll.BulkWrite(t.Context(), writes); err == nil {
		t.Log("a hundred updates were answered after all")
	}
	if n, err := coll.CountDocuments(t.Context(), bson.D{}); err != nil || n != 1 {
		t.Error("after the hang:", n, err)
	}
	if _, err := coll.InsertOne(t.Context(), bson.D{{Key: "_id", Value: "more"}}); err != nil {
		t.Error("after the hang:", err)
	}
}

func TestUnacknowledgedWriteIsRefused(t *testing.T) {
	t.Parallel()
	server := start(t, embedded.Options{Dir: t.TempDir()})
	client := connect(t, server)
	// An insert without an answer would run on after the gate is free; its connection is closed instead.
	silent := options.Collection().SetWriteConcern(writeconcern.Unacknowledged())
	_, _ = client.Database("d").Collection("c", silent).InsertOne(t.Context(), bson.D{{Key: "_id", Value: "a"}})
	if n, err := client.Database("d").Collection("c").CountDocuments(t.Context(), bson.D{}); err != nil || n != 0 {
		t.Error(n, err)
	}
}

// TestSecondProgram: the folder belongs to one program; the refusal names the folder and the holder.
func TestSecondProgram(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	child, lines := startWriter(t, dir)
	<-lines // it writes: it has the folder
	_, err := embedded.Start(t.Context(), embedded.Options{Dir: dir})
	if !errors.Is(err, embedded.ErrInUse) {
		t.Fatal(err)
	}
	for _, part := range []string{dir, strconv.Itoa(child.Process.Pid), filepath.Base(os.Args[0])} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not name %s", err, part)
		}
	}
	kill(t, child, lines)
	start(t, embedded.Options{Dir: dir}) // the lock ended with its holder
}

func TestSameProgramTwice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, embedded.Options{Dir: dir})
	if _, err := embedded.Start(t.Context(), embedded.Options{Dir: dir}); !errors.Is(err, embedded.ErrInUse) {
		t.Error(err)
	}
	for range 2 {
		if err := first.Close(); err != nil {
			t.Error(err)
		}
	}
	start(t, embedded.Options{Dir: dir})
}

func TestBadFolders(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", file, filepath.Join(t.TempDir(), "a?b")} {
		if _, err := embedded.Start(t.Context(), embedded.Options{Dir: dir}); err == nil {
			t.Errorf("started in %q", dir)
		}
	}
	if _, err := embedded.Start(t.Context(), embedded.Options{Dir: t.TempDir(), Address: "0.0.0.0:0"}); err == nil {
		t.Error("listens for other machines")
	}
}

// TestKill kills a writer with SIGKILL while it writes: all that it was told is written is there afterwards.
func TestKill(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "with space")
	acknowledged := map[string]bool{}
	for round := range 3 {
		child, lines := startWriter(t, dir)
		for range 30 + round {
			acknowledged[<-lines] = true
		}
		for _, id := range kill(t, child, lines) {
			acknowledged[id] = true
		}
	}
	server := start(t, embedded.Options{Dir: dir})
	cursor, err := connect(t, server).Database("d").Collection("c").Find(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	var found []struct {
		ID string `bson:"_id"`
	}
	if err := cursor.All(t.Context(), &found); err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		delete(acknowledged, f.ID)
	}
	if len(acknowledged) > 0 {
		t.Errorf("%d acknowledged writes are lost of %d", len(acknowledged), len(found)+len(acknowledged))
	}
}

// startWriter runs this test binary as a program that writes and prints each id once it is acknowledged.
func startWriter(t *testing.T, dir string) (*exec.Cmd, <-chan string) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "EMBEDDED_TEST_WRITER="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Process.Kill() })
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			lines <- scan.Text()
		}
	}()
	return child, lines
}

// kill ends the writer and returns the ids it printed that were not read yet.
func kill(t *testing.T, child *exec.Cmd, lines <-chan string) (rest []string) {
	t.Helper()
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for id := range lines {
		rest = append(rest, id)
	}
	_ = child.Wait()
	return rest
}

// write is the program that is killed: four writers at once.
func write(dir string) {
	server, err := embedded.Start(context.Background(), embedded.Options{Dir: dir})
	if err != nil {
		panic(err)
	}
	client, err := mongo.Connect(options.Client().ApplyURI(server.URI()))
	if err != nil {
		panic(err)
	}
	coll := client.Database("d").Collection("c")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for {
				id := bson.NewObjectID().Hex()
				if _, err := coll.InsertOne(context.Background(), bson.D{{Key: "_id", Value: id}}); err != nil {
					panic(err)
				}
				fmt.Println(id)
			}
		})
	}
	all.Wait()
}

// TestNothingOutside: all files are in the folder, for the owner only.
func TestNothingOutside(t *testing.T) {
	work := t.TempDir()
	t.Chdir(work)
	dir := filepath.Join(t.TempDir(), "data")
	server := start(t, embedded.Options{Dir: dir})
	if _, err := connect(t, server).Database("d").Collection("c").InsertOne(t.Context(), bson.D{}); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(work); err != nil || len(entries) > 0 {
		t.Error("written outside the folder:", entries, err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Error("the folder's mode:", info.Mode(), err)
	}
}
