package world

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/emmansun/gmsm/sm2"

	"yibao/store"
)

// secrets are what the simulated platforms and the server share. They are made once per folder.
type secrets struct {
	platformSecrets
	Token  string
	TIF    string
	APIKey string
	SMS    string
	GM     gmSecrets
}

// gmSecrets are both sides' keys of the envelope of public services, in Base64.
type gmSecrets struct {
	App            string // the app secret
	Ours, Platform gmPair
}

type gmPair struct{ Private, Public string }

func newGMPair() (gmPair, error) {
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		return gmPair{}, err
	}
	private, public := make([]byte, 32), make([]byte, 65)
	key.D.FillBytes(private)
	public[0] = 4
	key.X.FillBytes(public[1:33])
	key.Y.FillBytes(public[33:])
	return gmPair{base64.StdEncoding.EncodeToString(private), base64.StdEncoding.EncodeToString(public)}, nil
}

func (s *secrets) all() []string {
	return append(s.platformSecrets.all(), s.Token, s.TIF, s.APIKey, s.SMS, s.GM.App, s.GM.Ours.Private, s.GM.Platform.Private)
}

func keyDir(dir string) string { return filepath.Join(dir, "keys") }

// loadSecrets reads the folder's secrets, or makes them.
func loadSecrets(dir string) (*secrets, error) {
	path := filepath.Join(dir, "secrets.json")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newSecrets(dir, path)
	}
	if err != nil {
		return nil, err
	}
	var s secrets
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, err
	}
	if s.GM == (gmSecrets{}) { // a folder of before there was such a region
		return s.withGM(path)
	}
	return &s, nil
}

// withGM adds the keys of the envelope of public services and writes the file.
func (s *secrets) withGM(path string) (*secrets, error) {
	ours, err := newGMPair()
	platform, err2 := newGMPair()
	s.GM = gmSecrets{App: rand.Text() + rand.Text(), Ours: ours, Platform: platform}
	text, err3 := json.Marshal(s)
	if err := errors.Join(err, err2, err3); err != nil {
		return nil, err
	}
	return s, replace(path, text)
}

// newSecrets writes secrets.json last and whole: a folder without it is begun anew, so a kill in between leaves
// nothing half made.
func newSecrets(dir, path string) (*secrets, error) {
	if err := errors.Join(os.RemoveAll(keyDir(dir)), os.MkdirAll(keyDir(dir), 0o700)); err != nil {
		return nil, err
	}
	if err := store.NewKeyFiles(keyDir(dir)); err != nil {
		return nil, err
	}
	platforms, err := newPlatformSecrets()
	s := &secrets{platformSecrets: platforms, Token: rand.Text() + rand.Text(), TIF: rand.Text(), APIKey: rand.Text(),
		SMS: rand.Text()}
	if err != nil {
		return nil, err
	}
	return s.withGM(path)
}

// newPair makes an RSA key pair as PEM, the private part PKCS#8.
func newPair() (private, public string, err error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", "", err
	}
	privateDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", "", err
	}
	publicDER, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return "", "", err
	}
	return toPEM("PRIVATE KEY", privateDER), toPEM("PUBLIC KEY", publicDER), nil
}

func toPEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
