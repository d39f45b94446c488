package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"yibao/cmd/internal/phone"
	"yibao/cmd/internal/world"
)

// regions measures whether a region that gives no answer slows another one down. It reads bills in one region, each time
// asking the upstream, alone and while every question to the other hangs, in ten windows that take turns. It returns the
// median of the ratios of the median times, alone against hanging; 1 is perfect.
func (s *side) regions(ctx context.Context) (float64, error) {
	here, err := s.reader(ctx, s.Elsewhere)
	if err != nil {
		return 0, err
	}
	hanging, err := s.reader(ctx, s.Person)
	if err != nil {
		return 0, err
	}
	var ratios []float64
	for range 10 {
		alone, err := here.median(ctx)
		if err != nil {
			return 0, err
		}
		fault := map[string]any{"target": "insurer." + s.Person.Region, "fault": "hang", "times": -1}
		if _, err := hanging.Control(ctx, "faults", fault); err != nil {
			return 0, err
		}
		asking, stop := context.WithCancel(ctx)
		var group sync.WaitGroup
		for range 64 {
			group.Go(func() { _ = hanging.bills(asking) }) // no answer comes
		}
		time.Sleep(100 * time.Millisecond)
		with, err := here.median(ctx)
		stop()
		group.Wait()
		request, _ := http.NewRequestWithContext(ctx, http.MethodDelete, s.World+"/control/faults", nil)
		answer, err2 := http.DefaultClient.Do(request)
		if err != nil || err2 != nil {
			return 0, fmt.Errorf("%w, %w", err, err2)
		}
		_ = answer.Body.Close()
		ratios = append(ratios, float64(alone)/float64(with))
	}
	fmt.Printf("bills of one region, alone against while the other hangs: %.2f\n", ratios)
	return median(ratios), nil
}

// reader is somebody linked to the person.
type reader struct {
	*phone.Phone
	id string
}

func (s *side) reader(ctx context.Context, person phone.Person) (*reader, error) {
	r := &reader{Phone: phone.New("http://"+s.API, s.World, "wechat", world.App, "reader-"+person.Region)}
	if err := r.SignIn(ctx); err != nil {
		return nil, err
	}
	var err error
	r.id, err = r.Link(ctx, person, "demo-1")
	return r, err
}

// bills reads the bills; records.fresh_for is so short that the upstream is asked each time.
func (r *reader) bills(ctx context.Context) error {
	return r.Call(ctx, http.MethodGet, "/v1/insured/"+r.id+"/settlements?from="+time.Now().Format("2006")+"-01-01", nil, nil)
}

func (r *reader) median(ctx context.Context) (time.Duration, error) {
	var times []time.Duration
	for begin := time.Now(); time.Since(begin) < 400*time.Millisecond; {
		asked := time.Now()
		if err := r.bills(ctx); err != nil {
			return 0, err
		}
		times = append(times, time.Since(asked))
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}
