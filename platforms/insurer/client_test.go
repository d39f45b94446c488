package insurer

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"yibao/balance"
	"yibao/identity"
)

func TestSignatureVector(t *testing.T) {
	t.Parallel()
	// Computed with OpenSSL over timestamp + secret + nonce + timestamp.
	const want = "5d59de2adc62eda66f509054d4350644f24b5ed33a559d09b3647455dacdacfa"
	if got := tifSignature("1700000000", "test-pass-token", "a1b2c3d4"); got != want {
		t.Fatalf("signature %s", got)
	}
}

func TestEnrolmentsAskAndAnswer(t *testing.T) {
	t.Parallel()
	client, u := serve(t, answering(good(goodOutput)))
	answer, err := client.Enrolments(t.Context(), "990100", someone)
	if err != nil {
		t.Fatal(err)
	}
	if got := answer.AsOf.In(balance.Shanghai).Format("2006-01-02 15:04:05.000"); got != "2026-11-21 08:00:00.123" {
		t.Errorf("as of %s", got)
	}
	if !answer.FetchedAt.Equal(fetchedAt) || answer.Source != "fsi/1101" || answer.Coverage != balance.Complete ||
		answer.Reference != "990100202611210800000000000001" {
		t.Errorf("answer %+v", answer)
	}
	want := balance.Enrolment{
		InsuranceType: "310", PersonType: "1101", Status: balance.StatusActive, StatusCode: "1", Region: "990101",
		Employer: "测试单位", EnrolledOn: "2010-01-01",
	}
	got := answer.Enrolments[0]
	if *got.Account.Balance != 123450 || got.Account.Exists != balance.AccountYes {
		t.Errorf("account %+v", got.Account)
	}
	if got.Account = (balance.PersonalAccount{}); got != want {
		t.Errorf("enrolment %+v", got)
	}
	for field, value := range map[string]string{
		"mdtrt_cert_type": "02", "mdtrt_cert_no": someone.IDNumber,
		"psn_cert_type": "01", "certno": someone.IDNumber, "psn_name": someone.Name,
	} {
		if u.data(0)[field] != value {
			t.Errorf("%s is %v", field, u.data(0)[field])
		}
	}
	if _, present := u.data(0)["psn_no"]; present || u.paths[0] != "/fsi/api/1101" || u.seen[0]["infno"] != "1101" {
		t.Error("asked in another shape")
	}
}

func TestAddressesAndCredentials(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Profile)
		path   string
		header map[string]string
		fields map[string]string
	}{
		"single path, text/plain, service id": {
			func(p *Profile) {
				p.PathMode, p.ContentType, p.Auth.ServiceID = PathSingle, "text/plain", "svc-1"
			},
			"/fsi/api", map[string]string{"Content-Type": "text/plain", "x-tif-serviceId": "svc-1"}, nil,
		},
		"static key": {
			func(p *Profile) { p.Auth = Auth{Scheme: AuthAPIKey, Secret: "k-1", Header: "apikey"} },
			"/fsi/api/1101", map[string]string{"apikey": "k-1", "x-tif-signature": "", "Content-Type": "application/json"}, nil,
		},
		"static key under another name": {
			func(p *Profile) { p.Auth = Auth{Scheme: AuthAPIKey, Secret: "k-1", Header: "apiKey"}; p.BaseURL += "/" },
			"/fsi/api/1101", map[string]string{"ApiKey": "k-1"}, nil,
		},
		"regions and extra fields": {
			func(p *Profile) {
				p.MdtrtareaAdmvs, p.InsuplcAdmdvs = "990199", "990198"
				p.Extra = map[string]string{"recer_admvs": "990197", "note": "<&>"}
				p.OpterType = "2"
				p.Capabilities = map[Capability]string{CapIdentity: "1101", CapEnrolment: "11019", CapBalance: "11019"}
			},
			"/fsi/api/11019", nil,
			map[string]string{"mdtrtarea_admvs": "990199", "insuplc_admdvs": "990198", "recer_admvs": "990197", "note": "<&>", "opter_type": "2"},
		},
		"defaults": {
			func(*Profile) {}, "/fsi/api/1101", nil,
			map[string]string{"mdtrtarea_admvs": "990100", "insuplc_admdvs": "", "opter_type": "3", "sign_no": ""},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, u := serve(t, answering(good(goodOutput)), c.change)
			if _, err := client.Enrolments(t.Context(), "990100", someone); err != nil {
				t.Fatal(err)
			}
			if u.paths[0] != c.path {
				t.Errorf("path %s", u.paths[0])
			}
			for name, want := range c.header {
				if got := u.headers[0].Get(name); got != want {
					t.Errorf("%s is %q", name, got)
				}
			}
			for name, want := range c.fields {
				if got := u.seen[0][name]; got != want {
					t.Errorf("%s is %q", name, got)
				}
			}
		})
	}
}

