package config

import (
	"reflect"
	"regexp"
	"strings"

	env "github.com/knadh/koanf/providers/env/v2"

	"yibao/config/setting"
)

// EnvPrefix begins every environment variable that is read: YIBAO_MONGODB__URI sets mongodb.uri; two underscores part
// the levels.
const EnvPrefix = "YIBAO_"

func fromEnv(environ []string) *env.Env {
	return env.Provider(".", env.Opt{
		Prefix:        EnvPrefix,
		EnvironFunc:   func() []string { return environ },
		TransformFunc: envKey,
	})
}

// envKey turns YIBAO_WECHAT__APPS__MAIN__SECRET into wechat.apps.main.secret. Lists are comma-separated. Every key has
// two levels at least, so a name without "__" is none, and passed over: Kubernetes sets YIBAO_SERVICE_HOST and the like
// where a Service is called yibao.
func envKey(name, value string) (string, any) {
	if !strings.Contains(name, "__") {
		return "", nil
	}
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, EnvPrefix)), "__", "."), value
}

// variables lists the names of the variables that are read, by the key that each sets.
func variables(environ []string) map[string]string {
	all := map[string]string{}
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		if key, _ := envKey(name, ""); strings.HasPrefix(name, EnvPrefix) && key != "" {
			all[key] = name
		}
	}
	return all
}

// nameSingleUnderscores adds a problem for every variable that would set a key if two underscores parted its levels.
func nameSingleUnderscores(environ []string, r setting.Report) {
	known := regexp.MustCompile("(?i)^" + EnvPrefix + "(" + strings.Join(flatNames(reflect.TypeFor[Config]()), "|") + ")$")
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		r.Need(strings.Contains(name, "__") || !known.MatchString(name), name, "parts the levels of a key by one underscore",
			"write two, as in YIBAO_SERVER__LISTEN")
	}
}

// flatNames lists patterns of the keys below t with one underscore between the levels; a region's code or an app's name
// may be anything.
func flatNames(t reflect.Type) []string {
	var names []string
	each(reflect.New(t).Elem(), func(key string, field reflect.Value) {
		below := field.Type()
		if below.Kind() == reflect.Map {
			key, below = key+"_.+", below.Elem()
		}
		switch {
		case below.Kind() == reflect.Struct:
			for _, name := range flatNames(below) {
				names = append(names, key+"_"+name)
			}
		case below == reflect.TypeFor[setting.Secret]():
			names = append(names, key+"(_file)?")
		default:
			names = append(names, key)
		}
	})
	return names
}
