// Package operation is the way in which a room offers an operation to other jurisdictions, and asks
// them for it.
//
// An Operation ties a name of docs/protocol.md to the type of its parameters and the type of its
// result, for the server and for the asker:
//
//	const receipts operation.Operation[receiptOf, proof] = "receipt"
//
//	// prove(ctx context.Context, r relay.Received, p receiptOf) (proof, error)
//	receipts.Serve(registry, prove)
//	asking := operation.Asking{ID: id, To: city, By: water}
//	got, err := receipts.Read(ctx, caller, asking, receiptOf{entry})
//
// Parameters and results are deterministic CBOR, read strictly (see canon). A type may have a
// method Check, which bounds a value where it comes in: the parameters at the server, the result at
// the asker. The asker also checks the parameters before it sends them.
//
// Both sides record a use of data before anything of the result is shown; neither records a call
// that is no use. The Caller and the serving room do the recording. The package keeps nothing.
package operation

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// Limits of a call.
const (
	MaxParameters = 64 << 10           // bytes
	MaxResult     = relay.MaxData      // bytes
	MaxListed     = MaxResult - 16<<10 // bytes of the list in a result, so that the rest fits
	MaxPages      = 64                 // results that one list may take
)

// Operation is the name of an operation with parameters P and result R.
type Operation[P, R any] string

// checked is implemented by the types that have bounds of their own.
type checked interface{ Check() error }

func check(v any) error {
	if c, ok := v.(checked); ok {
		return c.Check()
	}
	return nil
}

// Serve registers the function that serves the operation, where the operation is no use of data.
func (o Operation[P, R]) Serve(in *relay.Registry, serve func(ctx context.Context, r relay.Received, p P) (R, error)) {
	in.Register(string(o), func(ctx context.Context, r relay.Received) (relay.Result, error) {
		p, err := o.Parameters(r)
		if err != nil {
			return relay.Result{}, err
		}
		result, err := serve(ctx, r, p)
		if err != nil {
			return relay.Result{}, fmt.Errorf("serve %s: %w", o, err)
		}
		return encoded(result, Record{})
	})
}

// Consumers finds the agency of the origin that uses data, and refuses one that the origin does not
// have; *catalog.Lists implements it.
type Consumers interface {
	Consumer(ctx context.Context, r relay.Received) (identity.Agency, error)
}

// ServeUse registers the function that serves the operation, where the operation is a use of data
// by an agency of the origin, which consumers finds. serve must record the use before it returns, a
// refused one too once data were read, and returns that record.
func (o Operation[P, R]) ServeUse(in *relay.Registry, consumers Consumers, serve func(ctx context.Context, r relay.Received, by identity.Agency, p P) (R, Record, error)) {
	in.Register(string(o), func(ctx context.Context, r relay.Received) (relay.Result, error) {
		if _, err := Consumer(r); err != nil {
			return relay.Result{}, err
		}
		p, err := o.Parameters(r)
		if err != nil {
			return relay.Result{}, err
		}
		by, err := consumers.Consumer(ctx, r)
		if err != nil {
			return relay.Result{}, fmt.Errorf("serve %s: %w", o, err)
		}
		result, record, err := serve(ctx, r, by, p)
		if err != nil {
			return relay.Result{Stands: record.Stands, Basis: record.Basis}, fmt.Errorf("serve %s: %w", o, err)
		}
		return encoded(result, record)
	})
}

// Record is the record of a use at the provider.
type Record struct {
	Entry  identity.Entry
	Stands func(context.Context) error // see relay.Result
	Basis  []byte                      // see relay.Result
}

func encoded(result any, record Record) (relay.Result, error) {
	content, err := canon.Marshal(result)
	return relay.Result{Content: content, Entry: record.Entry, Stands: record.Stands, Basis: record.Basis}, err
}

// Parameters decodes and checks the parameters of a request. The error is text.BadRequest.
func (o Operation[P, R]) Parameters(r relay.Received) (p P, err error) {
	err = canon.Unmarshal(r.Call.Parameters, MaxParameters, &p)
	if err == nil {
		err = check(p)
	}
	if err != nil {
		return p, failure.Malformed(err)
	}
	return p, nil
}

// Consumer returns the agency that the request names. A request that names none is refused with
// text.AgencyNeeded. Whether the origin has that agency, Consumers find out.
func Consumer(r relay.Received) (identity.Agency, error) {
	if r.Call.Agency.IsZero() {
		return identity.Agency{}, text.Fail(text.AgencyNeeded, text.Args{"jurisdiction": r.Header.Origin.String(), "agencies": ""}, nil)
	}
	return identity.NewAgency(r.Header.Origin, r.Call.Agency), nil
}

// Actor finds the asking agency in the state of this jurisdiction; catalog.Actor implements it.
// Resolve refuses an agency that this jurisdiction does not have, so nothing is asked in its name.
type Actor interface {
	Resolve(r *state.Reader) (identity.Agency, error)
}

// Asking says under which id the call is made, which jurisdiction is asked, and which agency asks.
type Asking struct {
	ID identity.Message
	To identity.Jurisdiction
	By Actor
}

