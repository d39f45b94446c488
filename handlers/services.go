package handlers

import (
	"context"
	"time"

	"yibao/balance"
	"yibao/balance/catalogue"
	"yibao/balance/records"
	"yibao/identity"
	"yibao/identity/linking"
	"yibao/identity/session"
	"yibao/reminder"
)

// Sessions signs users in and verifies their tokens. See session.Service.
type Sessions interface {
	SignIn(ctx context.Context, platform identity.Platform, app, code string) (*session.SignedIn, error)
	Verify(ctx context.Context, token string) (*identity.Caller, error)
	List(ctx context.Context, caller *identity.Caller, page string, limit int) (list []identity.Session, next string, err error)
	SignOut(ctx context.Context, caller *identity.Caller, sessionID string) error
	SignOutAll(ctx context.Context, caller *identity.Caller, keepCurrent bool) error
}

// Linking proves and ends links. See linking.Service.
type Linking interface {
	Start(ctx context.Context, caller *identity.Caller, request linking.Request) (*identity.Attempt, error)
	Attempt(ctx context.Context, caller *identity.Caller, id string) (*identity.Attempt, error)
	Attempts(ctx context.Context, caller *identity.Caller) ([]*identity.Attempt, error)
	Resend(ctx context.Context, caller *identity.Caller, id string) (*identity.Attempt, error)
	Prove(ctx context.Context, caller *identity.Caller, id string, answer linking.Answer) (*identity.Attempt, error)
	Unlink(ctx context.Context, caller *identity.Caller, linkID string) error
	Others(ctx context.Context, attempt *identity.Attempt) ([]linking.Other, error)
	EndOther(ctx context.Context, caller *identity.Caller, attemptID, otherID string) (*identity.Attempt, error)
	SetUnattended(ctx context.Context, caller *identity.Caller, linkID string, allow bool, version string) (identity.Link, error)

	SendsLeft(attempt *identity.Attempt) int
	TriesLeft(attempt *identity.Attempt) int
	ExpiresIn(attempt *identity.Attempt) int // seconds
	CodeExpiresIn(attempt *identity.Attempt, now time.Time) *int
	ResendIn(attempt *identity.Attempt, now time.Time) *int
}

// Balances gives balances and charts. See balance.Service.
type Balances interface {
	Glance(ctx context.Context, caller *identity.Caller, linkID string) (*balance.Answer, error)
	Current(ctx context.Context, caller *identity.Caller, linkID string) (*balance.Answer, error)
	Trend(ctx context.Context, caller *identity.Caller, linkID string, query balance.TrendQuery) (*balance.Trend, error)
}

// Catalogue searches institutions and drugs. See catalogue.Service.
type Catalogue interface {
	Institutions(ctx context.Context, q catalogue.Query, of catalogue.Type, level string) (*catalogue.Page[catalogue.Institution], error)
	Drugs(ctx context.Context, q catalogue.Query, grade records.Grade) (*catalogue.Page[catalogue.Drug], error)
}

// RowCharts gives charts of the rows behind an account. See records.Service.
type RowCharts interface {
	FlowChart(ctx context.Context, caller *identity.Caller, linkID string, query records.ChartQuery) (*records.Chart, error)
	SpendingChart(ctx context.Context, caller *identity.Caller, linkID string, query records.ChartQuery) (*records.Chart, error)
	ContributionsChart(ctx context.Context, caller *identity.Caller, linkID string, query records.ChartQuery) (*records.Chart, error)
}

// Records gives the rows behind an account. See records.Service.
type Records interface {
	Settlements(ctx context.Context, caller *identity.Caller, linkID string, q records.Query) (*records.Page[records.Settlement], error)
	Lines(ctx context.Context, caller *identity.Caller, linkID, settlement string, q records.Query) (*records.Page[records.Line], error)
	Unusual(ctx context.Context, caller *identity.Caller, linkID string, q records.Query) (*records.Page[records.Flag], error)
	Ledger(ctx context.Context, caller *identity.Caller, linkID string, q records.Query) (*records.Page[records.Entry], error)
	Contributions(ctx context.Context, caller *identity.Caller, linkID string, q records.Query) (*records.Page[records.Contribution], error)
	Claims(ctx context.Context, caller *identity.Caller, linkID string, q records.Query) (*records.Page[records.Claim], error)
	Accumulated(ctx context.Context, caller *identity.Caller, linkID, year string) (*records.Page[records.Accumulated], error)
	Quotas(ctx context.Context, caller *identity.Caller, linkID, year string) (*records.Page[records.Quota], error)
	Designated(ctx context.Context, caller *identity.Caller, linkID string) (*records.Page[records.Designated], error)
}

// Reminders keeps reminder rules and subscription quotas. See reminder.Service.
type Reminders interface {
	Put(ctx context.Context, caller *identity.Caller, linkID string, setting reminder.Setting) (*reminder.Rule, error)
	Patch(ctx context.Context, caller *identity.Caller, linkID string, change func(*reminder.Setting) error) (*reminder.Rule, error)
	Get(ctx context.Context, caller *identity.Caller, linkID string) (*reminder.Rule, error)
	Delete(ctx context.Context, caller *identity.Caller, linkID string) error
	Deliveries(ctx context.Context, caller *identity.Caller, linkID string, limit int) ([]reminder.Delivery, error)
	Templates(platform identity.Platform, app string) []reminder.Template
	Report(ctx context.Context, caller *identity.Caller, report reminder.Report) ([]reminder.Quota, error)
	Quotas(ctx context.Context, caller *identity.Caller) ([]reminder.Quota, error)
}
