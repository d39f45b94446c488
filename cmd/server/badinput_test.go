package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"yibao/cmd/internal/phone"
	"yibao/config"
)

// badInput is one request that must be refused.
type badInput struct {
	name, method, path, token, body string
	status                          int
	code                            string
}

// mark is in every value that the requests below make up: no answer may repeat it.
const mark = "5417"

// wrongChecksum looks like a resident's number but for its last character.
const wrongChecksum = "190101196602021018"

// TestBadInputWritesNothing sends every kind of bad input to every endpoint, and compares all documents of the database
// before and after. Role api: no worker writes meanwhile.
func TestBadInputWritesNothing(t *testing.T) {
	t.Parallel()
	c := start(t, "--role", "api")
	p, person := c.phone("wechat", "writer"), c.people()[4]
	if err := p.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	id, err := p.Link(t.Context(), person, "demo-1")
	if err != nil {
		t.Fatal(err)
	}
	attempt, err := p.StartLink(t.Context(), c.people()[5], "demo-1")
	if err != nil {
		t.Fatal(err)
	}
	inputs := c.badInputs(t, p, id, attempt.ID, person)
	before := c.settled(t)
	for _, one := range inputs {
		c.refused(t, one, person)
	}
	after := c.settled(t)
	for collection, documents := range after {
		if before[collection] != documents {
			t.Errorf("%s was written to:\nbefore %s\nafter  %s", collection, before[collection], documents)
		}
	}
	c.stop(t)
}

// failures sends the same while everything runs, and returns what it sent, for the search through the log.
func (c *child) failures(t *testing.T, p *phone.Phone, id string, person phone.Person) []string {
	t.Helper()
	inputs := c.badInputs(t, p, id, "aNOSUCHATTEMPT"+mark, person)
	private := []string{"no-such-code-" + mark, "z" + mark, wrongChecksum}
	for _, one := range inputs {
		c.refused(t, one, person)
		if one.token != "" {
			private = append(private, one.token)
		}
	}
	stranger := c.phone(p.Platform, "leaving")
	if err := stranger.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.revoked(t, stranger)
	return append(private, stranger.Token)
}

// refused wants the right status, a stable code, and no value of the request in the answer.
func (c *child) refused(t *testing.T, one badInput, person phone.Person) {
	t.Helper()
	contentType := ""
	if one.body != "" {
		contentType = "application/json"
	}
	status, body, err := c.raw(t.Context(), one.method, one.path, one.token, contentType, []byte(one.body))
	if err != nil || status != one.status || !strings.Contains(body, `"code":"`+one.code) {
		t.Errorf("%s: %d %v, want %d %s: %.300s", one.name, status, err, one.status, one.code, body)
	}
	for _, value := range []string{mark, person.Name, person.IDNumber, wrongChecksum, one.token} {
		if value != "" && strings.Contains(body, value) {
			t.Errorf("%s: the answer repeats %q of the request", one.name, value)
		}
	}
}

// badInputs lists what must be refused: id and attempt are p's own.
func (c *child) badInputs(t *testing.T, p *phone.Phone, id, attempt string, person phone.Person) []badInput {
	t.Helper()
	stranger := c.phone(p.Platform, "stranger")
	if err := stranger.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	return slices.Concat(c.badCodes(t, p), c.badTokens(t, p), badBodies(p, id, attempt), badLinks(p, person),
		foreign(stranger.Token, id, attempt), badQueries(p.Token, id))
}

func session(platform, code string) string {
	return fmt.Sprintf(`{"platform":%q,"app":"demo","code":%q}`, platform, code)
}