// Recorded names the entries with which both sides recorded a use.
type Recorded struct {
	Access identity.Entry // the provider's access record
	Asked  identity.Entry // this jurisdiction's own record
}

// Told is what the result of a use tells of it.
type Told struct {
	Grant   identity.Entry // that allowed it
	Until   time.Time      // the end of the grant; zero: it has none
	Records uint64         // answered, or measured
	Nobody  bool           // many were asked, and none of them answered
	// Unfinished says that it is a page of a measure, of which nothing is told before the last.
	Unfinished bool
}

// Caller asks other jurisdictions for the agencies of this one; *calls.Engine implements it.
type Caller interface {
	// Use asks for a use of a dataset, and records the outcome before it returns. read decodes the
	// result, and returns what it tells of the use. A result that read refuses was used all the
	// same, so Use records it too.
	Use(ctx context.Context, a Asking, dataset identity.Label, call envelope.Call, read func(result []byte) (Told, error)) (Recorded, error)

	// Read makes a call that is no use of data, and records nothing.
	Read(ctx context.Context, a Asking, call envelope.Call) (result []byte, err error)
}

// Read asks for the operation, where it is no use of data. An error of another jurisdiction or of
// the way to it is a *relay.Problem; failure.Of turns any error into a failure.
func (o Operation[P, R]) Read(ctx context.Context, c Caller, a Asking, p P) (result R, err error) {
	call, err := o.Call(p)
	if err != nil {
		return result, err
	}
	data, err := c.Read(ctx, a, call)
	if err != nil {
		return result, err
	}
	if result, err = o.result(data); err != nil {
		err = failure.Unreadable(a.To, err)
	}
	return result, err
}

// SignedCaller is a Caller that also hands out what the destination signed; *calls.Engine is one.
type SignedCaller interface {
	// ReadSigned is Read, and returns the answer as the destination signed it too (see
	// relay.Evidence).
	ReadSigned(ctx context.Context, a Asking, call envelope.Call) (result, evidence []byte, err error)
}

// ReadSigned is Read, and returns the answer as the destination signed it too.
func (o Operation[P, R]) ReadSigned(ctx context.Context, c SignedCaller, a Asking, p P) (result R, evidence []byte, err error) {
	call, err := o.Call(p)
	if err != nil {
		return result, nil, err
	}
	data, evidence, err := c.ReadSigned(ctx, a, call)
	if err != nil {
		return result, nil, err
	}
	if result, err = o.result(data); err != nil {
		err = failure.Unreadable(a.To, err)
	}
	return result, evidence, err
}

// Use asks for the operation, where it is a use of a dataset for a purpose. accept checks that the
// result answers the request, and returns what the result tells of the use. Use returns no part of
// a result that was not accepted or could not be recorded.
func (o Operation[P, R]) Use(ctx context.Context, c Caller, a Asking, dataset identity.Label, purpose string, p P, accept func(R) (Told, error)) (result R, use Recorded, err error) {
	call, err := o.Call(p)
	if err == nil {
		call.Purpose, err = Purpose(purpose, dataset)
	}
	if err != nil {
		return result, use, err
	}
	var got R
	use, err = c.Use(ctx, a, dataset, call, func(data []byte) (told Told, err error) {
		if got, err = o.result(data); err != nil {
			return told, err
		}
		return accept(got)
	})
	if err != nil {
		return result, use, failure.Asked(err, dataset, purpose)
	}
	return got, use, nil
}

// Call makes the call that asks for the operation. The sender adds the agency that asks. The error
// is text.BadRequest where Check refuses the parameters, and text.TooLarge where they are longer
// than MaxParameters.
func (o Operation[P, R]) Call(p P) (call envelope.Call, err error) {
	if call.Operation, err = identity.ParseLabel(string(o)); err != nil {
		return call, err
	}
	if err := check(p); err != nil {
		return call, text.Fail(text.BadRequest, text.Args{"where": "parameters", "reason": err.Error()}, err)
	}
	if call.Parameters, err = canon.Marshal(p); err != nil {
		return call, fmt.Errorf("ask for %s: %w", o, err)
	}
	if n := len(call.Parameters); n > MaxParameters {
		return call, text.Fail(text.TooLarge, text.Args{
			"where": "parameters", "size": strconv.Itoa(n), "limit": strconv.Itoa(MaxParameters),
		}, nil)
	}
	return call, nil
}

// Purpose parses the purpose of a use. An empty purpose is no error here: the destination refuses
// it, and names the purposes that there are.
func Purpose(typed string, dataset identity.Label) (purpose identity.Label, err error) {
	if typed == "" {
		return purpose, nil
	}
	if purpose, err = identity.ParseLabel(typed); err != nil {
		return purpose, text.Fail(text.UnknownPurpose, text.Args{
			"purpose": text.Short(typed), "dataset": dataset.String(), "purposes": "",
		}, err)
	}
	return purpose, nil
}

// result decodes and checks the result in an answer. On an error it returns the zero value.
func (o Operation[P, R]) result(data []byte) (result R, err error) {
	var got R
	if err = canon.Unmarshal(data, MaxResult, &got); err == nil {
		err = check(got)
	}
	if err == nil {
		result = got
	}
	return result, err
}
