package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"yibao/balance"
	"yibao/cmd/internal/app"
	"yibao/identity"
	"yibao/identity/linking"
)

// linksCommand groups what an operator can do for a person who asks who is linked.
type linksCommand struct {
	List linksListCommand `cmd:"" help:"List the links to one person: id, platform, region, relation, since when. The person's name and ID number are read from standard input, a line each."`
	End  linksEndCommand  `cmd:"" help:"End links to one person, as their users would. The person's name and ID number are read from standard input, a line each."`
}

// aboutPerson says whom a command is about. Name and number are never arguments: those are kept in histories and shown in
// lists of processes.
type aboutPerson struct {
	Config string `help:"The configuration file; without it, only the environment is read." type:"path"`
	IDType string `help:"Kind of the document (psn_cert_type)." default:"01"`
}

type linksListCommand struct{ aboutPerson }

type linksEndCommand struct {
	aboutPerson
	Links []string `arg:"" help:"Ids that links list shows."`
}

// Run prints a line for each link.
func (l *linksListCommand) Run(ctx context.Context, term *terminal) error {
	return l.withLinks(ctx, term, func(service *linking.Service, claim identity.Claim) error {
		found, err := service.LinksTo(ctx, claim)
		if err != nil {
			return err
		}
		for _, one := range found {
			since := one.Since.In(balance.Shanghai).Format(time.RFC3339)
			if _, err := fmt.Fprintln(term.stdout, one.ID, one.Platform, one.Region, one.Relation, since); err != nil {
				return err
			}
		}
		if len(found) == 0 {
			_, err = fmt.Fprintln(term.stderr, "nobody is linked to that person")
		}
		return err
	})
}

// Run ends the links, and stops at the first that cannot be ended.
func (e *linksEndCommand) Run(ctx context.Context, term *terminal) error {
	return e.withLinks(ctx, term, func(service *linking.Service, claim identity.Claim) error {
		for _, id := range e.Links {
			if err := service.EndLinkTo(ctx, claim, id); err != nil {
				return fmt.Errorf("%s: %w", id, err)
			}
			if _, err := fmt.Fprintln(term.stdout, "ended", id); err != nil {
				return err
			}
		}
		return nil
	})
}

// withLinks reads who the person is, and opens the server's parts for do without running them.
func (a *aboutPerson) withLinks(ctx context.Context, term *terminal, do func(*linking.Service, identity.Claim) error) (err error) {
	settings, err := loadConfig(a.Config, term)
	if err != nil {
		return err
	}
	claim := identity.Claim{IDType: a.IDType}
	lines := bufio.NewScanner(term.stdin)
	for _, line := range []struct {
		prompt string
		text   *string
	}{{"Name: ", &claim.Name}, {"ID number: ", &claim.IDNumber}} {
		if _, err := fmt.Fprint(term.stderr, line.prompt); err != nil {
			return err
		}
		if !lines.Scan() {
			return errors.New("name and ID number are wanted on standard input, a line each")
		}
		*line.text = strings.TrimSpace(lines.Text())
	}
	server, err := app.Open(ctx, app.Options{Config: settings, Role: app.RoleWorker, Log: newLog(settings.Log, term.stderr)})
	if err != nil {
		return err
	}
	return errors.Join(do(server.Linking, claim), server.Close())
}