// badCodes are sign-in codes that are wrong, used or meant to break out of the platform's query.
func (c *child) badCodes(t *testing.T, p *phone.Phone) []badInput {
	t.Helper()
	used, err := c.phone(p.Platform, "stranger").Code(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	status, _, err := c.raw(t.Context(), "POST", "/v1/sessions", "", "application/json", []byte(session(p.Platform, used)))
	if err != nil || status != http.StatusCreated {
		t.Fatalf("a good code was refused: %d %v", status, err)
	}
	post := func(name, body string, status int, code string) badInput {
		return badInput{name, "POST", "/v1/sessions", "", body, status, code}
	}
	return []badInput{
		post("wrong code", session(p.Platform, "no-such-code-"+mark), 401, "code_invalid"),
		post("reused code", session(p.Platform, used), 401, "code_invalid"),
		post("injected code", session(p.Platform, "x&appid=evil"+mark+"&js_code=other#frag"), 401, "code_invalid"),
		post("unknown app", `{"platform":"wechat","app":"nobody`+mark+`","code":"abc"}`, 422, "app_unknown"),
		post("unknown platform", `{"platform":"qq`+mark+`","code":"abc"}`, 422, "validation"),
	}
}

// badTokens are tokens that are none, tampered with, of another key, or whose time is over.
func (c *child) badTokens(t *testing.T, p *phone.Phone) []badInput {
	t.Helper()
	settings, err := config.Load(c.world.ConfigFile, nil)
	if err != nil {
		t.Fatal(err)
	}
	var claims jwt.MapClaims
	if _, _, err := jwt.NewParser().ParseUnverified(p.Token, &claims); err != nil {
		t.Fatal(err)
	}
	sign := func(key string, age time.Duration) string {
		mine := maps.Clone(claims)
		mine["exp"] = time.Now().Add(-age).Unix()
		signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, mine).SignedString([]byte(key))
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	key := settings.Token.Key.Reveal()
	var list []badInput
	for name, token := range map[string]string{
		"no token": "", "garbage token": "garbage.garbage.garbage" + mark,
		"tampered token": p.Token[:len(p.Token)-4] + "AAAA",
		"expired token":  sign(key, time.Minute), "token of another key": sign(strings.Repeat("k", 52), -time.Hour),
	} {
		list = append(list, badInput{name, "GET", "/v1/me", token, "", 401, "token_invalid"},
			badInput{name, "DELETE", "/v1/sessions/current", token, "", 401, "token_invalid"})
	}
	return list
}

// badBodies are bodies that no endpoint may take, sent to every endpoint that takes one.
func badBodies(p *phone.Phone, id, attempt string) []badInput {
	var list []badInput
	for _, endpoint := range []struct{ method, path, token string }{
		{"POST", "/v1/sessions", ""}, {"POST", "/v1/link-attempts", p.Token},
		{"POST", "/v1/link-attempts/" + attempt + "/proof", p.Token}, {"PUT", "/v1/insured/" + id + "/reminder", p.Token},
		{"POST", "/v1/subscriptions", p.Token},
	} {
		send := func(name, body string, status int, code string) {
			list = append(list, badInput{name + " to " + endpoint.path, endpoint.method, endpoint.path, endpoint.token, body, status, code})
		}
		send("1 MB", `{"name":"`+strings.Repeat("z"+mark, 200_000)+`"}`, 413, "body_too_large")
		send("not UTF-8", "{\"code\":\"\xff\xfe"+mark+"\"}", 400, "not_utf8")
		send("malformed JSON", `{"code":"z`+mark+`"`, 400, "malformed_json")
		send("a list", `["z`+mark+`"]`, 422, "")
		send("wrong types", `{"platform":`+mark+`,"region":`+mark+`,"code":`+mark+`,"threshold_fen":"z`+mark+`","results":`+mark+`}`, 422, "validation")
		send("nothing of use", `{"z`+mark+`":1}`, 422, "validation")
	}
	return list
}

// badLinks are link attempts that must not begin.
func badLinks(p *phone.Phone, person phone.Person) []badInput {
	link := func(edit ...string) string {
		body := fmt.Sprintf(`{"region":"990100","name":%q,"id_number":%q,"relation":"self","method":"sms_on_file","consent":{"version":"demo-1","unattended":true}}`, person.Name, person.IDNumber)
		return strings.NewReplacer(edit...).Replace(body)
	}
	post := func(name, body, code string) badInput {
		return badInput{name, "POST", "/v1/link-attempts", p.Token, body, 422, code}
	}
	return []badInput{
		post("wrong ID checksum", link(person.IDNumber, wrongChecksum), "id_number_invalid"),
		post("not a name", link(person.Name, "<script>"+mark), "name_invalid"),
		post("consent to an old text", link("demo-1", "old-"+mark), "consent_missing"),
		post("a region that has no phone on file", link("990100", "990200"), "not_offered"),
		post("unknown region", link("990100", "12"+mark), ""),
		post("a child as itself", link(person.IDNumber, "190101201606011120"), ""),
	}
}

// foreign are another person's ids: the same answer as for ids that are nobody's.
func foreign(token, id, attempt string) []badInput {
	var list []badInput
	for _, request := range []struct{ method, path, body string }{
		{"GET", "/v1/insured/" + id, ""}, {"GET", "/v1/insured/" + id + "/balance", ""},
		{"GET", "/v1/insured/" + id + "/charts/trend", ""}, {"GET", "/v1/insured/" + id + "/reminder", ""},
		{"PUT", "/v1/insured/" + id + "/reminder", `{"threshold_fen":5000}`},
		{"DELETE", "/v1/insured/" + id + "/reminder", ""}, {"GET", "/v1/insured/" + id + "/deliveries", ""},
		{"DELETE", "/v1/insured/" + id, ""}, {"GET", "/v1/link-attempts/" + attempt, ""},
		{"POST", "/v1/link-attempts/" + attempt + "/code", ""},
		{"POST", "/v1/link-attempts/" + attempt + "/proof", `{"code":"123456"}`},
		{"DELETE", "/v1/sessions/NOSUCHSESSION" + mark, ""}, {"GET", "/v1/insured/NOSUCHLINK" + mark + "/balance", ""},
		{"GET", "/v1/nothing" + mark, ""},
	} {
		list = append(list, badInput{"another's " + request.method + " " + request.path, request.method, request.path, token,
			request.body, 404, "not_found"})
	}
	return list
}

// badQueries are charts and methods that nobody offers.
func badQueries(token, id string) []badInput {
	trend := "/v1/insured/" + id + "/charts/trend?"
	get := func(query string) badInput { return badInput{query, "GET", trend + query, token, "", 422, ""} }
	return []badInput{
		get("from=1996-01-01&step=day"), get("from=2026-02-30"), get("from=z" + mark), get("step=hour" + mark),
		get("gaps=zero" + mark), get("format=pdf" + mark), get("from=2026-11-02&to=2026-11-01"), get("insurance=z" + mark),
		{"wrong method", "PATCH", "/v1/me", token, "", 405, "method_not_allowed"},
	}
}

// settled returns every document of the database, by collection, once nothing changes any more.
func (c *child) settled(t *testing.T) map[string]string {
	t.Helper()
	settings, err := config.Load(c.world.ConfigFile, nil)
	if err != nil {
		t.Fatal(err)
	}
	client, err := mongo.Connect(options.Client().ApplyURI(settings.MongoDB.URI.Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Disconnect(context.WithoutCancel(t.Context())) }()
	last := map[string]string{}
	for range 50 {
		now := snapshot(t, client.Database(settings.MongoDB.Database))
		if len(now) > 0 && maps.Equal(now, last) {
			return now
		}
		last = now
		time.Sleep(300 * time.Millisecond)
	}
	t.Fatal("the database does not come to rest")
	return nil
}

func snapshot(t *testing.T, db *mongo.Database) map[string]string {
	t.Helper()
	names, err := db.ListCollectionNames(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, name := range names {
		cursor, err := db.Collection(name).Find(t.Context(), bson.D{}, options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}))
		if err != nil {
			t.Fatal(err)
		}
		var documents []bson.D
		if err := cursor.All(t.Context(), &documents); err != nil {
			t.Fatal(err)
		}
		text, err := bson.MarshalExtJSON(bson.D{{Key: "all", Value: documents}}, true, false)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(text)
	}
	return all
}
