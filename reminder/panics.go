package reminder

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
)

// errPanic is what a panic in a worker comes to.
var errPanic = errors.New("reminder: panic")

// guarded makes a panic an error. It would end the whole server otherwise, and end it again after every start, since
// what was claimed comes back. Its value may hold anything of anybody: its type and where it came from are logged.
func (s *Service) guarded(work func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			s.Log.Error("reminder worker", "code", code(errPanic), "type", fmt.Sprintf("%T", cause), "at", panicSite())
			err = errPanic
		}
	}()
	return work()
}

// panicSite names the functions that led to a panic, the innermost first: no values, no paths.
func panicSite() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)]) // above this function and the deferred one
	var sites []string
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		if !strings.HasPrefix(frame.Function, "runtime.") {
			name := frame.Function[strings.LastIndexByte(frame.Function, '/')+1:]
			sites = append(sites, name+":"+strconv.Itoa(frame.Line))
		}
	}
	return strings.Join(sites, " < ")
}
