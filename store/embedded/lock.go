package embedded

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// ErrInUse says that another program has the data folder open; the error's text names the folder and the program.
var ErrInUse = errors.New("embedded: the data folder is in use")

var errLocked = errors.New("locked")

// lockName is the first file that is made in a data folder.
const lockName = "lock"

// folderLock is a lock on the data folder that ends with the process, however it ends.
type folderLock struct{ file *os.File }

// lockFolder takes the lock or says who has it. The file stays when the lock is given back: removing it would let two
// programs lock two files of one name.
func lockFolder(dir string) (*folderLock, error) {
	file, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("embedded: data folder: %w", err)
	}
	err = lockFile(file)
	if errors.Is(err, errLocked) {
		holder := readHolder(file)
		_ = file.Close()
		return nil, fmt.Errorf("%w: %s is held by %s", ErrInUse, dir, holder)
	}
	if err == nil {
		err = writeHolder(file)
	}
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("embedded: data folder: %w", err)
	}
	return &folderLock{file}, nil
}

// release unlocks before it closes: a process that is just being started from this one holds a copy of the file until it
// runs, and closing alone would leave the lock with the copy.
func (l *folderLock) release() {
	_ = unlockFile(l.file)
	_ = l.file.Close()
}

// Holds tells whether the folder was made by this package. The error is ErrInUse while a program has it open: then it
// must not be deleted.
func Holds(dir string) (bool, error) {
	if _, err := os.Stat(filepath.Join(dir, lockName)); err != nil {
		return false, nil
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return true, err
	}
	lock.release()
	return true, nil
}

// readHolder returns what the holder wrote; the text is shown only.
func readHolder(file *os.File) string {
	text, err := io.ReadAll(io.LimitReader(file, 200))
	if holder := strings.TrimSpace(string(text)); err == nil && holder != "" {
		return holder
	}
	return "another program"
}

func writeHolder(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.WriteAt(fmt.Appendf(nil, "%s (pid %d)\n", filepath.Base(os.Args[0]), os.Getpid()), 0)
	return err
}
