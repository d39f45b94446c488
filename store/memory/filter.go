package memory

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// filter is a list of conditions that must all hold.
type filter []condition

// condition is one comparison of a field. operator is "" for equality.
type condition struct {
	field, operator string
	value           bson.RawValue
	id              string // the value of an _id, decoded once
}

func parseFilter(d bson.D) filter {
	var f filter
	for _, e := range elements(d) {
		if strings.HasPrefix(e.Key(), "$") || strings.Contains(e.Key(), ".") {
			panic("memory: not supported in a filter: " + e.Key())
		}
		operators, nested := e.Value().DocumentOK()
		if !nested {
			f = append(f, newCondition(e.Key(), "", e.Value()))
			continue
		}
		all, err := operators.Elements()
		if err != nil || len(all) == 0 {
			panic("memory: not supported in a filter: an empty document")
		}
		for _, o := range all {
			f = append(f, newCondition(e.Key(), o.Key(), o.Value()))
		}
	}
	return f
}

// newCondition panics on an operator or a type that matches does not know.
func newCondition(field, operator string, value bson.RawValue) condition {
	switch operator {
	case "":
		class(value)
	case "$in":
		for _, v := range values(value) {
			class(v)
		}
	case "$lt", "$lte", "$gt", "$gte":
		if class(value) == classNull {
			panic("memory: not supported in a filter: a range that ends at null")
		}
	default:
		panic("memory: not supported in a filter: " + operator)
	}
	c := condition{field: field, operator: operator, value: value}
	if field == "_id" && operator == "" {
		c.id = value.StringValue()
	}
	return c
}

// id is the one _id that the filter asks for, "" when it does not name one.
func (f filter) id() string {
	for _, c := range f {
		if c.field == "_id" && c.operator == "" {
			return c.id
		}
	}
	return ""
}

func (f filter) matches(d document) bool {
	for _, c := range f {
		if c.field == "_id" && c.operator == "" {
			if c.id != d.id { // the common case, without decoding
				return false
			}
			continue
		}
		if !c.matches(d.raw.Lookup(c.field)) {
			return false
		}
	}
	return true
}

func (c condition) matches(got bson.RawValue) bool {
	switch c.operator {
	case "":
		return equal(got, c.value)
	case "$in":
		return slices.ContainsFunc(values(c.value), func(v bson.RawValue) bool { return equal(got, v) })
	}
	if class(got) != class(c.value) {
		return false // MongoDB compares within one type
	}
	order := compare(got, c.value)
	switch c.operator {
	case "$lt":
		return order < 0
	case "$lte":
		return order <= 0
	case "$gt":
		return order > 0
	default:
		return order >= 0
	}
}

// equal: a list equals each of its elements; null equals a field that is missing.
func equal(got, want bson.RawValue) bool {
	if got.Type == bson.TypeArray {
		return slices.ContainsFunc(values(got), func(v bson.RawValue) bool { return equal(v, want) })
	}
	return compare(got, want) == 0
}

// The types that can be compared, in MongoDB's order.
const (
	classNull = iota // or missing
	classNumber
	classText
	classBool
	classTime
)

func class(v bson.RawValue) int {
	switch v.Type {
	case 0, bson.TypeNull:
		return classNull
	case bson.TypeInt32, bson.TypeInt64:
		return classNumber
	case bson.TypeString:
		return classText
	case bson.TypeBoolean:
		return classBool
	case bson.TypeDateTime:
		return classTime
	}
	panic(fmt.Sprintf("memory: values of type %s cannot be compared", v.Type))
}

func compare(a, b bson.RawValue) int {
	of := class(a)
	if other := class(b); of != other {
		return cmp.Compare(of, other)
	}
	switch of {
	case classNumber:
		return cmp.Compare(a.AsInt64(), b.AsInt64())
	case classText:
		return cmp.Compare(a.StringValue(), b.StringValue())
	case classBool:
		return bytes.Compare(a.Value, b.Value)
	case classTime:
		return cmp.Compare(a.DateTime(), b.DateTime())
	default:
		return 0
	}
}

func elements(d any) []bson.RawElement {
	raw, err := bson.Marshal(d)
	if err != nil {
		panic(fmt.Sprintf("memory: %v does not encode: %v", d, err))
	}
	all, err := bson.Raw(raw).Elements()
	if err != nil {
		panic(err)
	}
	return all
}

func values(list bson.RawValue) []bson.RawValue {
	all, err := list.Array().Values()
	if err != nil {
		panic(err)
	}
	return all
}
