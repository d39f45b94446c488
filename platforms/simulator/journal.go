package simulator

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// journalName is the one file of a world. One file, and one line per fact, because a message that was accepted and the
// quota that it used must be kept or lost together.
const journalName = "world.jsonl"

// journal is an append-only file of JSON lines. A nil file keeps nothing.
type journal struct {
	file *os.File
	size int64
}

// openJournal hands every whole line to replay. A last line that a kill cut off was never answered for, so it is
// dropped; the same for a last line that is whole but unreadable (a file system that lost its tail).
func openJournal(dir string, replay func(line []byte) error) (*journal, error) {
	if dir == "" {
		return &journal{}, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, journalName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	j := &journal{file: file}
	if err = errors.Join(j.replay(replay), syncDir(dir)); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return j, nil
}

func (j *journal) replay(replay func(line []byte) error) error {
	all, err := io.ReadAll(j.file)
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	for number := 1; ; number++ {
		line, rest, whole := bytes.Cut(all, []byte("\n"))
		if !whole {
			break
		}
		if err = replay(line); err != nil {
			if len(rest) == 0 {
				break
			}
			return fmt.Errorf("simulator: %s line %d: %w", journalName, number, err)
		}
		j.size += int64(len(line)) + 1
		all = rest
	}
	return j.cutBack()
}

// append returns only after the line is on the disk.
func (j *journal) append(line []byte) error {
	if j.file == nil {
		return nil
	}
	_, err := j.file.Write(append(line, '\n'))
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		// What may have been written half was never answered for.
		return errors.Join(fmt.Errorf("simulator: %w", err), j.cutBack())
	}
	j.size += int64(len(line)) + 1
	return nil
}

func (j *journal) cutBack() error {
	if err := j.file.Truncate(j.size); err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	if _, err := j.file.Seek(j.size, io.SeekStart); err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	return nil
}

func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}

// syncDir makes the file's name as durable as its lines. Not every system can sync a folder; there it is left.
func syncDir(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	_ = folder.Sync()
	return folder.Close()
}
