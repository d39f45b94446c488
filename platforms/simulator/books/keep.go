package books

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"yibao/balance"
)

// longest bounds the work for a clock that was set absurdly far, in days.
const longest = 20 * 366

// The kinds of visits (med_type) that the books use.
const (
	medOutpatient = "11"
	medInpatient  = "21"
	medPharmacy   = "41"
)

// yearlyInterest is the invented rate of interest, in hundredths of a percent.
const yearlyInterest = 150

// keeper keeps one person's books.
type keeper struct {
	Books
	plan   Plan
	until  time.Time
	events []Event
	held   balance.Fen // by the account
	frozen bool        // by Set: nothing happens by itself
	count  int         // of ids
	places []Institution
}

func (k *keeper) keep() {
	if k.plan.Account {
		k.post(Entry{At: Begin, Type: TypeCarried, Fen: k.plan.Opening})
	}
	for n, day := 0, Begin; n < longest && !day.After(k.until); n, day = n+1, day.AddDate(0, 0, 1) {
		if n > 0 && day.YearDay() == 1 && k.byItself(day.Add(-time.Minute)) {
			k.turnYear(day)
		}
		if at := day.Add(9 * time.Hour); k.byItself(at) {
			k.contribute(at)
		}
		dice := roll(k.plan.Seed, n)
		if at := day.Add(time.Duration(10+dice>>8%10) * time.Hour); k.byItself(at) {
			k.spend(at, dice)
		}
		if !k.frozen {
			k.claim(day, n)
		}
	}
	k.happen(k.until)
}

// byItself lets all happen that was ordered up to a time, and says whether things still happen by themselves then.
func (k *keeper) byItself(at time.Time) bool {
	if at.After(k.until) {
		return false
	}
	k.happen(at)
	return !k.frozen
}

// post adds an entry of the ledger.
func (k *keeper) post(e Entry) {
	e.ID = k.id("L", e.At)
	e.Seen = e.At.Add(lag)
	k.held += e.Fen
	k.Ledger = append(k.Ledger, e)
}

// lag is the time until a list shows an event.
const lag = 2 * time.Hour

func (k *keeper) id(kind string, at time.Time) string {
	k.count++
	return fmt.Sprintf("%s%s%s%05d", kind, k.plan.Region, at.Format("060102"), k.count)
}

// turnYear pays interest on the rest of the old year, and carries it over.
func (k *keeper) turnYear(day time.Time) {
	if !k.plan.Account || k.held <= 0 || k.plan.Still {
		return
	}
	end := day.Add(-time.Minute)
	if interest := k.held * yearlyInterest / 10000; interest > 0 {
		k.post(Entry{At: end, Type: TypeInterest, Fen: interest})
	}
	held := k.held
	k.post(Entry{At: end, Type: TypeCarryOut, Fen: -held})
	k.post(Entry{At: end, Type: TypeCarried, Fen: held}) // in the same minute: the account is never empty between
}

// contribute books the day's contribution and credit.
func (k *keeper) contribute(at time.Time) {
	if !k.plan.Until.IsZero() && at.After(k.plan.Until) {
		return
	}
	day, month := at.Day(), at.Format("2006-01")
	switch {
	case k.plan.Kind == Resident && at.Month() == time.February && day == 10:
		k.Contributions = append(k.Contributions, Contribution{ID: k.id("C", at), From: at.Format("2006-01")[:5] + "01", To: at.Format("2006-01")[:5] + "12",
			PaidAt: at, Seen: at.AddDate(0, 0, 1), Personal: 400_00, Subsidy: 670_00})
	case k.plan.Credit == 0 || day != k.plan.CreditOn:
	case k.plan.Kind == Retiree:
		k.post(Entry{At: at, Type: TypeCredit, Fen: k.plan.Credit})
	case k.plan.Kind == Employee && !k.missing(at):
		base := k.plan.Credit * 50
		k.Contributions = append(k.Contributions, Contribution{ID: k.id("C", at), From: month, To: month, PaidAt: at, Seen: at.AddDate(0, 0, 1),
			Base: base, Employer: base * 8 / 100, Personal: k.plan.Credit, IntoAccount: k.plan.Credit})
		k.post(Entry{At: at, Type: TypeCredit, Fen: k.plan.Credit})
	}
}

