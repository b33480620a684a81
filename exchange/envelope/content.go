package envelope

import (
	"errors"
	"fmt"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

// Content types of the two kinds of message.
const (
	RequestType = "application/vnd.xietong.request+cbor"
	AnswerType  = "application/vnd.xietong.answer+cbor"
)

// contentType returns the content type of a kind of message.
func (k Kind) contentType() string {
	if k == Answer {
		return AnswerType
	}
	return RequestType
}

// Limits of a content.
const (
	maxArgs   = 16
	maxArgLen = 1 << 10 // bytes
	maxPerson = 32      // bytes
)

// Call is the content of a request: the operation, the asking agency and person, the legal ground,
// and the parameters.
//
//	{1: operation, 2: agency, 3: person, 4: purpose, 5: grant, 6: case, 7: parameters, 8: [number, hash] of the list of agencies}
//
// The room that serves the operation defines its name and parameters; the fields from 2 to 6 and 8
// may be absent.
type Call struct {
	Operation  identity.Label `cbor:"1,keyasint"`
	Agency     identity.Label `cbor:"2,keyasint,omitzero"`  // of the origin
	Person     []byte         `cbor:"3,keyasint,omitempty"` // pseudonym of the acting person
	Purpose    identity.Label `cbor:"4,keyasint,omitzero"`
	Grant      identity.Entry `cbor:"5,keyasint,omitzero"`
	Case       identity.Entry `cbor:"6,keyasint,omitzero"`
	Parameters []byte         `cbor:"7,keyasint"`
	Agencies   *AgencyList    `cbor:"8,keyasint,omitempty"`
}

// AgencyList names the list of the origin's agencies, as it was when the agency asked. The room
// that keeps the list defines its hash.
type AgencyList struct {
	_      struct{} `cbor:",toarray"`
	Number uint64   // of agencies on the list
	Hash   []byte   // 32 bytes
}

// Reply is the content of an answer, bound to its request.
//
//	{1: hash of the request, 2: [code, [value …]], absent on success, 3: result, 4: entry that the use was recorded as}
//
// A problem comes alone: a refused request has no result and was not recorded as a use.
type Reply struct {
	To      []byte         `cbor:"1,keyasint"` // Hash of the request
	Problem *Problem       `cbor:"2,keyasint,omitempty"`
	Result  []byte         `cbor:"3,keyasint,omitempty"`
	Entry   identity.Entry `cbor:"4,keyasint,omitzero"`
}

// Problem is a refusal: a row of the table of errors in docs/protocol.md, with its values.
type Problem struct {
	_    struct{} `cbor:",toarray"`
	Code uint16
	Args []string
}

// Encode returns the content of a request.
func (c Call) Encode() ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	return mustEncode(c), nil
}

// DecodeCall decodes the content of a request.
func DecodeCall(data []byte) (Call, error) {
	var c Call
	if err := canon.Unmarshal(data, MaxContent, &c); err != nil {
		return Call{}, malformed("request", err)
	}
	return c, c.check()
}

func (c Call) check() error {
	if c.Operation.IsZero() || len(c.Person) > maxPerson || c.Parameters == nil {
		return malformed("request", fmt.Errorf("operation %q, a pseudonym of %d bytes, or no parameters", c.Operation, len(c.Person)))
	}
	if l := c.Agencies; l != nil && (l.Number == 0 || len(l.Hash) != 32) {
		return malformed("request", fmt.Errorf("list %d of agencies with a hash of %d bytes", l.Number, len(l.Hash)))
	}
	return nil
}

// Encode returns the content of an answer.
func (r Reply) Encode() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	return mustEncode(r), nil
}

// ErrOtherRequest is wrapped by DecodeReply for an answer to another request. It wraps
// ErrMalformed.
var ErrOtherRequest = malformed("answer", errors.New("to another request"))

// DecodeReply decodes the content of an answer to the request with the hash.
func DecodeReply(data []byte, request [32]byte) (Reply, error) {
	var r Reply
	if err := canon.Unmarshal(data, MaxContent, &r); err != nil {
		return Reply{}, malformed("answer", err)
	}
	if err := r.check(); err != nil {
		return Reply{}, err
	}
	if [32]byte(r.To) != request {
		return Reply{}, ErrOtherRequest
	}
	return r, nil
}

func (r Reply) check() error {
	switch p := r.Problem; {
	case len(r.To) != 32:
		return malformed("answer", fmt.Errorf("a request's hash of %d bytes", len(r.To)))
	case p == nil:
		return nil
	case p.Code == 0 || p.Args == nil || len(p.Args) > maxArgs || r.Result != nil || !r.Entry.IsZero():
		return malformed("answer", fmt.Errorf("problem %d with %d values, or with a result or an entry", p.Code, len(p.Args)))
	}
	for _, arg := range r.Problem.Args {
		if len(arg) > maxArgLen {
			return malformed("answer", fmt.Errorf("a value of %d bytes", len(arg)))
		}
	}
	return nil
}
