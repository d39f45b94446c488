package embedded

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

func TestReadFrame(t *testing.T) {
	t.Parallel()
	whole := ping(t, 1)
	short := bytes.Clone(whole)
	binary.LittleEndian.PutUint32(short, headerLen-1)
	negative := bytes.Clone(whole)
	binary.LittleEndian.PutUint32(negative, 0xffffffff)
	for name, c := range map[string]struct {
		in   []byte
		want error
	}{
		"whole":          {whole, nil},
		"two":            {append(bytes.Clone(whole), whole...), nil},
		"nothing":        {nil, io.EOF},
		"half a header":  {whole[:7], io.ErrUnexpectedEOF},
		"half a body":    {whole[:20], io.ErrUnexpectedEOF},
		"header only":    {whole[:16], io.ErrUnexpectedEOF},
		"shorter length": {short, errLength},
		"negative":       {negative, errLength},
	} {
		f, err := readFrame(bytes.NewReader(c.in))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if c.want == nil && !bytes.Equal(f, whole) {
			t.Errorf("%s: other bytes", name)
		}
	}
}

func TestParseCommand(t *testing.T) {
	t.Parallel()
	insert := bson.D{{Key: "insert", Value: "rules"}, {Key: "$db", Value: "yibao"}}
	plain := message(t, 1, 0, 0, insert)
	// The same with a document sequence (kind 1) before the body.
	sequence := append([]byte{1, 14, 0, 0, 0}, "documents\x00"...)
	reversed := append(append(append(frame{}, plain[:headerLen+4]...), sequence...), plain[headerLen+4:]...)
	want := command{"insert", "rules", "yibao"}
	for name, f := range map[string]frame{"body first": plain, "sequence first": reversed} {
		if c, ok := parseCommand(f); !ok || c != want {
			t.Errorf("%s: %+v %v", name, c, ok)
		}
	}
	for name, f := range map[string]frame{
		"empty document": message(t, 1, 0, 0, bson.D{}),
		"cut off":        plain[:headerLen+9],
		"no section":     plain[:headerLen+4],
	} {
		if c, ok := parseCommand(f); ok {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte(ping(f, 1)))
	f.Add([]byte(message(f, 2, 1, flagMoreToCome, bson.D{{Key: "insert", Value: "c"}, {Key: "$db", Value: "d"}})))
	f.Add([]byte{255, 255, 255, 127, 0, 0, 0, 0, 0, 0, 0, 0, 221, 7, 0, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		whole, err := readFrame(bytes.NewReader(in))
		if err != nil {
			return
		}
		if len(whole) < headerLen || !bytes.HasPrefix(in, whole) {
			t.Error("a frame that is not the beginning of the input")
		}
		passes := checkRequest(whole) == nil
		_, _ = parseCommand(whole)
		_ = checkResponse(whole, whole)
		if flags, err := whole.flags(); passes && whole.op() == opMsg && (err != nil || flags&flagMoreToCome != 0) {
			t.Error("a message without an answer passes")
		}
	})
}