// missing says whether the employer did not pay for the month: one employee in twelve lacks one month a year.
func (k *keeper) missing(day time.Time) bool {
	dice := roll(k.plan.Seed, day.Year())
	return dice%12 == 5 && int(dice>>8%12)+1 == int(day.Month())
}

// spend books the day's spending. On one day in eight a person with an account spends 4 to 18 % of it, at a pharmacy or, one time
// in three, at a doctor's; a person without goes to a doctor on one day in forty. One person in three is in hospital once a
// year. One bill in thirty is taken back two days later.
func (k *keeper) spend(at time.Time, dice uint32) {
	if k.plan.Still {
		return
	}
	var bill *Settlement
	year := roll(k.plan.Seed+"hospital", at.Year())
	switch {
	case year%3 == 0 && at.YearDay() == int(20+year>>8%300):
		bill = k.hospital(at, year)
	case k.plan.Account && dice%8 == 0:
		spent := k.held * balance.Fen(4+dice>>16%15) / 100 / 10 * 10
		if spent > 0 && dice>>4%3 == 0 {
			bill = k.doctor(at, spent, dice)
		} else if spent > 0 {
			bill = k.pharmacy(at, spent, dice)
		}
	case !k.plan.Account && dice%40 == 0:
		bill = k.doctor(at, 0, dice)
	}
	if bill != nil && dice>>20%30 == 7 {
		k.order(Event{At: at.AddDate(0, 0, 2).Add(-time.Hour), Do: Reverse, Bill: bill.ID})
	}
}

func (k *keeper) pharmacy(at time.Time, account balance.Fen, dice uint32) *Settlement {
	return k.bill(Settlement{At: at, Institution: k.places[3+dice>>12%3], MedType: medPharmacy, PayLoc: "2", Total: account, Account: account})
}

// doctor's bill: the fund pays 60 % of the sum in scope above a deductible of 20 yuan; the account and cash the rest. One
// in six of those with an account is paid for a relative's visit, by mutual aid; one in ten is out of the province.
func (k *keeper) doctor(at time.Time, account balance.Fen, dice uint32) *Settlement {
	b := Settlement{At: at, Institution: k.places[dice>>12%3], MedType: medOutpatient, PayLoc: "2", Account: account}
	b.Total = account*2 + balance.Fen(3000+dice>>9%9000)
	b.InScope = b.Total * 9 / 10
	b.Deductible = min(20_00, b.InScope)
	b.Fund = min((b.InScope-b.Deductible)*60/100, b.Total-account)
	b.Cash = b.Total - b.Fund - account
	if dice>>14%6 == 0 {
		b.MutualAid, b.Cash = b.Cash, 0
	}
	if dice>>18%10 == 0 {
		b.Institution, b.PayLoc = elsewhere, "4"
	}
	return k.bill(b)
}

func (k *keeper) hospital(at time.Time, dice uint32) *Settlement {
	b := Settlement{At: at, Institution: k.places[dice>>4%2], MedType: medInpatient, PayLoc: "2"}
	b.Total = balance.Fen(800000 + dice>>3%1200000)
	b.InScope = b.Total * 85 / 100
	b.Deductible = 500_00
	b.Fund = (b.InScope - b.Deductible) * 80 / 100
	b.Hospital = b.Total / 100
	b.Account = min(max(k.held, 0)/2, b.Total/20)
	b.Cash = b.Total - b.Fund - b.Hospital - b.Account
	return k.bill(b)
}

