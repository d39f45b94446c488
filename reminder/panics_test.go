package reminder_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"yibao/identity"
	"yibao/reminder"
	"yibao/reminder/remindertest"
)

// TestAPanicEndsNothing panics once at each outside call in turn: the workers go on, the message is told or, where it may
// have left, unknown, and the log says where it was and nothing of what the panic holds.
func TestAPanicEndsNothing(t *testing.T) {
	t.Parallel()
	for call, want := range map[string]reminder.DeliveryState{
		"ClaimDueRules": reminder.DeliveryAccepted, "UpdateRule": reminder.DeliveryAccepted,
		"InsertDelivery": reminder.DeliveryAccepted, "UsersWithDue": reminder.DeliveryAccepted,
		"LeaseUser": reminder.DeliveryAccepted, "OpenDeliveries": reminder.DeliveryAccepted,
		"Rule": reminder.DeliveryAccepted, "UpdateQuota": reminder.DeliveryAccepted,
		"UpdateDelivery": reminder.DeliveryAccepted, "FinishDelivery": reminder.DeliveryAccepted,
		"ReleaseUser": reminder.DeliveryAccepted, "Send": reminder.DeliveryUnknown,
	} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			cfg := rigConfig()
			cfg.Tick = time.Millisecond
			r := newRig(t, cfg, func(d *reminder.Deps) { d.Log = slog.New(slog.NewTextHandler(&log, nil)) })
			r.grant(2)
			r.put()
			r.world.Advance(time.Hour)
			r.world.SetBalance("u-1", 100)
			var once sync.Once
			service, _ := r.start(func(c string) remindertest.Fault {
				if c == call {
					once.Do(func() { panic("测试甲 110101190001010000") })
				}
				return remindertest.None
			})
			ctx, stop := context.WithCancel(context.Background())
			stopped := make(chan error)
			go func() { stopped <- service.Run(ctx) }()
			for range 3000 {
				if _, finished := r.store.All(); len(finished) == 1 {
					break
				}
				time.Sleep(5 * time.Millisecond)
				r.world.Advance(30 * time.Second)
			}
			stop()
			r.check(<-stopped)
			if d := r.last(); d.State != want || len(r.quota().Reserved) != 0 {
				t.Errorf("%s/%s, quota %+v", d.State, d.Reason, r.quota())
			}
			text := log.String()
			if !strings.Contains(text, "code=panic type=string") || !strings.Contains(text, "remindertest.(*Process)."+call+":") {
				t.Error("the log does not say where:", text)
			}
			if strings.Contains(text, "110101190001010000") || strings.Contains(text, "测试甲") {
				t.Error("the log tells what the panic holds:", text)
			}
		})
	}
}

// One item that always panics keeps no other from its turn, and is left to its lease.
func TestAPanicIsLeftToTheLease(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := crowd(t, rigConfig(), 3)
	r.deps = func(d *reminder.Deps) { d.Users = &panicking{r.world, "c001"} }
	ill, _ := r.start(nil)
	if n, err := ill.SendDue(ctx); n != 2 || err == nil {
		t.Errorf("served %d, %v", n, err)
	}
	if n, err := r.SendDue(ctx); n != 0 || err != nil || len(r.world.Sends()) != 2 {
		t.Errorf("served %d, %v, %d sends", n, err, len(r.world.Sends()))
	}
	r.later(2 * time.Minute)
	if n := r.states()[reminder.DeliveryAccepted]; n != 3 {
		t.Errorf("%d accepted", n)
	}

	r.world.Advance(time.Hour)
	now := r.world.Now()
	if n, err := ill.EvaluateDue(ctx); n != 3 || err == nil {
		t.Errorf("claimed %d, %v", n, err)
	}
	for _, rule := range r.store.Rules() {
		evaluated := rule.EvaluatedAt.Equal(now)
		if ill := rule.UserID == "c001"; evaluated == ill || (ill && !rule.DueAt.Equal(now.Add(2*time.Minute))) {
			t.Errorf("%s: evaluated %v, due in %v", rule.UserID, evaluated, rule.DueAt.Sub(now))
		}
	}
}

// panicking panics at one user.
type panicking struct {
	*remindertest.World
	at string
}

func (p *panicking) User(ctx context.Context, id string) (*identity.PlatformUser, error) {
	if id == p.at {
		panic(identity.Person{Name: "测试甲"})
	}
	return p.World.User(ctx, id)
}
