package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/valyala/fasthttp"

	"yibao/cmd/internal/phone"
)

// side is the server side as the client sees it: addresses, a token and the path to ask for.
type side struct {
	API, Bare, Naked string
	Cold             string // another replica, which nobody has asked yet
	Side             string // answers the counters
	Token, Path      string
	World            string // the simulated platforms
	Person           phone.Person
	Elsewhere        phone.Person // of another region

	process *exec.Cmd
}

// counters is what the server side counts.
type counters struct {
	StoreReads    int64
	UpstreamCalls int64
	CPU           time.Duration // that processors have worked for the server side
}

// startServer starts the server side; its first line says where everything is.
func startServer(ctx context.Context) (*side, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &side{process: exec.CommandContext(ctx, self, "-serve")}
	s.process.Stderr = os.Stderr
	out, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, s)
	}
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("the server side did not start: %w", err)
	}
	return s, nil
}

func (s *side) stop() {
	_ = s.process.Process.Signal(os.Interrupt)
	_ = s.process.Wait()
}

// sameBytes makes sure that all three answer with the same body, and returns its length.
func (s *side) sameBytes() (int, error) {
	var bodies [3]string
	for i, address := range []string{s.API, s.Bare, s.Naked} {
		request, answer := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		request.SetRequestURI("http://" + address + s.Path)
		request.Header.Set("Authorization", "Bearer "+s.Token)
		if err := fasthttp.Do(request, answer); err != nil {
			return 0, err
		}
		if answer.StatusCode() != fasthttp.StatusOK {
			return 0, fmt.Errorf("%s answers %d", address, answer.StatusCode())
		}
		bodies[i] = string(answer.Body())
	}
	// The API's age_seconds goes on counting: its digits are the one difference there may be.
	if diff := len(bodies[0]) - len(bodies[1]); diff < 0 || diff > 3 || bodies[1] != bodies[2] || bodies[1] == "" {
		return 0, fmt.Errorf("the three servers do not send the same bytes")
	}
	return len(bodies[0]), nil
}

func (s *side) counters() (counters, error) {
	var c counters
	status, body, err := fasthttp.Get(nil, "http://"+s.Side+"/")
	if err == nil && status != fasthttp.StatusOK {
		err = fmt.Errorf("the counters answer %d", status)
	}
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(body, &c)
}

// loaded is load, with the time of the processor that the server side took for it.
func (s *side) loaded(address string, span time.Duration) (result, error) {
	before, err := s.counters()
	if err != nil {
		return result{}, err
	}
	r := load(address, s.Path, s.Token, span)
	after, err := s.counters()
	if err == nil && (r.failed > 0 || r.done == 0) {
		err = fmt.Errorf("%d requests failed, %d were answered", r.failed, r.done)
	}
	r.cpu = after.CPU - before.CPU
	return r, err
}

// settle waits until requests cost no store read: for a minute after a user's links have changed, that user is read per
// request, by design.
func (s *side) settle(ctx context.Context) error {
	fmt.Println("waiting a minute: a user who was just linked is read per request until then")
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(time.Second) {
		if reads, _, err := s.readsPerRequest(50 * time.Millisecond); err != nil || reads == 0 {
			return err
		}
	}
	return fmt.Errorf("requests go on to read the store")
}

// readsPerRequest counts the store's reads while verified requests come in.
func (s *side) readsPerRequest(span time.Duration) (reads, requests int64, err error) {
	before, err := s.counters()
	if err != nil {
		return 0, 0, err
	}
	r := load(s.API, s.Path, s.Token, span)
	after, err := s.counters()
	if err == nil && r.failed > 0 {
		err = fmt.Errorf("%d requests failed", r.failed)
	}
	return after.StoreReads - before.StoreReads, r.done, err
}

// coalesced counts the upstream's calls for n concurrent reads of one person at a replica that has cached nothing.
func (s *side) coalesced(n int) (int64, error) {
	before, err := s.counters()
	if err != nil {
		return 0, err
	}
	failed := burst(s.Cold, s.Path, s.Token, n)
	after, err := s.counters()
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d of %d requests failed", failed, n)
	}
	return after.UpstreamCalls - before.UpstreamCalls, err
}
