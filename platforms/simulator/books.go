package simulator

import (
	"hash/fnv"
	"slices"
	"time"

	"yibao/balance"
)

// booksBegin is when the simulated books begin; before it an account holds its opening balance.
var booksBegin = time.Date(2025, time.January, 1, 0, 0, 0, 0, balance.Shanghai)

// booksEnd bounds the work for a clock that was set absurdly far.
const booksEnd = 20 * 366 // days

// setOrCourse is the personal account at a time: what the control API set last before it (true then), else the
// invented course, which depends on nothing but person, enrolment and time.
func (w *World) setOrCourse(p *Person, e Enrolment, at time.Time) (balance.Fen, bool) {
	w.mu.Lock()
	set := w.books[bookKey{p.IDNumber, e.Region, e.Type}]
	w.mu.Unlock()
	for i := len(set) - 1; i >= 0; i-- {
		if !set[i].at.After(at) {
			return set[i].fen, true
		}
	}
	if e.Account != "yes" {
		return 0, false
	}
	return course(p.IDNumber+e.Region+e.Type, e, at), false
}

// course is the invented course of an account: a credit each month, and on about one day in eight a purchase of 4 to
// 18 % of what is there. So it rises, falls, never goes below zero and settles at a few months' credit.
func course(seed string, e Enrolment, at time.Time) balance.Fen {
	fen, last := e.opening, at.In(balance.Shanghai)
	for day, n := booksBegin, 0; n < booksEnd && !day.After(last); day, n = day.AddDate(0, 0, 1), n+1 {
		if day.Day() == e.creditOn && !last.Before(day.Add(9*time.Hour)) {
			fen += e.credit
		}
		if e.still {
			continue
		}
		dice := roll(seed, n)
		if dice%8 == 0 && !last.Before(day.Add(time.Duration(10+dice>>8%10)*time.Hour)) {
			spent := fen * balance.Fen(4+dice>>16%15) / 100
			fen -= spent / 10 * 10
		}
	}
	return fen
}

func roll(seed string, n int) uint32 {
	h := fnv.New32a()
	h.Write([]byte(seed))                                              // never fails
	h.Write([]byte{byte(n), byte(n >> 8), byte(n), byte(n>>8) ^ 0x5a}) // twice: FNV mixes late bytes poorly
	v := h.Sum32()
	v ^= v >> 15
	v *= 0x2c1b3c6d
	return v ^ v>>12
}

// setBalanceOf sets the account from the time on.
func (w *World) setBalanceOf(idNumber, region, insurance string, fen balance.Fen, at time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.commit(record{Kind: "balance", At: at, IDNumber: idNumber, Region: region, Type: insurance, Fen: fen})
}

// insertByTime keeps the list sorted; of two entries of one time the later call wins.
func insertByTime(list []setBalance, s setBalance) []setBalance {
	i := len(list)
	for i > 0 && list[i-1].at.After(s.at) {
		i--
	}
	// A new slice: readers hold the old one without the lock.
	return slices.Insert(slices.Clone(list), i, s)
}
