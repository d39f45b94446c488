package wechat

import (
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"

	"yibao/platforms/internal/lenient"
)

// errAnswer says that an answer is not what WeChat sends. It never quotes the answer.
var errAnswer = errors.New("wechat: the answer cannot be read")

var wholeNumber = regexp.MustCompile(`^-?[0-9]{1,40}(\.0{1,40})?$`)

// loose is a whole number or text that WeChat sends now as a JSON number, now as a JSON string ("errcode" and "msgid"
// both ways). Null and "" count as absent, and decimals of zeros are dropped: 0.0 is 0.
type loose string

// UnmarshalJSON accepts null, a string and a number; anything else fails.
func (l *loose) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		return nil
	}
	if raw[0] == '"' {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			return errAnswer
		}
		*l = loose(lenient.Whole(text))
		return nil
	}
	if !wholeNumber.Match(raw) {
		return errAnswer
	}
	*l = loose(lenient.Whole(string(raw)))
	return nil
}

// number reads l as a whole number; absent is false.
func (l loose) number() (n int64, present bool, err error) {
	if l == "" {
		return 0, false, nil
	}
	n, err = strconv.ParseInt(string(l), 10, 64)
	if err != nil {
		return 0, true, errAnswer
	}
	return n, true, nil
}

// sessionAnswer is what /sns/jscode2session answers. The session key is not decoded: nothing here needs it.
type sessionAnswer struct {
	Errcode loose  `json:"errcode"`
	OpenID  string `json:"openid"`

	errcode int64 // Errcode as a number
}

func decodeSession(body []byte) (sessionAnswer, error) {
	var answer sessionAnswer
	if json.Unmarshal(lenient.JSON(body), &answer) != nil {
		return sessionAnswer{}, errAnswer
	}
	errcode, _, err := answer.Errcode.number()
	if err != nil {
		return sessionAnswer{}, err
	}
	answer.errcode = errcode
	return answer, nil
}

// tokenAnswer is what /cgi-bin/stable_token answers.
type tokenAnswer struct {
	Errcode     loose  `json:"errcode"`
	AccessToken string `json:"access_token"`
	ExpiresIn   loose  `json:"expires_in"` // seconds
}

// decodeToken returns the token and its life in seconds, or a *platformError, or errAnswer.
func decodeToken(body []byte) (text string, seconds int64, err error) {
	var answer tokenAnswer
	if json.Unmarshal(lenient.JSON(body), &answer) != nil {
		return "", 0, errAnswer
	}
	errcode, _, err := answer.Errcode.number()
	if err != nil {
		return "", 0, err
	}
	if errcode != 0 {
		return "", 0, &platformError{errcode: errcode}
	}
	seconds, _, err = answer.ExpiresIn.number()
	if err != nil || answer.AccessToken == "" {
		return "", 0, errAnswer
	}
	return answer.AccessToken, min(max(seconds, 0), math.MaxInt32), nil
}

// sendAnswer is what /cgi-bin/message/subscribe/send answers. errmsg is not decoded: it may quote what we sent.
type sendAnswer struct {
	Errcode loose `json:"errcode"`
	Msgid   loose `json:"msgid"`
}

// decodeSend returns the errcode and the message id. An answer with neither says nothing: errAnswer.
func decodeSend(body []byte) (errcode int64, msgid string, err error) {
	var answer sendAnswer
	if json.Unmarshal(lenient.JSON(body), &answer) != nil {
		return 0, "", errAnswer
	}
	errcode, present, err := answer.Errcode.number()
	if err != nil {
		return 0, "", err
	}
	if !present && answer.Msgid == "" {
		return 0, "", errAnswer
	}
	return errcode, cut(string(answer.Msgid)), nil
}

// cut keeps an id that WeChat chose from filling our documents; real ones have 19 digits.
func cut(id string) string {
	const most = 64
	if len(id) > most {
		return strings.ToValidUTF8(id[:most], "") // half a character would not go into a document
	}
	return id
}

// platformError is an errcode that WeChat answered.
type platformError struct {
	errcode int64
}

// Error names the code alone.
func (e *platformError) Error() string { return "wechat: errcode " + e.code() }

func (e *platformError) code() string { return strconv.FormatInt(e.errcode, 10) }
