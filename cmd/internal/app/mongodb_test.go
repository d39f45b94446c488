package app

import (
	"encoding/binary"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/config"
	"yibao/config/setting"
	"yibao/platforms/reach"
	"yibao/store"
)

// TestMongoDBsFailuresAreToldApart runs into each for real. An address with a password is in no message.
func TestMongoDBsFailuresAreToldApart(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.NotFoundHandler())
	secured := httptest.NewUnstartedServer(http.NotFoundHandler())
	secured.Config.ErrorLog = log.New(io.Discard, "", 0)
	secured.StartTLS()
	t.Cleanup(func() { plain.Close(); secured.Close() })
	host := func(s *httptest.Server) string { return s.Listener.Addr().String() }
	for uri, want := range map[string]string{
		"mongodb://me:hunter2@127.0.0.1:1/":                            reach.Refused,
		"mongodb://me:hunter2@127.0.0.1:1,127.0.0.1:2/?replicaSet=rs0": reach.Refused,
		"mongodb://me:hunter2@nothing.invalid/":                        reach.DNS,
		"mongodb+srv://me:hunter2@nothing.invalid/":                    reach.DNS,
		"mongodb://me:hunt@er2@host/":                                  "connection string",
		"mongodb://me:hunter2@" + host(secured) + "/?tls=true":         reach.Authority,
		"mongodb://me:hunter2@" + host(plain) + "/?tls=true":           reach.Plain,
		"mongodb://me:hunter2@" + host(secured) + "/":                  reach.Lost,
		"mongodb://me:hunter2@" + fakeMongoDB(t, bson.D{}) + "/":       "",
		"mongodb://me:hunter2@" + fakeMongoDB(t, bson.D{{Key: "setName", Value: "rs0"}, {Key: "hosts", Value: bson.A{"127.0.0.1:1"}}}) + "/?directConnection=true": "",
	} {
		alone, err := lookAtServers(t.Context(), uri)
		switch {
		case want == "" && (err != nil || alone == strings.Contains(uri, "direct")):
			t.Errorf("%s: alone %v, %v", uri, alone, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "er2")):
			t.Errorf("%s: want %q, got %v", uri, want, err)
		}
	}
}

// TestARefusedPasswordIsNoRefusedConnection: the server can be reached, and says no.
func TestARefusedPasswordIsNoRefusedConnection(t *testing.T) {
	t.Parallel()
	keys, err := store.NewTestKeyring()
	if err != nil {
		t.Fatal(err)
	}
	c := config.Default()
	c.MongoDB.URI = "mongodb://me:hunter2@" + setting.Secret(fakeMongoDB(t, bson.D{})) + "/?authMechanism=SCRAM-SHA-256"
	_, err = probeStore(t.Context(), &c, keys)
	if err = withHint("mongodb.uri", mongoHints, err); err == nil || !strings.Contains(err.Error(), "the user or the password in mongodb.uri is wrong") {
		t.Error(err)
	}
}

// fakeMongoDB answers every first question with a hello, and every other one as a server does that knows no such user.
func fakeMongoDB(t *testing.T, hello bson.D) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	hello = append(bson.D{{Key: "ok", Value: 1}, {Key: "helloOk", Value: true}, {Key: "isWritablePrimary", Value: true},
		{Key: "maxWireVersion", Value: 21}, {Key: "minWireVersion", Value: 0}, {Key: "maxBsonObjectSize", Value: 16 << 20},
		{Key: "maxMessageSizeBytes", Value: 48000000}, {Key: "maxWriteBatchSize", Value: 100000}}, hello...)
	refusal := bson.D{{Key: "ok", Value: 0}, {Key: "code", Value: 18}, {Key: "codeName", Value: "AuthenticationFailed"}, {Key: "errmsg", Value: "hunter2"}}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = connection.Close() }()
				for answerMongoDB(connection, hello, refusal) == nil {
				}
			}()
		}
	}()
	return listener.Addr().String()
}

// answerMongoDB reads one message of the wire protocol and answers it: OP_QUERY (2004), which greets, by OP_REPLY (1); OP_MSG
// (2013) by its like.
func answerMongoDB(connection net.Conn, hello, refusal bson.D) error {
	var head [16]byte
	if _, err := io.ReadFull(connection, head[:]); err != nil {
		return err
	}
	rest := make([]byte, binary.LittleEndian.Uint32(head[:])-16)
	if _, err := io.ReadFull(connection, rest); err != nil {
		return err
	}
	id, kind := binary.LittleEndian.Uint32(head[4:]), binary.LittleEndian.Uint32(head[12:])
	answer, between := refusal, make([]byte, 5) // flags, and the kind of section
	if kind == 2004 {
		answer, kind, between = hello, 1, make([]byte, 20)
		between[16] = 1 // one document
	} else if strings.Contains(string(rest), "hello\x00") || strings.Contains(string(rest), "isMaster\x00") {
		answer = hello
	}
	document, err := bson.Marshal(answer)
	if err != nil {
		return err
	}
	var message []byte
	for _, n := range []uint32{uint32(16 + len(between) + len(document)), 1, id, kind} {
		message = binary.LittleEndian.AppendUint32(message, n)
	}
	_, err = connection.Write(append(append(message, between...), document...))
	return err
}
