package web

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// fieldProblems are the codes a single field can have. Huma's finding is an English message; the first phrase that it
// begins with decides. Tests hold Huma's messages against this list. The detail is for developers; {field} becomes the field.
var fieldProblems = []struct {
	phrase, code string
	text, detail Text
}{
	{"unexpected property", unknownField, textOldClient, Text{"没有此字段：{field}", "There is no such field: {field}."}},
	{"expected required property", "required", textRequired, detailRequired},
	{"required ", "required", textRequired, detailRequired},
	{"expected length >=", "too_short", Text{"内容过短", "This is too short."}, Text{"{field} 短于 minLength", "{field} is shorter than minLength."}},
	{"expected length <=", "too_long", Text{"内容过长", "This is too long."}, Text{"{field} 长于 maxLength", "{field} is longer than maxLength."}},
	{"expected number >=", "too_small", Text{"数值过小", "This number is too small."}, Text{"{field} 小于 minimum", "{field} is below minimum."}},
	{"expected number <=", "too_large", Text{"数值过大", "This number is too large."}, Text{"{field} 大于 maximum", "{field} is above maximum."}},
	{"expected value to be one of", "not_allowed", Text{"请重新选择", "Please choose again."},
		Text{"{field} 不是 enum 中的值", "{field} is none of the values of enum."}},
	{"expected string to", "wrong_format", Text{"填写的格式有误", "This is not in the right format."},
		Text{"{field} 不符合 pattern 或 format", "{field} does not fit pattern or format."}},
	{"expected object with at", "wrong_count", textCount, detailCount},
	{"expected array length", "wrong_count", textCount, detailCount},
	{"expected ", "wrong_type", textWrong, detailType},
	{"invalid ", "wrong_type", textWrong, detailType},
	{"", "invalid", textWrong, Text{"{field} 有误", "{field} is not valid."}},
}

var (
	textOldClient  = Text{"提交的信息有误，请更新小程序后重试", "Some of the information is not right. Please update the mini-program and try again."}
	textRequired   = Text{"此项必填", "This is required."}
	detailRequired = Text{"缺少必填字段 {field}", "The required field {field} is missing."}
	textCount      = Text{"数量不符合要求", "There are too many or too few of these."}
	detailCount    = Text{"{field} 的项数超出允许的范围", "{field} has too many or too few items."}
	textWrong      = Text{"填写有误", "This is not right."}
	detailType     = Text{"{field} 的 JSON 类型有误", "{field} is of another JSON type."}
)

// maxFieldErrors bounds the answer to a body that is full of unknown fields.
const maxFieldErrors = 20

// fieldErrors turns Huma's findings into codes, in an order of our own (Huma walks maps). It names the fields that the
// operation declares, and of others those that look like a field's name: any other text could be a value.
func fieldErrors(names map[string]bool, details []error, l Language) []FieldError {
	found := make([]FieldError, 0, len(details))
	for _, err := range details {
		var detail *huma.ErrorDetail
		if !errors.As(err, &detail) {
			continue
		}
		found = append(found, fieldError(names, detail, l))
	}
	slices.SortFunc(found, func(a, b FieldError) int {
		return cmp.Or(strings.Compare(a.Field, b.Field), strings.Compare(a.Code, b.Code))
	})
	found = slices.Compact(found)
	return found[:min(len(found), maxFieldErrors)]
}

func fieldError(names map[string]bool, detail *huma.ErrorDetail, l Language) FieldError {
	path := detail.Location
	if name, ok := strings.CutPrefix(detail.Message, "expected required property "); ok {
		path += "." + strings.TrimSuffix(name, " to be present")
	}
	if name, ok := strings.CutPrefix(detail.Message, wrongTypeAt); ok {
		path += "." + name
	}
	for _, p := range fieldProblems {
		if !strings.HasPrefix(detail.Message, p.phrase) {
			continue
		}
		field := longestKnown(names, path)
		if p.code == unknownField {
			field = nameUnknown(field, path)
		}
		said := strings.NewReplacer("{field}", cmp.Or(field, "body")).Replace(p.detail[l])
		return FieldError{Field: field, Code: p.code, Message: p.text[l], Detail: said}
	}
	return FieldError{} // the last phrase is "": never reached
}

const unknownField = "unknown_field"

// fieldName is what a client may have meant as the name of a field, such as "thresholdFen"; never a number or a name of a
// person in Chinese.
var fieldName = regexp.MustCompile(`^[A-Za-z_][A-Za-z_-]{0,39}$`)

// nameUnknown adds the field that is not known to the known one that holds it. A name that could be a value is left out.
func nameUnknown(known, path string) string {
	_, path, _ = strings.Cut(path, ".")
	name := strings.TrimPrefix(strings.TrimPrefix(path, known), ".")
	if !fieldName.MatchString(name) {
		return known
	}
	return strings.TrimPrefix(known+"."+name, ".")
}

// longestKnown cuts a path ("body.consent.version") back to a known field ("consent.version"), or to "".
func longestKnown(names map[string]bool, path string) string {
	_, path, _ = strings.Cut(path, ".")
	for path != "" && !names[path] {
		path = path[:max(strings.LastIndexByte(path, '.'), 0)]
	}
	return path
}

// fieldNames collects the names of an operation's parameters and of its body's fields.
func fieldNames(op *huma.Operation, schemas huma.Registry) map[string]bool {
	names := map[string]bool{}
	for _, p := range op.Parameters {
		names[p.Name] = true
	}
	if op.RequestBody != nil {
		for _, media := range op.RequestBody.Content {
			addProperties(names, "", media.Schema, schemas)
		}
	}
	return names
}

func addProperties(names map[string]bool, prefix string, s *huma.Schema, schemas huma.Registry) {
	for s != nil && s.Ref != "" {
		s = schemas.SchemaFromRef(s.Ref)
	}
	if s == nil {
		return
	}
	for name, property := range s.Properties {
		names[prefix+name] = true
		addProperties(names, prefix+name+".", property, schemas)
	}
}