// TestHeaderNamesGoLetterByLetter reads the request off the wire: net/http shows header names in a case of its own.
func TestHeaderNamesGoLetterByLetter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Profile)
		want   []string
	}{
		"as most contracts spell them": {
			func(p *Profile) { p.Auth.ServiceID = "s-1" },
			[]string{"x-tif-paasid: test-paas", "x-tif-timestamp: ", "x-tif-nonce: ", "x-tif-signature: ", "x-tif-serviceId: s-1"},
		},
		"as this contract spells them": {
			func(p *Profile) { p.Auth.Names.PaasID, p.Auth.Names.Nonce = "X-TIF-PAASID", "x-tif-Nonce" },
			[]string{"X-TIF-PAASID: test-paas", "x-tif-timestamp: ", "x-tif-Nonce: ", "x-tif-signature: "},
		},
		"the sibling gateway": {
			func(p *Profile) { p.Auth.Scheme = AuthRIO },
			[]string{"x-rio-paasid: test-paas", "x-rio-timestamp: ", "x-rio-nonce: ", "x-rio-signature: "},
		},
		"static key": {
			func(p *Profile) { p.Auth = Auth{Scheme: AuthAPIKey, Secret: "k-1", Header: "apiKEY"} },
			[]string{"apiKEY: k-1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, header := wire(t, good(goodOutput))
			p := profile("http://" + address)
			c.change(&p)
			if _, err := newClient(t, p).Enrolments(t.Context(), "990100", someone); err != nil {
				t.Fatal(err)
			}
			got := <-header
			for _, want := range c.want {
				if !strings.Contains(got, "\r\n"+want) {
					t.Errorf("no %q in %q", want, got)
				}
			}
		})
	}
}

// wire takes one connection, and tells the header of its request as it came.
func wire(t *testing.T, body string) (address string, header <-chan string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	came := make(chan string, 1)
	go func() {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = connection.Close() }()
		reader, text := bufio.NewReader(connection), ""
		for !strings.HasSuffix(text, "\r\n\r\n") {
			line, err := reader.ReadString('\n')
			if text += line; err != nil {
				break
			}
		}
		_, _ = fmt.Fprintf(connection, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		came <- text
	}()
	return listener.Addr().String(), came
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	client, u := serve(t, answering(good(goodOutput)))
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			for range 5 {
				if _, err := client.Enrolments(t.Context(), "990100", someone); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if u.requests() != 100 { // the upstream itself refuses a repeated message id or nonce
		t.Errorf("%d requests", u.requests())
	}
}

// TestOneRegionsMistakeLeavesTheOthers: `server check` tries the other regions.
func TestOneRegionsMistakeLeavesTheOthers(t *testing.T) {
	t.Parallel()
	bad := profile("http://a.invalid")
	bad.Extra = map[string]string{"infno": "1"}
	client, err := New(Profiles{"990100": profile("http://b.invalid"), "990200": bad}, Options{})
	if err == nil || client.regions["990100"] == nil || client.regions["990200"] != nil {
		t.Errorf("%v, regions %v", err, client.regions)
	}
}

func TestUnsupported(t *testing.T) {
	t.Parallel()
	client, u := serve(t, answering("{}"), func(p *Profile) { p.Capabilities = map[Capability]string{} })
	for _, region := range []string{"990100", "990300"} {
		claim := someone
		claim.Region = region
		_, err := client.Enrolments(t.Context(), region, claim)
		wantError(t, err, ClassUnsupported, balance.ErrUnsupported, identity.ErrNotOffered)
		_, err = client.Match(t.Context(), claim)
		wantError(t, err, ClassUnsupported, balance.ErrUnsupported, identity.ErrUpstreamUnavailable)
	}
	_, err := client.Probe(t.Context(), "990300")
	wantError(t, err, ClassUnsupported)
	if _, err := client.ClockOffset(t.Context(), "990300"); err == nil {
		t.Error("a clock of no region")
	}
	if u.requests() != 0 {
		t.Error("asked all the same")
	}
}

func TestQuestionThatDoesNotFitIsNotAsked(t *testing.T) {
	t.Parallel()
	client, u := serve(t, answering(good(goodOutput)))
	for _, change := range []func(*identity.Claim){
		func(c *identity.Claim) { c.Name = strings.Repeat("测", 51) },
		func(c *identity.Claim) { c.Name = "" },
		func(c *identity.Claim) { c.Name = "\xff" },
		func(c *identity.Claim) { c.IDNumber = strings.Repeat("1", 51) },
		func(c *identity.Claim) { c.IDType = "1234567" },
	} {
		claim := someone
		change(&claim)
		_, err := client.Enrolments(t.Context(), "990100", claim)
		wantError(t, err, ClassNotEnrolled, balance.ErrNotEnrolled, identity.ErrNotEnrolled)
	}
	if u.requests() != 0 {
		t.Error("asked all the same")
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	rules := func(p *Profile) {
		p.Failures.Access = []FailureRule{{Contains: "签名"}}
		p.Failures.NotEnrolled = []FailureRule{{Contains: "查无此人"}}
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		class  Class // "" for reachable
	}{
		"insurer refuses":            {answering(`{"infcode":-1,"err_msg":"查无此人"}`), ""},
		"insurer refuses somehow":    {answering(`{"infcode":-1,"err_msg":"参数有误"}`), ""},
		"insurer knows somebody":     {answering(good(goodOutput)), ""},
		"insurer answers with blank": {answering(`{"infcode":0,"output":{}}`), ""},
		"signature refused":          {answering(`{"code":"401","success":false,"message":"签名错误"}`), ClassAccess},
		"gateway refuses":            {answering(`{"code":"999","msg":"x"}`), ClassBusiness},
		"forbidden":                  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, ClassAccess},
		"wrong path":                 {http.NotFound, ClassAccess},
		"relay":                      {answering(`<html>`), ClassTimeout},
		"insurer broken": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write([]byte(`{"infcode":-1}`))
		}, ClassBusiness},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, u := serve(t, c.answer, rules)
			found, err := client.Probe(t.Context(), "990100")
			if found.Understood != (name == "insurer refuses") || found.NoAccessRule {
				t.Errorf("found %+v", found)
			}
			if c.class == "" && err != nil {
				t.Fatal(err)
			}
			if c.class != "" {
				wantError(t, err, c.class)
			}
			if u.data(0)["certno"] != nobody.IDNumber {
				t.Error("asked for a person that may exist")
			}
		})
	}
}

