package handlers

import (
	"strconv"

	"yibao/handlers/web"
)

// AppendJSON writes the answer of the route that is asked most: by hand, because encoding/json takes a good part of the
// time of that request. A test compares the two.
func (v balanceView) AppendJSON(b []byte) []byte {
	m := &v.Meta
	b = web.AppendText(append(b, `{"meta":{"as_of":`...), string(m.AsOf))
	b = web.AppendText(append(b, `,"fetched_at":`...), string(m.FetchedAt))
	b = strconv.AppendInt(append(b, `,"age_seconds":`...), int64(m.AgeSeconds), 10)
	b = web.AppendText(append(b, `,"source":`...), m.Source)
	b = web.AppendText(append(b, `,"freshness":`...), string(m.Freshness))
	b = appendUnlessEmpty(b, `,"stale_reason":`, string(m.StaleReason))
	b = web.AppendText(append(b, `,"coverage":`...), string(m.Coverage))
	b = append(b, `,"notices":[`...)
	for i := range m.Notices {
		if i > 0 {
			b = append(b, ',')
		}
		b = m.Notices[i].AppendJSON(b)
	}
	b = append(b, `]},"enrolments":[`...)
	for i := range v.Enrolments {
		if i > 0 {
			b = append(b, ',')
		}
		b = v.Enrolments[i].AppendJSON(b)
	}
	return append(b, `]}`...)
}

func (n *noticeView) AppendJSON(b []byte) []byte {
	b = web.AppendText(append(b, `{"code":`...), n.Code)
	b = web.AppendText(append(b, `,"message":`...), n.Message)
	return append(web.AppendText(append(b, `,"at":`...), string(n.At)), '}')
}

func (e *enrolmentView) AppendJSON(b []byte) []byte {
	b = web.AppendText(append(b, `{"id":`...), e.ID)
	b = strconv.AppendBool(append(b, `,"primary":`...), e.Primary)
	b = web.AppendText(append(b, `,"insurance_type":`...), e.InsuranceType)
	b = web.AppendText(append(b, `,"insurance_name":`...), e.InsuranceName)
	b = web.AppendText(append(b, `,"status":`...), string(e.Status))
	b = web.AppendText(append(b, `,"status_name":`...), e.StatusName)
	b = web.AppendText(append(b, `,"region":`...), e.Region)
	b = web.AppendText(append(b, `,"region_name":`...), e.RegionName)
	b = appendUnlessEmpty(b, `,"employer":`, e.Employer)
	b = appendUnlessEmpty(b, `,"enrolled_on":`, e.EnrolledOn)
	b = appendUnlessEmpty(b, `,"paused_on":`, e.PausedOn)
	b = web.AppendText(append(b, `,"personal_account":{"exists":`...), string(e.Account.Exists))
	if e.Account.AmountFen != nil {
		b = strconv.AppendInt(append(b, `,"amount_fen":`...), int64(*e.Account.AmountFen), 10)
	}
	b = appendUnlessEmpty(b, `,"amount":`, e.Account.Amount)
	b = web.AppendText(append(b, `,"text":`...), e.Account.Text)
	return append(b, `}}`...)
}

func appendUnlessEmpty(b []byte, key, value string) []byte {
	if value == "" {
		return b
	}
	return web.AppendText(append(b, key...), value)
}
