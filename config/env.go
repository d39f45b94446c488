package config

import (
	"strings"

	env "github.com/knadh/koanf/providers/env/v2"
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

// envKey turns YIBAO_WECHAT__APPS__MAIN__SECRET into wechat.apps.main.secret. Lists are comma-separated.
func envKey(name, value string) (string, any) {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, EnvPrefix)), "__", "."), value
}
