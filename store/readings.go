package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"yibao/balance"
)

// readingMonth holds the points of one person in one region in one month. _id is "region:person:2026-11", so a year is
// one query over at most thirteen ids, however many insurances the person has. Amounts are in plain fen, by decision: the
// document carries no name.
type readingMonth struct {
	ID     string     `bson:"_id"`
	Points []pointDoc `bson:"points"`
}

type pointDoc struct {
	Insurance     string `bson:"insurance"`
	balance.Point `bson:",inline"`
}

func subjectID(s balance.Subject) string { return s.Region + ":" + s.PersonID }

func monthID(s balance.Subject, month string) string { return subjectID(s) + ":" + month }

// RecordReadings writes each reading as the point of the day it was fetched on. Of two readings of one day and insurance
// the same one stays whatever the order (see balance.Point.Replaces), so writing one twice, or late, changes nothing.
func (s *Store) RecordReadings(ctx context.Context, readings []balance.Reading) error {
	months := map[string][]pointDoc{}
	for _, r := range readings {
		id := monthID(balance.Subject{PersonID: r.PersonID, Region: r.Region}, r.Day().Month())
		months[id] = append(months[id], pointDoc{r.InsuranceType, balance.Point{
			Day: r.Day(), Account: r.Account, AsOf: r.AsOf, FetchedAt: r.FetchedAt, Source: r.Source,
		}})
	}
	for id, points := range months {
		fresh := func() *readingMonth { return &readingMonth{ID: id} }
		_, err := s.readings.upsert(ctx, id, fresh, func(m *readingMonth) error {
			for _, p := range points {
				m.put(p)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// put keeps one point to a day and insurance.
func (m *readingMonth) put(p pointDoc) {
	at := slices.IndexFunc(m.Points, func(q pointDoc) bool { return q.Insurance == p.Insurance && q.Day == p.Day })
	switch {
	case at < 0:
		m.Points = append(m.Points, p)
	case p.Replaces(m.Points[at].Point):
		m.Points[at] = p
	}
}

// Points returns the points of days from..to, both included, by insurance type, ordered by day.
func (s *Store) Points(ctx context.Context, subject balance.Subject, from, to balance.Day) (map[string][]balance.Point, error) {
	ids := monthIDs(subject, from, to)
	if len(ids) == 0 {
		return map[string][]balance.Point{}, nil
	}
	found, err := s.readings.values(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
	if err != nil {
		return nil, err
	}
	points := map[string][]balance.Point{}
	for _, month := range found {
		for _, p := range month.Points {
			if p.Day >= from && p.Day <= to {
				points[p.Insurance] = append(points[p.Insurance], p.Point)
			}
		}
	}
	for _, series := range points {
		slices.SortFunc(series, func(a, b balance.Point) int { return strings.Compare(string(a.Day), string(b.Day)) })
	}
	return points, nil
}

// monthIDs lists the ids of the months from..to; none when the days are not valid or the wrong way round.
func monthIDs(subject balance.Subject, from, to balance.Day) bson.A {
	start, end := from.Start(), to.Start()
	if start.IsZero() || end.IsZero() || end.Before(start) {
		return nil
	}
	var ids bson.A
	first := time.Date(start.Year(), start.Month(), 1, 0, 0, 0, 0, balance.Shanghai)
	for month := first; !month.After(end); month = month.AddDate(0, 1, 0) {
		ids = append(ids, monthID(subject, balance.DayOf(month).Month()))
	}
	return ids
}

// FirstDay returns the first day with a reading of the subject, "" without one.
func (s *Store) FirstDay(ctx context.Context, subject balance.Subject) (balance.Day, error) {
	first := options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetLimit(-1)
	found, err := s.readings.values(ctx, allMonths(subject), first)
	if err != nil || len(found) == 0 {
		return "", err
	}
	day := found[0].Points[0].Day
	for _, p := range found[0].Points {
		day = min(day, p.Day)
	}
	return day, nil
}

// allMonths finds all ids that begin with "region:person:"; ';' is the character after ':'.
func allMonths(subject balance.Subject) bson.D {
	id := subjectID(subject)
	return bson.D{{Key: "_id", Value: bson.D{{Key: "$gte", Value: id + ":"}, {Key: "$lt", Value: id + ";"}}}}
}

// DeleteReadings removes answer and readings of the subject.
func (s *Store) DeleteReadings(ctx context.Context, subject balance.Subject) error {
	if _, err := s.answers.deleteOne(ctx, subjectID(subject)); err != nil {
		return err
	}
	_, err := s.readings.deleteMany(ctx, allMonths(subject))
	return err
}
