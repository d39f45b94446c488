package app

import (
	"cmp"
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"yibao/platforms/reach"
)

// How long `server check` waits for the first server of a MongoDB, and, after one has failed, for another.
const (
	firstServer   = 5 * time.Second
	anotherServer = time.Second
)

// lookAtServers connects to the servers of a MongoDB, without a user, and asks nothing of them. The driver tells a command
// that fails only that time is over; its monitors are told the failure of each server. alone says that the server is no
// part of a replica set or a sharded cluster. The error ends in a word of package reach.
func lookAtServers(ctx context.Context, uri string) (alone bool, err error) {
	kinds, causes := make(chan string, 64), make(chan string, 64)
	put := func(to chan string, text string) {
		select {
		case to <- text:
		default: // enough was seen
		}
	}
	client, err := mongo.Connect(options.Client().ApplyURI(uri).SetServerMonitor(&event.ServerMonitor{
		ServerHeartbeatFailed: func(e *event.ServerHeartbeatFailedEvent) {
			if errors.Is(e.Failure, context.Canceled) { // by the driver: another connection to that server was cut
				put(causes, reach.Lost)
				return
			}
			put(causes, reach.Cause(e.Failure))
		},
		ServerDescriptionChanged: func(e *event.ServerDescriptionChangedEvent) {
			if e.NewDescription.Kind != "Unknown" {
				put(kinds, e.NewDescription.Kind)
			}
		},
	}))
	if err != nil { // its text may quote the password
		if word := reach.Cause(err); word != reach.Lost {
			return false, errors.New("no server is known: " + word) // of a mongodb+srv address
		}
		return false, errors.New("not a MongoDB connection string")
	}
	defer func() { _ = client.Disconnect(context.WithoutCancel(ctx)) }()
	word, over := "", time.After(firstServer)
	for {
		select {
		case kind := <-kinds:
			return kind == "Standalone", nil
		case failed := <-causes:
			if word == "" {
				word, over = failed, time.After(anotherServer)
			}
		case <-over:
			return false, errors.New("no server can be used: " + cmp.Or(word, reach.Unreachable))
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}
