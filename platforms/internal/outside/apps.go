package outside

// AppName is the name that a sign-in means: the one given, or with none given the only one there is. With several apps
// an empty name stays empty, which no app has.
func AppName[T any](apps map[string]T, name string) string {
	if name == "" && len(apps) == 1 {
		for only := range apps {
			return only
		}
	}
	return name
}
