package config

import (
	"encoding"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	koanfyaml "github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"

	"yibao/config/setting"
)

// Load reads the YAML file at path (none when path is ""), then the environment (as os.Environ gives it), then the
// files that *_file keys of secrets name, and checks the result whole. The error is setting.Problems, or that of reading
// path.
func Load(path string, environ []string) (*Config, error) {
	var text []byte
	if path != "" {
		var err error
		if text, err = os.ReadFile(path); err != nil {
			return nil, fmt.Errorf("reading the configuration: %w", err)
		}
	}
	return Parse(text, environ)
}

// Parse is Load for a text.
func Parse(text []byte, environ []string) (*Config, error) {
	raw, err := readTree(text, environ)
	if err != nil {
		return nil, setting.Problems{{Key: "(file)", What: err.Error(), Mend: "compare with config.example.yaml"}}
	}
	var found setting.Problems
	r := setting.NewReport(&found)
	walk(reflect.TypeFor[Config](), raw, r, readSecretFile)
	walk(reflect.TypeFor[Config](), raw, r, nameUnknown)
	nameSingleUnderscores(environ, r)
	c := Default()
	decode(raw, &c, r)
	c.Reminder.DecisionAge = c.Balance.DecisionAge
	c.check(r)
	if err := withoutRepeats(found).Err(); err != nil {
		return nil, err
	}
	return &c, nil
}

// withoutRepeats leaves out that a secret is missing where it is said already that its file cannot be read.
func withoutRepeats(p setting.Problems) setting.Problems {
	told := map[string]bool{}
	for _, one := range p {
		if key, ofFile := strings.CutSuffix(one.Key, "_file"); ofFile {
			told[key] = true
		}
	}
	return slices.DeleteFunc(p, func(one setting.Problem) bool { return told[one.Key] })
}

// readTree merges file and environment into one tree of maps, lists and texts.
func readTree(text []byte, environ []string) (map[string]any, error) {
	k := koanf.New(".")
	if len(strings.TrimSpace(string(text))) > 0 {
		if err := k.Load(rawbytes.Provider(text), textYAML{koanfyaml.Parser()}); err != nil {
			return nil, err
		}
	}
	if err := k.Load(fromEnv(environ), nil); err != nil {
		return nil, errors.New("the environment cannot be read")
	}
	return k.Raw(), nil
}

// decode fills c from the tree; wrong types become problems.
func decode(raw map[string]any, c *Config, r setting.Report) {
	decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		Result: c, TagName: "koanf", IgnoreUntaggedFields: true, DecodeHook: mapstructure.DecodeHookFuncValue(prepare),
	})
	if err != nil {
		r.Add("(file)", "cannot be decoded", "report this as a bug")
		return
	}
	nameWrongTypes(decoder.Decode(raw), r)
}

// prepare is called before a value is read into its field. A struct that has defaults gets them, since the structs in a map
// begin empty. A list or map that is written takes the place of the default whole. A text is read as its key wants it.
func prepare(given, field reflect.Value) (any, error) {
	if f, ok := field.Addr().Interface().(filled); ok {
		f.SetDefaults()
	} else if field.Kind() == reflect.Slice || field.Kind() == reflect.Map {
		field.SetZero()
	}
	if text, ok := given.Interface().(string); ok {
		return fromText(text, field)
	}
	return given.Interface(), nil
}

// fromText reads a text as its field wants it. Lists are comma-separated where they are one text, as in the environment.
func fromText(text string, field reflect.Value) (any, error) {
	to := field.Type()
	switch reader, ok := field.Addr().Interface().(encoding.TextUnmarshaler); {
	case ok:
		err := reader.UnmarshalText([]byte(text))
		return field.Interface(), err
	case to == reflect.TypeFor[time.Duration]():
		d, err := time.ParseDuration(text)
		return d, orWrong(err, "is not a duration with its unit", `such as "10s", "5m" or "24h"`)
	case to.Kind() == reflect.Int || to.Kind() == reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		return n, orWrong(err, "is not a whole number", "digits alone, such as 20")
	case to.Kind() == reflect.Bool:
		yes, err := strconv.ParseBool(text)
		return yes, orWrong(err, "is neither true nor false", "write true or false")
	case to == reflect.TypeFor[[]string]() && text == "":
		return []string{}, nil
	case to == reflect.TypeFor[[]string]():
		return strings.Split(text, ","), nil
	default:
		return text, nil
	}
}

