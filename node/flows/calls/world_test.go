package calls_test

import (
	"testing"

	"go.uber.org/goleak"

	"xietong/certs/identity"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
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

func label(s string) identity.Label { return callstest.Label(s) }

func by(agency identity.Label) catalog.Actor { return callstest.By(agency) }

func lookup() records.Question { return callstest.Lookup() }

func village(n int, name string) string { return callstest.Village(n, name) }

// refused checks that the error tells as the code.
func refused(t *testing.T, what string, err error, want text.Code) *text.Failure {
	t.Helper()
	return callstest.Refused(t, what, err, want)
}
