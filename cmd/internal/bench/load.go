package main

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// clients is how many connections ask at once.
const clients = 32

// result is what one span of load came to.
type result struct {
	done, failed int64
	took         time.Duration
	cpu          time.Duration // that the server side worked for it
}

// each is the time of the processor for one request.
func (r result) each() time.Duration { return r.cpu / time.Duration(r.done) }

func (r result) rate() float64 { return float64(r.done) / r.took.Seconds() }

// load asks for the path over and over on keep-alive connections until the span is over.
func load(address, path, token string, span time.Duration) result {
	client := &fasthttp.HostClient{Addr: address, MaxConns: clients, ReadTimeout: 20 * time.Second}
	defer client.CloseIdleConnections()
	var done, failed atomic.Int64
	var group sync.WaitGroup
	begin := time.Now()
	for range clients {
		group.Go(func() {
			request, answer := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			request.SetRequestURI("http://" + address + path)
			request.Header.Set("Authorization", "Bearer "+token)
			for time.Since(begin) < span {
				if err := client.Do(request, answer); err != nil || answer.StatusCode() != fasthttp.StatusOK {
					failed.Add(1)
					continue
				}
				done.Add(1)
			}
		})
	}
	group.Wait()
	return result{done: done.Load(), failed: failed.Load(), took: time.Since(begin)}
}

// burst asks n times at once, each on a connection of its own.
func burst(address, path, token string, n int) int64 {
	client := &fasthttp.HostClient{Addr: address, MaxConns: n, ReadTimeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	var failed atomic.Int64
	var ready, group sync.WaitGroup
	start := make(chan struct{})
	ready.Add(n)
	for range n {
		group.Go(func() {
			request, answer := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			request.SetRequestURI("http://" + address + path)
			request.Header.Set("Authorization", "Bearer "+token)
			ready.Done()
			<-start
			if err := client.Do(request, answer); err != nil || answer.StatusCode() != fasthttp.StatusOK {
				failed.Add(1)
			}
		})
	}
	ready.Wait()
	close(start)
	group.Wait()
	return failed.Load()
}
