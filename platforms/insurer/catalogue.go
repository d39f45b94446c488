package insurer

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"yibao/balance"
	"yibao/balance/catalogue"
	"yibao/balance/records"
)

var _ catalogue.Upstream = (*Client)(nil)

// everSince is what is asked for where everything is wanted of a list that must be asked by a day.
var everSince = time.Date(2000, 1, 1, 0, 0, 0, 0, balance.Shanghai)

func (p Profile) catalogue(kind catalogue.Kind) Catalogue {
	if kind == catalogue.Drugs {
		return p.Catalogues.Drugs
	}
	return p.Catalogues.Institutions
}

// Tells implements catalogue.Upstream.
func (c *Client) Tells(code string, kind catalogue.Kind) (tells, changes bool) {
	r := c.regions[code]
	if r == nil {
		return false, false
	}
	list := r.catalogue(kind)
	return list.Transaction != "", list.Begin != ""
}

// Drugs implements catalogue.Upstream. Services and materials, which the same list has in some regions, are left out.
func (c *Client) Drugs(ctx context.Context, code string, since time.Time, next string) (*catalogue.Batch[catalogue.Drug], error) {
	return batchOf(ctx, c, code, catalogue.Drugs, drugFields, since, next, readDrug)
}

// Institutions implements catalogue.Upstream.
func (c *Client) Institutions(ctx context.Context, code string, since time.Time, next string) (*catalogue.Batch[catalogue.Institution], error) {
	return batchOf(ctx, c, code, catalogue.Institutions, institutionFields, since, next, readInstitution)
}

// part is the place of a batch in a list: the value of the part field, and the page within.
type part struct{ value, page int }

func readPart(text string) (p part, ok bool) {
	if text == "" {
		return part{0, 1}, true
	}
	value, page, found := strings.Cut(text, "/")
	var err1, err2 error
	p.value, err1 = strconv.Atoi(value)
	p.page, err2 = strconv.Atoi(page)
	return p, found && err1 == nil && err2 == nil && p.value >= 0 && p.page > 0
}

func (p part) String() string { return strconv.Itoa(p.value) + "/" + strconv.Itoa(p.page) }

// batchOf asks for one page of one part. A part that is not there any more, as the configuration has changed, begins anew.
func batchOf[T any](ctx context.Context, c *Client, code string, kind catalogue.Kind, names map[string]string, since time.Time, next string,
	read func(r *row, region string) (T, bool)) (*catalogue.Batch[T], error) {
	r := c.regions[code]
	if r == nil || r.catalogue(kind).Transaction == "" {
		return nil, &Error{Class: ClassUnsupported, Region: code}
	}
	list := r.catalogue(kind)
	at, ok := readPart(next)
	if !ok || at.value >= max(len(list.Parts), 1) {
		at = part{0, 1}
	}
	a := ask{infno: list.Transaction, insuredRegion: r.InsuplcAdmdvs, nobody: true, list: true, node: list.Node, fields: list.question(at, since)}
	a.want, _, _ = strings.Cut(list.Total, ".")
	rows, answer, err := r.listed(ctx, a, list)
	if err != nil {
		return nil, err
	}
	batch := &catalogue.Batch[T]{Source: string(r.Family) + "/" + list.Transaction, Next: list.after(at, len(rows))}
	if list.Total != "" {
		text, _ := answer.output.at(list.Total)
		total, _ := strconv.Atoi(text)
		if list.Page != "" && len(rows) < list.PageRows && (at.page-1)*list.PageRows+len(rows) < total {
			// Pages are shorter than asked for: to go on by their number would leave rows out.
			return nil, r.fail(ctx, a, &Error{Class: ClassMalformed, Reference: answer.reference})
		}
		if len(list.Parts) < 2 { // of one part of several it is no total
			batch.Total = total
		}
	}
	for _, f := range rows {
		one := &row{fields: f, record: list.Record, names: names, mode: r.Numbers}
		value, ok := read(one, code)
		switch {
		case !ok:
			batch.Bad++
		case !one.skip:
			batch.Rows = append(batch.Rows, value)
		}
	}
	return batch, nil
}

