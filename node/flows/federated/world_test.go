package federated_test

import (
	"testing"

	"go.uber.org/goleak"

	"xietong/certs/identity"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/business/catalog"
	"xietong/node/flows/callstest"
	"xietong/node/ground/text"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type (
	world = callstest.World
	place = callstest.Place
)

var (
	guiyang, nanming = callstest.Guiyang, callstest.Nanming
	civil, water     = callstest.Civil, callstest.Water
	villages         = callstest.Villages
	applied          = callstest.Applied
)

const purpose = callstest.Purpose

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newWorld(t *testing.T) *world { t.Helper(); return callstest.New(t, callstest.Options{}) }

func newID() identity.Message { return callstest.NewID() }

func by(agency identity.Label) catalog.Actor { return callstest.By(agency) }

// lying returns a world in which lie changes the city's share before the city signs it.
func lying(t *testing.T, lie func(*gather.Share)) *world {
	t.Helper()
	return callstest.New(t, callstest.Options{Federated: func(p *place, in *relay.Registry) {
		if p.Name() != guiyang {
			p.Federated.Serve(in, p.Lists)
			return
		}
		p.Federated.ServeLying(in, p.Lists, lie)
	}})
}

// refused checks that the error tells as the code.
func refused(t *testing.T, what string, err error, want text.Code) *text.Failure {
	t.Helper()
	return callstest.Refused(t, what, err, want)
}
