package setting

import "time"

// TimeOfDay is the time since midnight; its text is "06:00".
type TimeOfDay time.Duration

// UnmarshalText reads "06:00".
func (d *TimeOfDay) UnmarshalText(text []byte) error {
	t, err := time.Parse("15:04", string(text))
	if err != nil {
		return WrongType{"is not a time of day", `such as "06:00"`}
	}
	*d = TimeOfDay(time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute)
	return nil
}

// WrongType says that a text cannot be the value of its key. It never quotes the text, which may be a secret.
type WrongType struct{ What, Mend string }

func (w WrongType) Error() string { return w.What }
