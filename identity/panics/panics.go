// Package panics logs recovered panics in one way. It lies under identity because that is the lowest package: every
// other one may import it.
package panics

import (
	"fmt"
	"log/slog"
	"runtime"
	"strconv"
	"strings"
)

// Log writes one event for a recovered panic. The value may hold personal data, so only its type and the functions that
// led to the panic are logged. Call it in the deferred function that called recover.
func Log(log *slog.Logger, event string, cause any, attributes ...any) {
	log.Error(event, append(attributes, "type", fmt.Sprintf("%T", cause), "at", site(3))...)
}

// Site names the functions that led to a panic, the innermost first: no values, no paths. Call it in the deferred
// function that called recover.
func Site() string { return site(3) }

func site(skip int) string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(skip, pcs)])
	var sites []string
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		if frame.Function != "" && !strings.HasPrefix(frame.Function, "runtime.") {
			name := frame.Function[strings.LastIndexByte(frame.Function, '/')+1:]
			sites = append(sites, name+":"+strconv.Itoa(frame.Line))
		}
	}
	return strings.Join(sites, " < ")
}
