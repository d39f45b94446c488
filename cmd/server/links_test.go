package main

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestOperatorEndsALink finds a person's links by name and number from standard input, and ends one under a running server,
// which shows it no more.
func TestOperatorEndsALink(t *testing.T) {
	t.Parallel()
	c := start(t)
	person := c.people()[0]
	p := c.phone("wechat", "citizen")
	if err := p.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	id, err := p.Link(t.Context(), person, "demo-1")
	if err != nil {
		t.Fatal(err)
	}
	about := aboutPerson{Config: c.world.ConfigFile, IDType: person.IDType}
	run := func(command interface {
		Run(context.Context, *terminal) error
	}, typed string) (string, error) {
		var out, errs bytes.Buffer
		err := command.Run(t.Context(), &terminal{stdin: strings.NewReader(typed), stdout: &out, stderr: &errs})
		if strings.Contains(out.String()+errs.String(), person.Name) || strings.Contains(out.String()+errs.String(), person.IDNumber) {
			t.Errorf("the person is named: %s%s", out.String(), errs.String())
		}
		return out.String(), err
	}
	typed := person.Name + "\n" + person.IDNumber + "\n"
	listed, err := run(&linksListCommand{about}, typed)
	if err != nil || !strings.HasPrefix(listed, id+" wechat "+person.Region+" ") || strings.Count(listed, "\n") != 1 {
		t.Fatalf("listed %q, %v", listed, err)
	}
	if _, err := run(&linksEndCommand{about, []string{"NOSUCHLINK"}}, typed); err == nil {
		t.Error("a link that is not there was ended")
	}
	if _, err := run(&linksListCommand{about}, "one line"); err == nil {
		t.Error("one line will do")
	}
	if out, err := run(&linksEndCommand{about, []string{id}}, typed); err != nil || out != "ended "+id+"\n" {
		t.Fatalf("%q, %v", out, err)
	}
	if listed, err = run(&linksListCommand{about}, typed); err != nil || listed != "" {
		t.Errorf("listed %q, %v", listed, err)
	}
	for range 600 { // replicas hear of it when they next poll
		if err := p.Call(t.Context(), http.MethodGet, "/v1/insured/"+id, nil, nil); err != nil && strings.Contains(err.Error(), "404") {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("the server shows the link still")
}
