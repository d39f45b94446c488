package reminder

import "yibao/identity"

// Kind says how users grant messages of a template.
type Kind string

// The kinds.
const (
	OneTime  Kind = "one_time"  // each grant allows one message
	LongTerm Kind = "long_term" // a grant allows messages until the user withdraws it
)

// Template is a message template of one app, as configured.
type Template struct {
	Name       string // ours
	Platform   identity.Platform
	App        string
	TemplateID string // the platform's
	Kind       Kind
	Title      string // shown to the owner
	// ShowsAmount says whether the message has a place for the balance.
	ShowsAmount bool
}

// Templates lists the templates of an app, in the order of the configuration.
func (s *Service) Templates(platform identity.Platform, app string) []Template {
	var list []Template
	for _, t := range s.Deps.Templates {
		if t.Platform == platform && t.App == app {
			list = append(list, t)
		}
	}
	return list
}

// template finds one of the app's templates by our name; "" means the first.
func (s *Service) template(platform identity.Platform, app, name string) (Template, bool) {
	for _, t := range s.Templates(platform, app) {
		if name == "" || t.Name == name {
			return t, true
		}
	}
	return Template{}, false
}

// kind is the kind of the delivery's template. A template that is no longer configured counts as one-time, so that its
// units are given back.
func (s *Service) kind(d *Delivery) Kind {
	if t, ok := s.template(d.Platform, d.App, d.Template); ok {
		return t.Kind
	}
	return OneTime
}