// bill books a settlement and what the account pays of it. An out-of-area bill shows after five days.
func (k *keeper) bill(b Settlement) *Settlement {
	b.ID, b.Visit = k.id("S", b.At), k.id("V", b.At)
	if b.Seen = b.At.Add(lag); b.PayLoc != "2" {
		b.Seen = b.At.AddDate(0, 0, 5)
	}
	b.Lines = lines(b.MedType, b.Total, roll(b.ID, 1))
	if b.Account != 0 {
		k.post(Entry{At: b.At, Type: TypeSpent, Fen: -b.Account, Bill: b.ID})
	}
	k.Settlements = append(k.Settlements, b)
	return &k.Settlements[len(k.Settlements)-1]
}

// lines splits a total among the items of that kind of visit.
func lines(medType string, total balance.Fen, dice uint32) []Line {
	list := slices.Clone(items[medType])
	left := total
	for i := range list {
		list[i].Count = 1
		list[i].Sum = left * balance.Fen(30+dice>>(4*i)%30) / 100
		if i == len(list)-1 {
			list[i].Sum = left
		}
		list[i].Price = list[i].Sum
		left -= list[i].Sum
	}
	return list
}

// reverse takes a settlement back, once: by a bill of its own with negative sums.
func (k *keeper) reverse(id string, at time.Time) {
	i := slices.IndexFunc(k.Settlements, func(s Settlement) bool { return s.ID == id && !s.Reversed && s.Reverses == "" })
	if i < 0 {
		return
	}
	k.Settlements[i].Reversed = true
	back := k.Settlements[i]
	back.ID, back.At, back.Reverses, back.Reversed, back.Lines = k.id("S", at), at, id, false, nil
	back.Seen = later(at.Add(lag), back.Seen)
	for _, sum := range []*balance.Fen{&back.Total, &back.InScope, &back.Deductible, &back.Fund, &back.Account, &back.MutualAid, &back.Cash, &back.Hospital} {
		*sum = -*sum
	}
	k.Settlements = append(k.Settlements, back)
	for i := range k.Ledger {
		if e := &k.Ledger[i]; e.Bill == id && e.Type == TypeSpent && !e.Reversed {
			e.Reversed = true
			k.post(Entry{At: at, Type: TypeSpent, Fen: -e.Fen, Bill: back.ID, Reverses: e.ID})
			break
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// order puts an event among those that are to come.
func (k *keeper) order(e Event) {
	i, _ := slices.BinarySearchFunc(k.events, e, func(a, b Event) int { return cmp.Or(a.At.Compare(b.At), -1) }) // behind its equals
	k.events = slices.Insert(k.events, i, e)
}

// happen makes the ordered events happen up to the time.
func (k *keeper) happen(until time.Time) {
	for len(k.events) > 0 && !k.events[0].At.After(until) {
		e := k.events[0]
		k.events = k.events[1:]
		at := e.At.In(balance.Shanghai)
		switch e.Do {
		case Set:
			k.frozen = true
			if e.Fen != k.held {
				k.post(Entry{At: at, Type: TypeAdjust, Fen: e.Fen - k.held})
			}
		case Credit:
			k.post(Entry{At: at, Type: TypeInject, Fen: e.Fen})
		case Reverse:
			k.reverse(e.Bill, at)
		case Spend:
			b := Settlement{At: at, Institution: k.places[3], MedType: medPharmacy, PayLoc: "2", Total: e.Fen}
			if e.Abroad {
				b.Institution, b.PayLoc, b.MedType = elsewhere, "4", medOutpatient
			}
			b.Account = min(max(k.held, 0), e.Fen)
			b.Cash = e.Fen - b.Account
			if done := k.bill(b); e.Late > 0 {
				done.Seen = at.AddDate(0, 0, e.Late)
			}
		}
	}
}

// roll is a number that depends on nothing but seed and n.
func roll(seed string, n int) uint32 {
	h := fnv.New32a()
	h.Write([]byte(seed))                                              // never fails
	h.Write([]byte{byte(n), byte(n >> 8), byte(n), byte(n>>8) ^ 0x5a}) // twice: FNV mixes late bytes poorly
	v := h.Sum32()
	v ^= v >> 15
	v *= 0x2c1b3c6d
	return v ^ v>>12
}
