package simulator

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
)

// fault is one way of misbehaving that a server was told.
type fault struct {
	Target string `json:"target"`
	Name   string `json:"fault"`
	Left   int    `json:"left"`             // how often; negative until cleared
	Detail string `json:"detail,omitempty"` // where a fault takes one: an Alipay sub_code, an insurer's err_msg
	Millis int    `json:"ms,omitempty"`     // how slow
}

func (f fault) is(name string) bool { return f.Name == name }

func (f fault) oneOf(names ...string) bool { return f.Name != "" && slices.Contains(names, f.Name) }

func (f fault) delay() time.Duration {
	if f.Millis > 0 {
		return time.Duration(f.Millis) * time.Millisecond
	}
	return 3 * time.Second
}

// faults holds what is to go wrong next. It is not kept over a restart: it is an order to a running process.
type faults struct {
	mu   sync.Mutex
	list []fault
}

var errNoFault = errors.New("no such target or fault; GET /control/faults lists them")

func newFaults() *faults { return &faults{} }

// add queues the fault behind those of its target.
func (f *faults) add(one fault) error {
	if !knownFault(one.Target, one.Name) {
		return errNoFault
	}
	if one.Left == 0 {
		one.Left = 1
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, one)
	return nil
}

func (f *faults) clear(target string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = slices.DeleteFunc(f.list, func(one fault) bool { return target == "" || one.Target == target })
}

func (f *faults) pending() []fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]fault{}, f.list...)
}

// take returns the target's next fault, counting it; the zero fault when there is none.
func (f *faults) take(target string) fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, one := range f.list {
		if one.Target != target && !strings.HasPrefix(target, one.Target+".") {
			continue
		}
		if one.Left > 0 {
			f.list[i].Left--
		}
		if f.list[i].Left == 0 {
			f.list = slices.Delete(f.list, i, i+1)
		}
		return one
	}
	return fault{}
}

// stats counts what the servers got.
type stats struct {
	mu     sync.Mutex
	counts map[string]int64
}

func newStats() *stats { return &stats{counts: map[string]int64{}} }

func (s *stats) add(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[name]++
}

func (s *stats) all() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]int64, len(s.counts))
	for name, n := range s.counts {
		all[name] = n
	}
	return all
}
