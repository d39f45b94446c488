package balance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"yibao/identity"
)

// Current returns the present answer for the person of the caller's link. An answer younger than DisplayAge comes from
// memory without a read of the store. If the upstream gives no answer, Current returns the last good one that any replica
// got, marked Stale with the reason; its FetchedAt tells its age. The answer is the caller's own copy.
//
// "Not enrolled", "another name" and "unsupported" are answers about the present. They are returned as errors and never
// replaced by an older answer.
//
// Errors: identity.ErrNoSuchLink; ErrNotEnrolled, ErrMismatch, ErrUnsupported; and if there is no older answer,
// ErrThrottled, or ErrNoReading together with ErrUpstream, ErrTimeout, ErrMalformed, ErrBusy or the store's error.
// context.Canceled when the caller gave up.
func (s *Service) Current(ctx context.Context, caller *identity.Caller, linkID string) (*Answer, error) {
	return s.present(ctx, caller, linkID, s.cfg.AskTimeout+storeTimeout)
}

// glanceWait is how long a first screen waits for one person's figures.
const glanceWait = 3 * time.Second

// Glance returns what Current does, but waits for the upstream a few seconds at most. The question goes on, so a later call
// finds its answer. Errors: those of Current; ErrNoReading with ErrTimeout also when there is no older answer yet.
func (s *Service) Glance(ctx context.Context, caller *identity.Caller, linkID string) (*Answer, error) {
	return s.present(ctx, caller, linkID, glanceWait)
}

func (s *Service) present(ctx context.Context, caller *identity.Caller, linkID string, wait time.Duration) (*Answer, error) {
	link, err := caller.Link(linkID)
	if err != nil {
		return nil, err
	}
	subject := Subject{PersonID: link.PersonID, Region: link.Region}
	oldest := s.now().Add(-s.cfg.DisplayAge)
	if c, ok := s.cache.Get(subject); ok && c.since(oldest, s.now()) {
		return c.answer.Clone(), nil
	}
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	c, err := s.ask(waiting, subject, oldest)
	switch {
	case err == nil:
		return c.answer.Clone(), nil
	case errors.Is(err, ErrNotFound):
		// The person was deleted after the caller's links were read.
		return nil, identity.ErrNoSuchLink
	case !replaceable(err):
		return nil, err
	}
	return s.lastGood(ctx, subject, err)
}

// replaceable says whether an older answer may be returned instead of the error.
func replaceable(err error) bool {
	for _, final := range []error{ErrNotEnrolled, ErrMismatch, ErrUnsupported, context.Canceled} {
		if errors.Is(err, final) {
			return false
		}
	}
	return true
}

// lastGood returns the last good answer, marked stale; without one, ErrNoReading with the cause. It reads the store first,
// because another replica may have stored a later answer than the one in memory.
func (s *Service) lastGood(ctx context.Context, subject Subject, cause error) (*Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	answer, err := s.store.LastAnswer(ctx, subject)
	if err != nil && !errors.Is(err, ErrNotFound) {
		s.log.Warn("balance_last_answer_unread", "region", subject.Region, "cause", err)
	}
	if c, ok := s.cache.Get(subject); ok && (err != nil || !c.answer.FetchedAt.Before(answer.FetchedAt)) {
		answer, err = c.answer.Clone(), nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoReading, cause)
	}
	answer.Stale, answer.Because = true, StaleNoAnswer
	if errors.Is(cause, ErrThrottled) {
		answer.Because = StaleThrottled
	}
	return answer, nil
}

// Fresh returns an answer fetched no longer ago than DecisionAge, never a stale one. It asks if needed, on the unattended
// slots: the region must allow unattended questions. A subject that has just failed twice fails again without a question
// (see failurePause).
//
// Errors: ErrUnsupported, ErrNotFound for a deleted person, and those of Upstream, ErrBusy and the store's.
func (s *Service) Fresh(ctx context.Context, subject Subject) (*Answer, error) {
	c, err := s.fresh(ctx, subject, s.now().Add(-s.cfg.DecisionAge))
	if err != nil {
		return nil, err
	}
	return c.answer.Clone(), nil
}

func (s *Service) fresh(ctx context.Context, subject Subject, oldest time.Time) (*cached, error) {
	if c, ok := s.cache.Get(subject); ok && c.since(oldest, s.now()) {
		return c, nil
	}
	if !s.regions.Region(subject.Region).Unattended {
		return nil, ErrUnsupported
	}
	return s.askUnattended(ctx, subject, oldest)
}
