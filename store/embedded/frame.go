package embedded

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// The wire protocol, as https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/ gives it: every message
// starts with four little-endian int32: length of the whole, request id, response to, op code.
const (
	headerLen  = 16
	maxMessage = 48_000_000 // what the engine itself accepts

	opReply = 1
	opQuery = 2004 // the first hello of a connection
	opMsg   = 2013

	flagChecksum   = 1 << 0
	flagMoreToCome = 1 << 1
	// Bits 0 to 15 of the flags are required: a receiver that does not know one must refuse the message.
	knownRequired = flagChecksum | flagMoreToCome
	requiredBits  = 0xffff
)

var (
	errLength     = errors.New("embedded: message length out of range")
	errOpCode     = errors.New("embedded: op code not passed")
	errFlags      = errors.New("embedded: unknown required flag")
	errMoreToCome = errors.New("embedded: a message without an answer of its own is not passed")
	errPairing    = errors.New("embedded: the answer belongs to another request")
)

// frame is one whole wire message, header included.
type frame []byte

func (f frame) id() uint32         { return binary.LittleEndian.Uint32(f[4:]) }
func (f frame) responseTo() uint32 { return binary.LittleEndian.Uint32(f[8:]) }
func (f frame) op() uint32         { return binary.LittleEndian.Uint32(f[12:]) }

// readFrame reads one message. Memory grows with what really arrives, not with the length the header claims.
func readFrame(r io.Reader) (frame, error) {
	var header [headerLen]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, err
	}
	length := int64(int32(binary.LittleEndian.Uint32(header[:])))
	if length < headerLen || length > maxMessage {
		return nil, errLength
	}
	var whole bytes.Buffer
	whole.Write(header[:])
	if _, err := io.CopyN(&whole, r, length-headerLen); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return whole.Bytes(), nil
}

// flags returns the flags of an OP_MSG.
func (f frame) flags() (uint32, error) {
	if len(f) < headerLen+5 {
		return 0, errLength
	}
	return binary.LittleEndian.Uint32(f[headerLen:]), nil
}

// checkMsg refuses flags that would break "one request, one answer".
func (f frame) checkMsg() error {
	flags, err := f.flags()
	if err != nil {
		return err
	}
	if flags&flagMoreToCome != 0 {
		return errMoreToCome
	}
	if flags&requiredBits&^knownRequired != 0 {
		return errFlags
	}
	return nil
}

// checkRequest says whether a client's message may pass. An unacknowledged write (moreToCome) may not: nobody would
// know when it is over. exhaustAllowed is only a permission, which the engine does not use.
func checkRequest(f frame) error {
	switch f.op() {
	case opQuery:
		return nil
	case opMsg:
		return f.checkMsg()
	default:
		return errOpCode
	}
}

// checkResponse says whether the answer is the one and only answer to the request.
func checkResponse(request, answer frame) error {
	if answer.responseTo() != request.id() {
		return errPairing
	}
	switch answer.op() {
	case opReply:
		return nil
	case opMsg:
		return answer.checkMsg()
	default:
		return errOpCode
	}
}

// command is what the gate needs to know of a request.
type command struct {
	name       string // "insert"
	collection string // "" where the command names none
	database   string
}

// parseCommand reads the command of an OP_MSG; false for anything else or when the document is malformed, which is then
// the engine's to refuse.
func parseCommand(f frame) (command, bool) {
	if f.op() != opMsg || len(f) < headerLen+5 {
		return command{}, false
	}
	document, ok := bodySection(f[headerLen+4:])
	if !ok {
		return command{}, false
	}
	first, err := document.IndexErr(0)
	if err != nil {
		return command{}, false
	}
	key, err := first.KeyErr()
	if err != nil {
		return command{}, false
	}
	c := command{name: key}
	if value, err := first.ValueErr(); err == nil {
		c.collection, _ = value.StringValueOK()
	}
	if value, err := document.LookupErr("$db"); err == nil {
		c.database, _ = value.StringValueOK()
	}
	return c, true
}

// bodySection finds the section of kind 0 among the sections of an OP_MSG.
func bodySection(rest []byte) (bson.Raw, bool) {
	for len(rest) >= 5 {
		kind, size := rest[0], int64(int32(binary.LittleEndian.Uint32(rest[1:])))
		if size < 5 || size > int64(len(rest)-1) {
			return nil, false
		}
		section := rest[1 : 1+size]
		if kind == 0 {
			document := bson.Raw(section)
			return document, document.Validate() == nil
		}
		rest = rest[1+size:]
	}
	return nil, false
}
