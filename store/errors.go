package store

import (
	"context"
	"errors"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"yibao/identity"
)

// ErrSchema says that a document, or the whole database, was written by a newer program than this one.
var ErrSchema = errors.New("store: written by a newer program")

// ErrUnreadable says that a document does not decode or does not open with the keys at hand.
var ErrUnreadable = errors.New("store: unreadable document")

// errNoImport says that a catalogue was never imported; it does not leave the package.
var errNoImport = errors.New("store: no import")

var errContended = errors.New("store: too many writers on one document")

// storeError is every failure of the store but "not found" and "exists". Its text is fixed but for the collection, the
// operation and a code: a driver's text can repeat values of a document.
type storeError struct {
	where  string // "persons.find"
	what   string
	causes []error
}

func (e *storeError) Error() string {
	return identity.ErrStore.Error() + ": " + e.where + ": " + e.what
}

// Unwrap lets errors.Is find identity.ErrStore, and how a context ended.
func (e *storeError) Unwrap() []error { return e.causes }

// failed wraps a driver's or a codec's error.
func failed(where string, err error) error {
	if err == nil {
		return nil
	}
	var already *storeError
	if errors.As(err, &already) {
		return err
	}
	e := &storeError{where: where, what: "failed", causes: []error{identity.ErrStore}}
	for _, known := range []error{context.Canceled, context.DeadlineExceeded, ErrSchema, ErrUnreadable, ErrClock, errContended} {
		if errors.Is(err, known) {
			e.causes = append(e.causes, known)
		}
	}
	e.what = kindOf(err)
	return e
}

// kindOf names a failure without any text of the driver's.
func kindOf(err error) string {
	var server mongo.ServerError
	switch {
	case errors.Is(err, ErrSchema):
		return "written by a newer program"
	case errors.Is(err, ErrUnreadable):
		return "unreadable document"
	case errors.Is(err, ErrClock):
		return "the machine's clock differs from the database's"
	case errors.Is(err, errContended):
		return "too many writers on one document"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case mongo.IsTimeout(err):
		return "timeout"
	case mongo.IsNetworkError(err):
		return "network"
	case errors.As(err, &server):
		return "server code " + firstCode(server)
	default:
		return "failed"
	}
}

// ignore turns an error that is expected into none.
func ignore(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

func firstCode(err mongo.ServerError) string {
	if codes := err.ErrorCodes(); len(codes) > 0 {
		return strconv.Itoa(codes[0])
	}
	return "unknown"
}

// unclear says whether a write that failed so may have happened all the same.
func unclear(err error) bool {
	var ours *storeError
	if err == nil || mongo.IsDuplicateKeyError(err) || errors.As(err, &ours) {
		return false
	}
	var concern mongo.WriteException
	if errors.As(err, &concern) && concern.WriteConcernError != nil {
		return true // written, but not yet to a majority
	}
	var server mongo.ServerError
	if errors.As(err, &server) && !server.HasErrorLabel("RetryableWriteError") && !mongo.IsTimeout(err) && !mongo.IsNetworkError(err) {
		return false // the server said no
	}
	return true
}