func TestClockOffset(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		date string
		ok   bool
	}{
		"past":    {"Sat, 01 Jan 2000 00:00:00 GMT", true},
		"garbage": {"yesterday", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", c.date)
				w.WriteHeader(http.StatusInternalServerError)
			})
			offset, err := client.ClockOffset(t.Context(), "990100")
			if (err == nil) != c.ok || (c.ok && offset.Hours() > -24*365*20) {
				t.Fatalf("%v, %v", offset, err)
			}
		})
	}
	client, _ := serve(t, answering(""))
	if offset, err := client.ClockOffset(t.Context(), "990100"); err != nil || offset.Abs().Minutes() > 1 {
		t.Fatalf("%v, %v", offset, err)
	}
	gone := newClient(t, profile("http://127.0.0.1:1"))
	_, err := gone.ClockOffset(t.Context(), "990100")
	wantError(t, err, ClassTimeout)
	_, err = gone.Probe(t.Context(), "990100")
	wantError(t, err, ClassTimeout)
	client, _ = serve(t, answering(`{"infcode":0,"output":{}}`), func(p *Profile) { p.EmptyMeansNotEnrolled = true })
	if found, err := client.Probe(t.Context(), "990100"); err != nil || !found.Understood {
		t.Errorf("a blank answer that means nobody: %v, %v", found, err)
	}
}

// TestProbeTellsWhatItDoesNotProve: a region that answers a wrong secret like everything else is no proof of the secret.
func TestProbeTellsWhatItDoesNotProve(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body   string
		change func(*Profile)
		want   Finding
	}{
		"infcode -1 to a wrong secret": {`{"infcode":-1,"err_msg":"签名错误"}`, func(*Profile) {}, Finding{Code: "-1", NoAccessRule: true}},
		"a rule for it that did not fit": {`{"infcode":-1,"err_msg":"其他"}`, func(p *Profile) { p.Failures.Access = []FailureRule{{Contains: "签名"}} },
			Finding{Code: "-1"}},
		"taken for nobody by its code alone": {`{"infcode":-1,"err_msg":"签名错误"}`, func(p *Profile) { p.Failures.NotEnrolled = []FailureRule{{Code: "-1"}} },
			Finding{Understood: true, Code: "-1", NoAccessRule: true}},
		"success with a text and nothing else": {`{"infcode":0,"err_msg":"无权限"}`, func(*Profile) {}, Finding{Code: "0", ErrMsgOnly: true, NoAccessRule: true}},
		"the same where that is configured":    {`{"infcode":0,"err_msg":"无权限"}`, errMsgFails, Finding{Code: "0", NoAccessRule: true}},
	} {
		client, _ := serve(t, answering(c.body), c.change)
		if got, err := client.Probe(t.Context(), "990100"); err != nil || got != c.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
