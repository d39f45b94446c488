package reminder_test

import (
	"testing"

	"yibao/identity"
)

func TestTemplates(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	if list := r.Templates(identity.WeChat, app); len(list) != 1 || list[0].TemplateID != templateID {
		t.Errorf("got %+v", list)
	}
	if list := r.Templates(identity.WeChat, "other"); len(list) != 0 {
		t.Errorf("got %+v", list)
	}
}
