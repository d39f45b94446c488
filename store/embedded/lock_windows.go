package embedded

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

const lockedByte = 1 << 20

// lockFile takes the lock without waiting; errLocked when another holds it. One byte far behind the text is locked, as
// a locked range cannot be read by others. The system gives it back when the process ends.
func lockFile(file *os.File) error {
	const exclusive = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(file.Fd()), exclusive, 0, 1, 0, &windows.Overlapped{Offset: lockedByte})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return errLocked
	}
	return err
}

func unlockFile(file *os.File) error {
	return windows.UnlockFileEx(windows.Handle(file.Fd()), 0, 1, 0, &windows.Overlapped{Offset: lockedByte})
}