func orWrong(err error, what, mend string) error {
	if err != nil {
		return setting.WrongType{What: what, Mend: mend}
	}
	return nil
}

// nameWrongTypes adds a problem for every key that a decoding error speaks of; the error's own text would quote values.
func nameWrongTypes(err error, r setting.Report) {
	wrong := setting.WrongType{What: "has the wrong type", Mend: "see config.example.yaml for the type and unit"}
	switch e := err.(type) {
	case nil:
	case interface{ Unwrap() []error }:
		for _, below := range e.Unwrap() {
			nameWrongTypes(below, r)
		}
	case *mapstructure.DecodeError:
		_ = errors.As(err, &wrong)
		r.Add(dotted(e.Name()), wrong.What, wrong.Mend)
	case interface{ Unwrap() error }:
		nameWrongTypes(e.Unwrap(), r)
	default:
		r.Add("(file)", wrong.What, wrong.Mend)
	}
}

// dotted turns "regions[990100].name" into "regions.990100.name".
func dotted(key string) string {
	return strings.NewReplacer("[", ".", "]", "").Replace(key)
}

type visit func(reflect.Type, map[string]any, setting.Report)

// keys returns every key of a section's struct with the type of its value; those of a squashed struct are its own.
func keys(t reflect.Type) map[string]reflect.Type {
	all := map[string]reflect.Type{}
	for i := range t.NumField() {
		switch field := t.Field(i); field.Tag.Get("koanf") {
		case "":
		case ",squash":
			maps.Copy(all, keys(field.Type))
		default:
			all[field.Tag.Get("koanf")] = field.Type
		}
	}
	return all
}

// walk calls f for t and every struct below it that the tree has, with the tree of that struct.
func walk(t reflect.Type, tree map[string]any, r setting.Report, f visit) {
	f(t, tree, r)
	for key, below := range keys(t) {
		walkValue(below, tree[key], r.At(key), f)
	}
}

// walkValue walks the structs in the value of a field, also those in a map or a list.
func walkValue(t reflect.Type, value any, r setting.Report, f visit) {
	switch given := value.(type) {
	case map[string]any:
		if t.Kind() == reflect.Struct {
			walk(t, given, r, f)
		}
		if t.Kind() == reflect.Map {
			for name, one := range given {
				walkValue(t.Elem(), one, r.At(name), f)
			}
		}
	case []any:
		if t.Kind() == reflect.Slice {
			for i, one := range given {
				walkValue(t.Elem(), one, r.At(strconv.Itoa(i)), f)
			}
		}
	}
}

// nameUnknown adds a problem for every key of the tree that the struct does not have.
func nameUnknown(t reflect.Type, tree map[string]any, r setting.Report) {
	known := keys(t)
	for key := range tree {
		r.Need(known[key] != nil, key, "is not a known key", "check the spelling against config.example.yaml")
	}
}

// readSecretFile replaces x_file by x for every key x of a secret.
func readSecretFile(t reflect.Type, tree map[string]any, r setting.Report) {
	for key, of := range keys(t) {
		if of == reflect.TypeFor[setting.Secret]() {
			readOneSecret(tree, key, r)
		}
	}
}

// maxSecretFile bounds a secret's file; keys are a few KB.
const maxSecretFile = 64 << 10

func readOneSecret(tree map[string]any, key string, r setting.Report) {
	fileKey := key + "_file"
	path, given := tree[fileKey].(string)
	if !given {
		return
	}
	delete(tree, fileKey)
	if _, both := tree[key]; both {
		r.Add(fileKey, "is given beside "+key, "keep one of the two")
		return
	}
	text, err := readSmall(path)
	if err != nil { // the path is not repeated: it could be the secret itself, written under the wrong key
		r.Add(fileKey, "the file cannot be read", "check that it exists and that this user may read it; relative paths count "+
			"from the current folder, "+absolute("."))
		return
	}
	tree[key] = strings.TrimSpace(string(text))
}

// readSmall reads a regular file of at most maxSecretFile bytes: a device or a pipe could be read for ever.
func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxSecretFile {
		return nil, errors.New("not a small file")
	}
	return os.ReadFile(path)
}
