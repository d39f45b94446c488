package config

import (
	"encoding"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"yibao/config/setting"
)

// reader reads the tree of a configuration into the sections. A value that does not fit its key is named, and leaves that
// key alone without a value.
type reader struct {
	report setting.Report
	set    map[string]string // names of the environment variables, by the key that each sets
	values map[string]string // the written texts, by dotted key; without secrets
	inline bool              // a secret stands in the file itself
}

// read fills a field with defaults, then with the value. A list or a map that is written takes the place of the default
// whole.
func (rd *reader) read(at string, value any, field reflect.Value) {
	if f, ok := field.Addr().Interface().(filled); ok {
		f.SetDefaults()
	}
	kind := field.Kind()
	switch given := value.(type) {
	case string:
		rd.readText(at, given, field)
	case map[string]any:
		switch kind {
		case reflect.Struct:
			rd.readStruct(at, given, field)
		case reflect.Map:
			rd.readMap(at, given, field)
		default:
			rd.wrong(at, "has keys below it, but takes one value", "see config.example.yaml for what it takes")
		}
	case []any:
		if kind != reflect.Slice {
			rd.wrong(at, "is a list, but takes none", "see config.example.yaml for what it takes")
			return
		}
		field.Set(reflect.MakeSlice(field.Type(), len(given), len(given)))
		for i, one := range given {
			rd.read(at+"."+strconv.Itoa(i), one, field.Index(i))
		}
	}
}

func (rd *reader) wrong(at, what, mend string) { rd.report.Unread(at, "", what, mend) }

// readStruct reads the keys that the struct has, and names the others.
func (rd *reader) readStruct(at string, tree map[string]any, section reflect.Value) {
	under := strings.TrimPrefix(at+".", ".")
	known := map[string]bool{}
	each(section, func(key string, field reflect.Value) {
		known[key] = true
		if secret, ok := field.Addr().Interface().(*setting.Secret); ok {
			known[key+"_file"] = true
			rd.readSecretFile(under, key, tree, secret)
		}
		if value, ok := tree[key]; ok {
			rd.read(under+key, value, field)
		}
	})
	for key := range tree {
		rd.report.Need(known[key], under+key, "is not a known key", "check the spelling against config.example.yaml")
	}
}

// each calls f for every key of a section's struct; those of a squashed struct are its own.
func each(section reflect.Value, f func(key string, field reflect.Value)) {
	for i := range section.NumField() {
		switch key := section.Type().Field(i).Tag.Get("koanf"); key {
		case "":
		case ",squash":
			each(section.Field(i), f)
		default:
			f(key, section.Field(i))
		}
	}
}

func (rd *reader) readMap(at string, tree map[string]any, field reflect.Value) {
	of := field.Type()
	field.Set(reflect.MakeMap(of))
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		one := reflect.New(of.Elem()).Elem()
		rd.read(at+"."+name, tree[name], one)
		field.SetMapIndex(reflect.ValueOf(name).Convert(of.Key()), one)
	}
}

// readText reads a text as its field wants it. Lists are comma-separated where they are one text, as in the environment.
func (rd *reader) readText(at, text string, field reflect.Value) {
	trimmed := strings.TrimSpace(text)
	if _, secret := field.Interface().(setting.Secret); secret {
		text = trimmed // as from a file
		rd.inline = rd.inline || text != "" && rd.set[at] == ""
	} else {
		rd.values[at] = text
	}
	switch to := field.Addr().Interface().(type) {
	case encoding.TextUnmarshaler:
		var wrong setting.WrongType
		if errors.As(to.UnmarshalText([]byte(trimmed)), &wrong) {
			rd.wrong(at, wrong.What, wrong.Mend)
		}
	case *time.Duration:
		d, err := time.ParseDuration(trimmed)
		rd.put(err, at, field, int64(d), "is not a duration with its unit", `such as "10s", "5m" or "24h"`)
	case *[]string:
		*to = []string{}
		if trimmed != "" {
			*to = strings.Split(text, ",")
		}
		for i, one := range *to {
			(*to)[i] = strings.TrimSpace(one)
		}
	default:
		switch field.Kind() {
		case reflect.String:
			field.SetString(text)
		case reflect.Int, reflect.Int64:
			n, err := strconv.ParseInt(trimmed, 10, 64)
			rd.put(err, at, field, n, "is not a whole number", "digits alone, such as 20")
		case reflect.Bool:
			yes, err := strconv.ParseBool(trimmed)
			rd.put(err, at, field, yes, "is neither true nor false", "write true or false")
		default:
			rd.wrong(at, "is one value, but takes a list or keys below it", "see config.example.yaml for what it takes")
		}
	}
}

