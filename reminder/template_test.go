package reminder_test

import (
	"testing"

	"yibao/identity"
	"yibao/reminder/remindertest"
)

func TestTemplates(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	if list := r.Templates(identity.WeChat, remindertest.App); len(list) != 1 || list[0].TemplateID != remindertest.TemplateID {
		t.Errorf("got %+v", list)
	}
	if list := r.Templates(identity.WeChat, "other"); len(list) != 0 {
		t.Errorf("got %+v", list)
	}
}
