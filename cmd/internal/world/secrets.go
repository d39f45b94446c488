package world

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"yibao/store"
)

// secrets are what the simulated platforms and the server share. They are made once per folder.
type secrets struct {
	platformSecrets
	Token  string
	TIF    string
	APIKey string
	SMS    string
}

func (s *secrets) all() []string {
	return append(s.platformSecrets.all(), s.Token, s.TIF, s.APIKey, s.SMS)
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
	return &s, json.Unmarshal(text, &s)
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
	text, err2 := json.Marshal(s)
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	return s, replace(path, text)
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
