package authority

import (
	"crypto/ed25519"
	"fmt"
	"os"
	"time"

	"xietong/certs/identity"
)

// CreateAnew is Create for a replica whose keys count no more: all its keys are new but the
// recovery key, which is on no machine. dir is an empty folder, or holds what an earlier call left.
func CreateAnew(dir string, name identity.Jurisdiction, r identity.Replica, now time.Time, recovery ed25519.PublicKey) (*Authority, error) {
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = (maker{dir: dir, number: 1}).recoveryKey(recovery)
	}
	if err != nil {
		return nil, fmt.Errorf("create authority anew: %w", err)
	}
	return Create(dir, name, r, now)
}
