package invitation

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
)

// ReplicaVersion is with what an invitation of a replica begins that this program reads.
const ReplicaVersion = "xr1"

// Replica is an invitation of a further replica of a jurisdiction. Its line is made as that of a
// lower level is:
//
//	xr1-guiyang-192.0.2.7-7400-VMAW6…
//
//	{1: jurisdiction, 2: [number, hash] of its key set, 3: [name, number, hash] of the root's first one, absent where that is 2,
//	 4: "r2", 5: secret (16 bytes), 6: end (ms since 1970 UTC), 7: ["192.0.2.7:7400" …]}
type Replica struct {
	Of        trust.Pin // of the jurisdiction's key set
	Root      trust.Pin // of the tree's root: its first key set, which stays when its keys change
	Replica   identity.Replica
	Secret    []byte
	Until     time.Time // exact to the millisecond
	Addresses []string  // host:port over UDP of the replicas that are there, in the order in which they are tried
}

type replicaWire struct {
	Of        identity.Jurisdiction `cbor:"1,keyasint"`
	Pin       parentPin             `cbor:"2,keyasint"`
	Root      *rootPin              `cbor:"3,keyasint,omitempty"`
	Replica   identity.Replica      `cbor:"4,keyasint"`
	Secret    []byte                `cbor:"5,keyasint"`
	Until     uint64                `cbor:"6,keyasint"`
	Addresses []string              `cbor:"7,keyasint"`
}

// Encode returns the line. The error wraps ErrInvalid for an invitation that breaks a limit.
func (t Replica) Encode() (string, error) {
	if err := t.check(); err != nil {
		return "", err
	}
	hash := t.Of.Hash()
	w := replicaWire{
		Of: t.Of.Name(), Pin: parentPin{Number: t.Of.Number(), Hash: hash[:]}, Replica: t.Replica, Secret: t.Secret,
		Until: uint64(t.Until.UnixMilli()), Addresses: t.Addresses,
	}
	if t.Root != t.Of {
		hash := t.Root.Hash()
		w.Root = &rootPin{Name: t.Root.Name(), Number: t.Root.Number(), Hash: hash[:]}
	}
	data, err := canon.Marshal(w)
	if err != nil {
		return "", fmt.Errorf("encode invitation: %w", err)
	}
	return pack(t.readable(), data)
}

func (t Replica) readable() string { return readable(ReplicaVersion, t.Of.Name(), t.Addresses[0]) }

// ParseReplica parses a line as Parse does. The error wraps ErrNotToken, ErrNewer, ErrOtherKind,
// ErrMistyped, ErrTampered or ErrInvalid.
func ParseReplica(given string) (Replica, error) {
	data, says, err := unpack(given, ReplicaVersion)
	if err != nil {
		return Replica{}, err
	}
	var w replicaWire
	if err := canon.Unmarshal(data, maxLen, &w); err != nil {
		return Replica{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	of, err := trust.NewPin(w.Of, w.Pin.Number, w.Pin.Hash)
	root := of
	if err == nil && w.Root != nil {
		if root, err = trust.NewPin(w.Root.Name, w.Root.Number, w.Root.Hash); err == nil && root == of {
			err = errors.New("another spelling")
		}
	}
	if err != nil || w.Until > maxTime {
		return Replica{}, fmt.Errorf("%w: %w", ErrInvalid, errors.Join(err, errors.New("no pin, or no end")))
	}
	t := Replica{Of: of, Root: root, Replica: w.Replica, Secret: w.Secret, Until: time.UnixMilli(int64(w.Until)), Addresses: w.Addresses}
	if err = t.check(); err == nil && t.readable() != says {
		err = fmt.Errorf("%w: it says %.100q, and is for %q", ErrTampered, says, t.readable())
	}
	return t, err
}

func (t Replica) check() error {
	switch {
	case t.Replica.IsZero() || len(t.Secret) != SecretLen || t.Until.UnixMilli() <= 0:
		return fmt.Errorf("%w: %s with a secret of %d bytes until %s", ErrInvalid, t.Replica, len(t.Secret), t.Until)
	case !t.Of.Name().Under(t.Root.Name()) && t.Of.Name() != t.Root.Name() || !leads(t.Root, t.Of):
		return fmt.Errorf("%w: %q is not the root above %q", ErrInvalid, t.Root.Name(), t.Of.Name())
	}
	return checkAddresses(t.Addresses)
}

// String describes the invitation without the secret that lets its bearer join.
func (t Replica) String() string {
	return fmt.Sprintf("invitation of replica %s of %s until %s", t.Replica, t.Of.Name(), t.Until.UTC().Format(time.RFC3339))
}

// LogValue returns the text of String for logs.
func (t Replica) LogValue() slog.Value { return slog.StringValue(t.String()) }