// listed asks for rows. No list is not an empty one, but where the profile says so; and a refusal that means "nothing found"
// is an empty list there, too: it is about no person.
func (r *region) listed(ctx context.Context, a ask, list Catalogue) ([]fields, reply, error) {
	answer, err := r.do(ctx, a)
	var refusal *Error
	if errors.As(err, &refusal) && refusal.Class == ClassNotEnrolled && list.BlankMeansNone {
		return nil, reply{}, nil
	}
	if err != nil {
		return nil, reply{}, err
	}
	rows, found, ok := listAt(answer.raw, list.Rows)
	if !ok || !found && !list.BlankMeansNone {
		return nil, reply{}, r.fail(ctx, a, &Error{Class: ClassMalformed, Reference: answer.reference})
	}
	return rows, answer, nil
}

// question are the fields that ask for a page.
func (c Catalogue) question(at part, since time.Time) map[string]string {
	input := map[string]string{}
	maps.Copy(input, c.Input)
	if c.Begin != "" {
		if since.IsZero() {
			since = everSince
		}
		input[c.Begin] = c.Days.text(since.In(balance.Shanghai), false)
	}
	if c.PartField != "" {
		input[c.PartField] = c.Parts[at.value]
	}
	if c.Page != "" {
		input[c.Page], input[c.Size] = strconv.Itoa(at.page), strconv.Itoa(c.PageRows)
	}
	return input
}

// after is the batch behind one of so many rows; "" behind the last.
func (c Catalogue) after(at part, rows int) string {
	switch {
	case c.Page != "" && rows >= c.PageRows:
		return part{at.value, at.page + 1}.String()
	case at.value+1 < len(c.Parts):
		return part{at.value + 1, 1}.String()
	}
	return ""
}

var drugLists = map[string]catalogue.List{
	"101": catalogue.ListMedicine, "102": catalogue.ListDecoction, "103": catalogue.ListInHouse, "104": catalogue.ListEthnic,
	"105": catalogue.ListOther, "106": catalogue.ListGranules,
}

func readDrug(r *row, region string) (catalogue.Drug, bool) {
	code := r.get("list")
	r.skip = strings.HasPrefix(code, "2") || strings.HasPrefix(code, "3")
	d := catalogue.Drug{
		Entry: r.entry(region), List: group(drugLists, code, catalogue.ListOther), ListCode: code, Grade: group(grades, r.get("grade"), records.GradeUnknown),
		SelfPay: r.get("self_pay"), From: balance.Day(date(r.get("from"))), To: balance.Day(date(r.get("to"))), Form: r.get("form"), Spec: r.get("spec"),
	}
	return d, r.skip || d.Code != "" && d.Name != ""
}

var institutionTypes = map[string]catalogue.Type{
	"1": catalogue.TypeMedical, "2": catalogue.TypePharmacy, "3": catalogue.TypeRehabilitation, "4": catalogue.TypeAids, "5": catalogue.TypeFamilyPlanning,
}

func readInstitution(r *row, region string) (catalogue.Institution, bool) {
	i := catalogue.Institution{Entry: r.entry(region), TypeCode: r.get("type"), Level: r.get("level")}
	i.Type = group(institutionTypes, i.TypeCode, catalogue.TypeOther)
	return i, i.Code != "" && i.Name != ""
}

// entry reads what both catalogues have. Only a flag that says so makes a row invalid: 0 void, 2 suspended.
func (r *row) entry(region string) catalogue.Entry {
	return catalogue.Entry{Region: region, Code: r.get("code"), Name: r.get("name"), Valid: !slices.Contains([]string{"0", "2"}, r.get("valid"))}
}
