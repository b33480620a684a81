package identity

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// A Log is one epoch of a jurisdiction's ledger; its text is the origin line of the checkpoints.
type Log struct {
	in    Jurisdiction
	epoch uint64
}

const logPath = "/log/"

// NewLog returns the log of j's given epoch, which must not be 0.
func NewLog(j Jurisdiction, epoch uint64) (Log, error) {
	if j.IsZero() || epoch == 0 {
		return Log{}, malformed("log", fmt.Sprintf("%s%s%d", j, logPath, epoch), "it needs a jurisdiction and an epoch from 1")
	}
	return Log{j, epoch}, nil
}

// ParseLog parses a log's name.
func ParseLog(s string) (Log, error) {
	place, epoch, ok := strings.Cut(s, logPath)
	n, err := parseCount(epoch, 64)
	if !ok || err != nil || n == 0 {
		return Log{}, malformed("log", s, "it has not the form JURISDICTION/log/EPOCH")
	}
	j, err := ParseJurisdiction(place)
	if err != nil {
		return Log{}, err
	}
	return Log{j, n}, nil
}

func (l Log) String() string {
	if l.IsZero() {
		return ""
	}
	return l.in.s + logPath + strconv.FormatUint(l.epoch, 10)
}

// IsZero reports whether l is no log.
func (l Log) IsZero() bool { return l == Log{} }

// Jurisdiction returns the jurisdiction that keeps the ledger.
func (l Log) Jurisdiction() Jurisdiction { return l.in }

// Epoch returns the epoch, counted from 1.
func (l Log) Epoch() uint64 { return l.epoch }

// Entry returns the name of the entry at index (counted from 0), or the zero Entry when l is the
// zero Log or index is above MaxIndex.
func (l Log) Entry(index uint64) Entry {
	e, err := NewEntry(l, index)
	if err != nil {
		return Entry{}
	}
	return e
}

// An Entry names one entry of a ledger. Grants, applications, imports and cases are named by the
// entry that made them.
type Entry struct {
	log   Log
	index uint64
}

// MaxIndex is the largest index of an entry: proofs count in signed 64-bit numbers.
const MaxIndex = 1<<62 - 1

// NewEntry returns the name of the entry at index (counted from 0) of log. The error wraps
// ErrMalformed when log is the zero Log or index is above MaxIndex.
func NewEntry(log Log, index uint64) (Entry, error) {
	if log.IsZero() || index > MaxIndex {
		return Entry{}, malformed("entry", fmt.Sprintf("%s/%d", log, index), "it needs a log and an index below 2^62")
	}
	return Entry{log, index}, nil
}

// ParseEntry parses an entry's name.
func ParseEntry(s string) (Entry, error) {
	at := strings.LastIndexByte(s, '/')
	if at < 0 {
		return Entry{}, malformed("entry", s, "it has not the form JURISDICTION/log/EPOCH/INDEX")
	}
	log, err := ParseLog(s[:at])
	if err != nil {
		return Entry{}, err
	}
	n, err := parseCount(s[at+1:], 64)
	if err != nil || n > MaxIndex {
		return Entry{}, malformed("entry", s, "its index is no number below 2^62 without leading zeros")
	}
	return Entry{log, n}, nil
}

func (e Entry) String() string {
	if e.IsZero() {
		return ""
	}
	return e.log.String() + "/" + strconv.FormatUint(e.index, 10)
}

// IsZero reports whether e is no entry.
func (e Entry) IsZero() bool { return e == Entry{} }

// Log returns the log (a ledger and its epoch) that holds the entry.
func (e Entry) Log() Log { return e.log }

// Index returns the entry's place in the log, counted from 0.
func (e Entry) Index() uint64 { return e.index }

// Is reports whether a receipt for e is one for the entry that was named so before: the log of a
// later epoch has the entries of those before at their places.
func (e Entry) Is(named Entry) bool {
	return e.log.in == named.log.in && e.index == named.index && e.log.epoch >= named.log.epoch
}

// A Message identifies a message or a client's idempotency key. Requests with the same id are the
// same request.
type Message struct{ id uuid.UUID }

// NewMessage makes a new id from the present time and randomness.
func NewMessage() (Message, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Message{}, fmt.Errorf("make message id: %w", err)
	}
	return Message{id}, nil
}

// ParseMessage parses the canonical, lower-case text of a UUIDv7.
func ParseMessage(s string) (Message, error) {
	id, err := uuid.Parse(s)
	if err != nil || id.String() != s || !isV7(id) {
		return Message{}, malformed("message id", s, "it is no UUIDv7 in lower case")
	}
	return Message{id}, nil
}

// MessageFromBytes returns the id with the given 16 bytes, which must be a UUIDv7.
func MessageFromBytes(b []byte) (Message, error) {
	id, err := uuid.FromBytes(b)
	if err != nil || !isV7(id) {
		return Message{}, malformed("message id", fmt.Sprintf("%x", b), "it is no UUIDv7")
	}
	return Message{id}, nil
}

func isV7(id uuid.UUID) bool { return id.Version() == 7 && id.Variant() == uuid.RFC4122 }

func (m Message) String() string {
	if m.IsZero() {
		return ""
	}
	return m.id.String()
}

// IsZero reports whether m is no id.
func (m Message) IsZero() bool { return m == Message{} }

// Time returns the time at which the id was made, to the millisecond, by the clock of the machine
// that made it (RFC 9562 §5.7).
func (m Message) Time() time.Time {
	var ms int64
	for _, b := range m.id[:6] {
		ms = ms<<8 | int64(b)
	}
	return time.UnixMilli(ms)
}

// Bytes returns the 16 bytes of the id.
func (m Message) Bytes() [16]byte { return m.id }
