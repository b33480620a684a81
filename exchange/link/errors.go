package link

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/quic-go/quic-go"

	"xietong/certs/tlsconf"
)

// Code is an application error code of QUIC, of a stream or a connection. It tells the other side
// what happened, without details of this side. The table is append-only and stands in
// docs/protocol.md.
type Code uint64

// The codes.
const (
	CodeClosing   Code = 0 // this side shuts down
	CodeCancelled Code = 1 // nobody waits for the answer any more
	CodeRefused   Code = 2 // the hello was refused
	CodeMalformed Code = 3 // a malformed frame
	CodeBusy      Code = 4 // too many at once; try again later
	CodeInternal  Code = 5 // something failed on this side
	CodeReplaced  Code = 6 // another connection took its place
	CodeWithdrawn Code = 7 // the identity is not trusted any more, or has ended
	CodeSilent    Code = 8 // the other side sent nothing in time
)

// CodeError is an error with the code that the other side is told.
type CodeError struct {
	Code Code
	Err  error
}

func (e *CodeError) Error() string { return e.Err.Error() }
func (e *CodeError) Unwrap() error { return e.Err }

func codeOf(err error) Code {
	coded, ok := errors.AsType[*CodeError](err)
	switch {
	case ok:
		return coded.Code
	case errors.Is(err, ErrFrame):
		return CodeMalformed
	case errors.Is(err, os.ErrDeadlineExceeded):
		return CodeSilent
	}
	return CodeInternal
}

// Reason is the most likely trouble with a link, for a sentence that a person reads.
type Reason string

// The reasons. The other side of a TLS handshake sends only an alert, so some reasons are the usual
// meaning of an alert.
const (
	NoAnswer     Reason = "no-answer"     // nothing came back: a firewall, a wrong address, no node
	OtherVersion Reason = "other-version" // the other side speaks another version of the protocol
	NotHosted    Reason = "not-hosted"    // the jurisdiction is not hosted there
	NotKnown     Reason = "not-known"     // the other side rejects our identity, or clocks differ
	NotTrusted   Reason = "not-trusted"   // this side rejects the identity of the other side
	Refused      Reason = "refused"       // the other side refused our hello
	Busy         Reason = "busy"          // the other side has too much to do
	Restarted    Reason = "restarted"     // the other side was started anew and lost the connection
	Ended        Reason = "ended"         // the other side closed the connection
	Broken       Reason = "broken"        // anything else
)

// Error is an error of a connection, with its most likely reason.
type Error struct {
	Reason    Reason
	Retryable bool // the same may succeed later, without any action
	Err       error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %v", e.Reason, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// Alerts of TLS (RFC 8446 §6) that an ordinary mistake leads to.
const (
	alertInternal   = 80 // Go's alert where the listener hosts no such name
	alertCancelled  = 90 // tlsconf.Guard's alert where too many are at the door
	alertNoProtocol = 120
)

// explain turns an error of QUIC into an *Error. No other function does so.
func explain(err error) error {
	if err == nil {
		return nil
	}
	if _, done := errors.AsType[*Error](err); done {
		return err
	}
	reason, retryable := reasonOf(err)
	return &Error{reason, retryable, err}
}

func reasonOf(err error) (reason Reason, retryable bool) {
	var (
		handshake *quic.HandshakeTimeoutError
		idle      *quic.IdleTimeoutError
		reset     *quic.StatelessResetError
		app       *quic.ApplicationError
		stream    *quic.StreamError
		transport *quic.TransportError
	)
	switch {
	case errors.Is(err, errBusy): // what the neighbour may hold here is taken
		return Busy, true
	case errors.Is(err, tlsconf.ErrIdentity), errors.Is(err, tlsconf.ErrNotNeighbour), errors.Is(err, tlsconf.ErrNotReplica):
		return NotTrusted, true
	case errors.As(err, &handshake), errors.As(err, &idle), errors.Is(err, context.DeadlineExceeded): // of the dialler
		return NoAnswer, true
	case errors.As(err, &reset):
		return Restarted, true
	case errors.As(err, &app) && !app.Remote && Code(app.ErrorCode) == CodeWithdrawn:
		return NotTrusted, true
	case errors.As(err, &app) && !app.Remote && Code(app.ErrorCode) == CodeSilent:
		return NoAnswer, true
	case errors.As(err, &app):
		return reasonOfCode(Code(app.ErrorCode))
	case errors.As(err, &stream) && Code(stream.ErrorCode) == CodeSilent: // what this side sent did not come through in time
		return NoAnswer, true
	case errors.As(err, &stream):
		return reasonOfCode(Code(stream.ErrorCode))
	case errors.As(err, &transport) && transport.ErrorCode == quic.ConnectionRefused:
		return Busy, true
	case errors.As(err, &transport) && transport.ErrorCode.IsCryptoError():
		return reasonOfAlert(transport), true
	}
	return Broken, true
}

func reasonOfCode(code Code) (reason Reason, retryable bool) {
	switch code {
	case CodeRefused:
		return Refused, false
	case CodeBusy:
		return Busy, true
	case CodeMalformed:
		return Broken, false
	case CodeWithdrawn:
		return NotKnown, true
	}
	return Ended, true
}

func reasonOfAlert(err *quic.TransportError) Reason {
	if !err.Remote {
		return NotTrusted
	}
	switch uint8(err.ErrorCode) { // the alert is the last byte of a crypto error (RFC 9001 §4.8)
	case alertNoProtocol:
		return OtherVersion
	case alertInternal:
		return NotHosted
	case alertCancelled:
		return Busy
	}
	return NotKnown
}