func (rd *reader) put(err error, at string, field reflect.Value, value any, what, mend string) {
	if err != nil {
		rd.wrong(at, what, mend)
		return
	}
	field.Set(reflect.ValueOf(value).Convert(field.Type()))
}

// readSecretFile reads the file that x_file names, for the key x of a secret. The environment's x or x_file takes the place
// of both in the configuration file.
func (rd *reader) readSecretFile(under, key string, tree map[string]any, secret *setting.Secret) {
	fileKey := key + "_file"
	path, _ := tree[fileKey].(string)
	fromEnv, fileFromEnv := rd.set[under+key] != "", rd.set[under+fileKey] != ""
	if path == "" || fromEnv && !fileFromEnv {
		return
	}
	if fileFromEnv && !fromEnv {
		delete(tree, key)
	}
	wrong := func(what, mend string) { rd.report.Unread(under+fileKey, under+key, what, mend) }
	here, _ := filepath.Abs(".")
	relative := "relative paths count from the current folder, " + here
	if tree[key] != nil {
		wrong("is given beside "+key, "keep one of the two")
	} else if !isPath(path) {
		wrong("names no file; it is not shown, as it could be the secret itself", "give the path of a file, or write the secret as "+
			key+"; "+relative)
	} else if text, err := setting.ReadSecret(path); err != nil {
		wrong(err.Error(), "the file must be there, and readable for this user but not for everybody (a mounted secret: mode 0440); "+relative)
	} else {
		*secret = setting.Secret(strings.TrimSpace(string(text)))
	}
}

var extension = regexp.MustCompile(`^[^\s:=@]{0,120}\.[0-9A-Za-z]{1,8}$`)

// isPath says whether a text is plainly a path. One that is not may be the secret itself, written under the wrong key.
func isPath(text string) bool {
	if len(text) > 250 || strings.ContainsAny(text, "\r\n") || strings.Contains(text, "://") {
		return false
	}
	if filepath.IsAbs(text) || strings.HasPrefix(text, ".") || extension.MatchString(text) {
		return true
	}
	folder := filepath.Dir(text)
	info, err := os.Stat(folder)
	return folder != "." && err == nil && info.IsDir()
}

// exampleValues stand in config.example.yaml for values that only an operator knows.
var exampleValues = regexp.MustCompile(`\bexample\.(com|org|net)\b|^wx0+$|^20210{12}$|FROM-THE-CONSOLE|^PAAS-ID$|^APP-KEY$|^示例(机构|签名)$`)

// hintAtExamples tells of values that were taken over from the example.
func (rd *reader) hintAtExamples() {
	for key, text := range rd.values {
		rd.report.Hint(!exampleValues.MatchString(text), key, "is the value of config.example.yaml", "write your own")
	}
}

var (
	userinfo = regexp.MustCompile(`//[^/@\s]*@`)
	query    = regexp.MustCompile(`\?.*`)
)

// shown is a written value for a message: in quotes, short, and without the parts of an address that may be secret.
func shown(text string) string {
	if strings.Contains(text, "://") {
		text = query.ReplaceAllString(userinfo.ReplaceAllString(text, "//***@"), "?…")
	}
	if short := []rune(text); len(short) > 80 {
		text = string(short[:80]) + "…"
	}
	return fmt.Sprintf("%q", text)
}
