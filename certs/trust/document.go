package trust

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"time"

	"xietong/certs/canon"
)

// document is the signed form of a standing and of a confirmation: what is said, by which signing
// certificate, and the signature over the name of its use and what is said.
type document struct {
	_         struct{} `cbor:",toarray"`
	Said      []byte
	Cert      []byte // SHA-256
	Signature []byte
}

var errNotSigned = errors.New("not signed by a key of its endorser that counts")

func signDocument(context string, said []byte, by Signer) ([]byte, error) {
	cert := sha256.Sum256(by.SigningCert())
	return canon.Marshal(document{Said: said, Cert: cert[:], Signature: by.SignStatement(append([]byte(context), said...))})
}

// openDocument decodes a document of at most limit bytes, and what is said in it. It verifies
// nothing.
func openDocument(data []byte, limit int, said any) (d document, err error) {
	if err = canon.Unmarshal(data, limit, &d); err == nil {
		err = canon.Unmarshal(d.Said, limit, said)
	}
	return d, err
}

// by checks that one of the key sets, which counts at the given time, lists the certificate, that
// the certificate is in force then, and that the signature fits.
func (d document) by(context string, sets []Believed, at time.Time) error {
	for _, k := range sets {
		cert, listed, err := k.SigningCert(d.Cert)
		if err != nil {
			return err
		}
		if listed && k.Counts(at) && cert.InForce(at) && len(cert.Key) == ed25519.PublicKeySize &&
			ed25519.Verify(cert.Key, append([]byte(context), d.Said...), d.Signature) {
			return nil
		}
	}
	return errNotSigned
}
