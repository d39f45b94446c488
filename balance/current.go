package balance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"yibao/balance/desk"
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
	return s.present(ctx, ctx, caller, linkID)
}

// glanceWait is how long a first screen waits for one person's figures.
const glanceWait = 3 * time.Second

// Glance returns what Current does, but waits for the upstream a few seconds at most. The question goes on, so a later call
// finds its answer. Errors: those of Current; ErrNoReading with ErrTimeout also when there is no older answer yet.
func (s *Service) Glance(ctx context.Context, caller *identity.Caller, linkID string) (*Answer, error) {
	waiting, cancel := context.WithTimeout(ctx, glanceWait)
	defer cancel()
	return s.present(ctx, waiting, caller, linkID)
}

// present waits for the upstream as long as waiting lasts, and for the store as long as ctx does.
func (s *Service) present(ctx, waiting context.Context, caller *identity.Caller, linkID string) (*Answer, error) {
	link, err := caller.Link(linkID)
	if err != nil {
		return nil, err
	}
	subject := Subject{PersonID: link.PersonID, Region: link.Region}
	answer, err := desk.Ask(waiting, s.desk, s.enrolments, subject, "", s.now().Add(-s.cfg.DisplayAge))
	switch {
	case err == nil:
		return answer.Value.Clone(), nil
	case errors.Is(err, desk.ErrNoPerson):
		// The person was deleted after the caller's links were read.
		return nil, identity.ErrNoSuchLink
	case desk.Final(err), errors.Is(err, context.Canceled):
		return nil, err
	}
	return s.lastGood(ctx, subject, err)
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
	if here, ok := desk.Recent(s.desk, s.enrolments, subject, "", time.Time{}); ok && (err != nil || !here.Value.FetchedAt.Before(answer.FetchedAt)) {
		answer, err = here.Value.Clone(), nil
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
	answer, err := s.fresh(ctx, subject, s.now().Add(-s.cfg.DecisionAge))
	if err != nil {
		return nil, err
	}
	return answer.Value.Clone(), nil
}

// fresh asks without a person waiting; from memory also where the region does not allow that.
func (s *Service) fresh(ctx context.Context, subject Subject, oldest time.Time) (desk.Answer[*Answer], error) {
	if !s.regions.Region(subject.Region).Unattended {
		answer, ok := desk.Recent(s.desk, s.enrolments, subject, "", oldest)
		if !ok {
			return answer, ErrUnsupported
		}
		return answer, nil
	}
	answer, err := desk.AskUnattended(ctx, s.desk, s.enrolments, subject, "", oldest)
	if errors.Is(err, desk.ErrNoPerson) {
		err = ErrNotFound
	}
	return answer, err
}
