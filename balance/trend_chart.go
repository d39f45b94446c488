package balance

import "yibao/balance/chart"

// Chart is the trend as a chart of lines, in the language that was asked for.
func (t *Trend) Chart() *chart.Chart {
	c := &chart.Chart{Title: "个人账户余额（元）", Empty: "所选日期没有余额记录", Language: "zh", Unit: t.Unit, Categories: t.Categories}
	if t.Account == AccountNo {
		c.Empty = "未查询到个人账户"
	}
	if t.Language == "en" {
		c.Title, c.Empty, c.Language = "Personal account balance (yuan)", "There is no balance on record for these days.", "en"
		if t.Account == AccountNo {
			c.Empty = "There is no personal account."
		}
	}
	for _, s := range t.Series {
		one := chart.Series{Key: s.Key, Name: s.Name, Kind: chart.Line, Fen: make([]*int64, len(s.Fen))}
		for i, fen := range s.Fen {
			one.Fen[i] = (*int64)(fen)
		}
		c.Series = append(c.Series, one)
	}
	for _, s := range t.Summary {
		c.Summary = append(c.Summary, chart.Summary{Key: s.Key, Name: s.Name, Min: (*int64)(&s.Min), Max: (*int64)(&s.Max),
			Opening: (*int64)(&s.Opening), Closing: (*int64)(&s.Closing)})
	}
	return c
}
