package authority

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hpke"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"xietong/certs/identity"
)

const (
	caKeyFile, caCertFile           = "ca.key", "ca.crt"
	signingKeyFile, signingCertFile = "signing.key", "signing.crt"
	logKeyFile, decryptionKeyFile   = "log.key", "decryption.key"
	recoveryFile                    = "recovery.pub"

	maxFileLen = 64 << 10           // bytes
	hpkePEM    = "HPKE PRIVATE KEY" // the KEM's private key as crypto/hpke encodes it; there is no standard PEM label
)

// fileOf returns the name of a file whose key or certificate key set number is the first to list:
// ca.crt for number 1, ca-7.crt for number 7.
func fileOf(name string, number uint64) string {
	if number == 1 {
		return name
	}
	ext := filepath.Ext(name)
	return strings.TrimSuffix(name, ext) + "-" + strconv.FormatUint(number, 10) + ext
}

// numberOf returns the number for which fileOf(name, number) is file; ok is false when there is
// none.
func numberOf(name, file string) (number uint64, ok bool) {
	ext := filepath.Ext(name)
	rest, ok1 := strings.CutPrefix(file, strings.TrimSuffix(name, ext))
	rest, ok2 := strings.CutSuffix(rest, ext)
	if rest == "" && ok1 && ok2 {
		return 1, true
	}
	number, err := strconv.ParseUint(strings.TrimPrefix(rest, "-"), 10, 64)
	return number, err == nil && number > 1 && fileOf(name, number) == file
}

// maker makes one file after the other; each step does nothing when its file exists.
type maker struct {
	dir     string
	name    identity.Jurisdiction
	replica identity.Replica
	now     time.Time
	number  uint64 // of the key set that will be the first to list the new keys
	ca      uint64 // of the key set that is the first to list the issuing CA
}

func (m maker) caKey() error {
	return m.once(fileOf(caKeyFile, m.number), func() (*pem.Block, error) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		return keyBlock(key)
	})
}

func (m maker) caCert() error {
	return m.once(fileOf(caCertFile, m.number), func() (*pem.Block, error) {
		key, err := readSigner(filepath.Join(m.dir, fileOf(caKeyFile, m.number)))
		if err != nil {
			return nil, err
		}
		template := m.template(&url.URL{Scheme: "spiffe", Host: m.name.String()}, CATerm)
		template.IsCA, template.BasicConstraintsValid = true, true
		template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		return certBlock(template, template, key.Public(), key)
	})
}

func (m maker) signingKey() error { return m.once(fileOf(signingKeyFile, m.number), newEd25519) }

func (m maker) logKey() error { return m.once(logKeyFile, newEd25519) }

func (m maker) signingCert() error {
	return m.once(fileOf(signingCertFile, m.number), func() (*pem.Block, error) {
		caKey, err := readSigner(filepath.Join(m.dir, fileOf(caKeyFile, m.ca)))
		if err != nil {
			return nil, err
		}
		ca, err := readCert(filepath.Join(m.dir, fileOf(caCertFile, m.ca)))
		if err != nil {
			return nil, err
		}
		key, err := readEd25519(filepath.Join(m.dir, fileOf(signingKeyFile, m.number)))
		if err != nil {
			return nil, err
		}
		template := m.template(signingID(m.name, m.replica), SigningTerm)
		template.KeyUsage = x509.KeyUsageDigitalSignature
		return certBlock(template, ca, key.Public(), caKey)
	})
}

func (m maker) decryptionKey() error {
	return m.once(fileOf(decryptionKeyFile, m.number), func() (*pem.Block, error) {
		key, err := hpke.MLKEM768X25519().GenerateKey()
		if err != nil {
			return nil, err
		}
		data, err := key.Bytes()
		return &pem.Block{Type: hpkePEM, Bytes: data}, err
	})
}

func (m maker) template(id *url.URL, term time.Duration) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return &x509.Certificate{
		SerialNumber: serial, URIs: []*url.URL{id}, Subject: pkix.Name{Organization: []string{m.name.String()}},
		NotBefore: m.now.Add(-Backdated), NotAfter: m.now.Add(term),
	}
}

func signingID(name identity.Jurisdiction, r identity.Replica) *url.URL {
	return &url.URL{Scheme: "spiffe", Host: name.String(), Path: "/signing/" + r.String()}
}

func newEd25519() (*pem.Block, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return keyBlock(key)
}

func keyBlock(key crypto.Signer) (*pem.Block, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return &pem.Block{Type: "PRIVATE KEY", Bytes: der}, err
}

func certBlock(template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) (*pem.Block, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	return &pem.Block{Type: "CERTIFICATE", Bytes: der}, err
}

// once writes the file that make gives unless it exists: (1) the whole content to a temporary file,
// (2) flushed, (3) renamed, (4) the folder flushed. A crash leaves the old state or the new one.
func (m maker) once(name string, make func() (*pem.Block, error)) error {
	path := filepath.Join(m.dir, name)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	block, err := make()
	if err != nil {
		return fmt.Errorf("make %s: %w", name, err)
	}
	if err := writeFile(path, pem.EncodeToMemory(block)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

func writeFile(path string, data []byte) (err error) {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// FileError says which file of the folder cannot be used: it is missing, cannot be opened, or is
// damaged.
type FileError struct {
	File string // its path
	Err  error
}

func (e *FileError) Error() string { return e.File + ": " + e.Err.Error() }

func (e *FileError) Unwrap() error { return e.Err }

// readFile reads a file of one PEM block of the kind, and decodes it.
func readFile[T any](path, kind string, decode func([]byte) (T, error)) (T, error) {
	block, err := readBlock(path, kind)
	if err == nil {
		var content T
		if content, err = decode(block); err == nil {
			return content, nil
		}
	}
	return *new(T), &FileError{path, err}
}

func readBlock(path, kind string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", ErrNoKeys, err)
	}
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFileLen {
		return nil, fmt.Errorf("%d bytes, more than %d", info.Size(), maxFileLen)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, rest := pem.Decode(data)
	if block == nil || block.Type != kind || len(rest) != 0 {
		return nil, fmt.Errorf("not one PEM block %q", kind)
	}
	return block.Bytes, nil
}

func readCert(path string) (*x509.Certificate, error) {
	return readFile(path, "CERTIFICATE", x509.ParseCertificate)
}

// as returns a function that takes a decoded key if it is one of the type.
func as[T any](decode func([]byte) (any, error)) func([]byte) (T, error) {
	return func(der []byte) (key T, err error) {
		decoded, err := decode(der)
		if err != nil {
			return key, err
		}
		key, ok := decoded.(T)
		if !ok {
			return key, fmt.Errorf("a key of another kind, %T", decoded)
		}
		return key, nil
	}
}

func readSigner(path string) (crypto.Signer, error) {
	return readFile(path, "PRIVATE KEY", as[crypto.Signer](x509.ParsePKCS8PrivateKey))
}

func readEd25519(path string) (ed25519.PrivateKey, error) {
	return readFile(path, "PRIVATE KEY", as[ed25519.PrivateKey](x509.ParsePKCS8PrivateKey))
}

func readPublic(path string) (ed25519.PublicKey, error) {
	return readFile(path, "PUBLIC KEY", as[ed25519.PublicKey](x509.ParsePKIXPublicKey))
}

func readDecryption(path string) (hpke.PrivateKey, error) {
	return readFile(path, hpkePEM, hpke.MLKEM768X25519().NewPrivateKey)
}
