package simulator

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"yibao/platforms/insurer/gm"
)

// GM is a region's side of the envelope that is encrypted with SM4 and signed with SM2.
type GM struct {
	AppID, Secret string
	PrivateKey    string // the platform's, Base64
	AppKey        string // the app's public key, Base64
	UserID        string // "default" or "secret"
}

func (g GM) codec() (*gm.Codec, error) {
	return gm.New(gm.Keys{AppID: g.AppID, Secret: g.Secret, Private: g.PrivateKey, Theirs: g.AppKey},
		gm.Dialect{UserID: gm.UserID(g.UserID), KeyFrom: gm.KeyFromFirst})
}

// gmInsurer answers a region of that family. It opens nothing that is not signed, and takes texts alone.
func (s *server) gmInsurer(c *call, region Region) reply {
	a := &insurerCall{call: c, region: region}
	codec, err := region.GM.codec()
	if err != nil {
		return gatewayError(http.StatusInternalServerError, 500500, "no keys")
	}
	a.gm = codec
	message, err := codec.Open(c.body)
	if err != nil || !isMedia(c.request, "application/json") {
		return a.refuse("签名或加密不合法")
	}
	millis, stampErr := strconv.ParseInt(message.Text("timestamp"), 10, 64)
	for _, name := range []string{"appId", "encType", "signType", "timestamp", "version", "transType"} {
		if message.Text(name) == "" {
			return a.refuse("缺少" + name)
		}
	}
	if len(message.Head) != 6 || message.Text("appId") != region.GM.AppID || message.Text("encType") != "SM4" || message.Text("signType") != "SM2" ||
		stampErr != nil || time.Since(time.UnixMilli(millis)).Abs() > tifSkew {
		return a.refuse("报文头不合法")
	}
	a.infno = message.Text("transType")
	if c.request.PathValue("infno") != "" || !a.read(message.Data) {
		return a.refuse("报文参数不合法")
	}
	if answer, there := a.faulty(); there {
		return answer
	}
	return s.transaction(a)
}

// seal wraps what an insurer of the other family answers.
func (a *insurerCall) seal(code string, output map[string]any) reply {
	head := map[string]string{"code": code, "message": "成功", "success": "true", "appId": a.region.GM.AppID, "version": "1.0.0",
		"timestamp": strconv.FormatInt(a.now.UnixMilli(), 10), "requestId": requestID()}
	var plain any
	_ = json.Unmarshal(marshal(output), &plain) // our own types
	data, _ := texts(plain).(map[string]any)
	codec := a.gm
	if a.fault.is("gm_wrong_key") {
		wrong := a.region.GM
		wrong.PrivateKey = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABI="
		codec, _ = wrong.codec()
	}
	body, err := codec.Seal(head, data)
	if err != nil {
		return gatewayError(http.StatusInternalServerError, 500500, "not sealed")
	}
	if a.fault.is("gm_unsigned") {
		var all map[string]any
		_ = json.Unmarshal(body, &all)
		delete(all, "signData")
		delete(all, "encData")
		all["data"] = data
		body = marshal(all)
	}
	return reply{contentType: "application/json; charset=utf-8", body: body}
}

// texts makes every scalar a text.
func texts(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for name := range v {
			v[name] = texts(v[name])
		}
		return v
	case []any:
		for i := range v {
			v[i] = texts(v[i])
		}
		return v
	case string:
		return v
	case nil:
		return ""
	}
	return string(marshal(value))
}
