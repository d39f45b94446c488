package outside

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"

	"yibao/config/setting"
)

// TLS is the part of a section that says how the other side is known, and how it knows us. Without values the machine's own
// authorities are trusted, and no certificate is shown.
type TLS struct {
	CAFile         string         `koanf:"ca_file"`          // PEM; the only authorities that are trusted
	ClientCertFile string         `koanf:"client_cert_file"` // PEM, with the chain
	ClientKey      setting.Secret `koanf:"client_key"`       // PEM
}

// Check adds every problem of the files.
func (t TLS) Check(r setting.Report) { t.config(r) }

// Config is for a transport, of files that Check accepts. It is nil without values.
func (t TLS) Config() *tls.Config { return t.config(setting.NewReport(new(setting.Problems))) }

func (t TLS) config(r setting.Report) *tls.Config {
	if t == (TLS{}) {
		return nil
	}
	return &tls.Config{RootCAs: t.authorities(r), Certificates: t.ours(r)}
}

func (t TLS) authorities(r setting.Report) *x509.CertPool {
	const key, mend = "ca_file", "give the file of the authority's certificate, in PEM"
	if t.CAFile == "" {
		return nil
	}
	pool := x509.NewCertPool()
	if text, err := setting.ReadFile(t.CAFile); err != nil {
		r.Add(key, err.Error(), mend)
	} else {
		r.Need(pool.AppendCertsFromPEM(text), key, "holds no certificate"+butKey(text), mend)
	}
	return pool
}

func (t TLS) ours(r setting.Report) []tls.Certificate {
	const certKey, keyKey, mend = "client_cert_file", "client_key", "give the private key of client_cert_file, in PEM, as client_key_file"
	key := []byte(t.ClientKey.Reveal())
	if t.ClientCertFile == "" {
		r.Need(len(key) == 0, certKey, "is missing", "client_key needs it")
		return nil
	}
	r.Need(len(key) > 0, keyKey, "is missing", mend)
	certificate, err := setting.ReadFile(t.ClientCertFile)
	switch {
	case err != nil:
		r.Add(certKey, err.Error(), "give the file of our certificate, in PEM")
		return nil
	case !bytes.Contains(certificate, []byte("-----BEGIN CERTIFICATE")):
		r.Add(certKey, "holds no certificate"+butKey(certificate), "give our certificate, in PEM")
		return nil
	case len(key) == 0:
		return nil
	}
	pair, err := tls.X509KeyPair(certificate, key)
	switch {
	case err == nil:
		return []tls.Certificate{pair}
	case bytes.Contains(key, []byte("-----BEGIN CERTIFICATE")):
		r.Add(keyKey, "holds a certificate, not its key", mend)
	case bytes.Contains(key, []byte("ENCRYPTED")):
		r.Add(keyKey, "is sealed with a password: write it out without one", mend)
	default:
		r.Add(keyKey, "does not belong to client_cert_file", mend)
	}
	return nil
}

func butKey(text []byte) string {
	if bytes.Contains(text, []byte("PRIVATE KEY")) {
		return ", but a private key"
	}
	return ""
}
