// Package decides holds handlers that each break one rule of Apply. The test that holds the rules
// must find every one; it is never linked into anything.
package decides

import (
	crand "crypto/rand"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"regexp"
	"slices"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"xietong/consensus/state"
)

// Register names each handler in another of the ways in which one can be named.
func Register(r *state.Registry) {
	r.Register(1001, state.Idempotent, clock)
	r.Register(1002, state.Idempotent, randomness)
	r.Register(1003, state.Idempotent, secretRandomness)
	r.Register(1004, state.Idempotent, handler{}.file)
	r.Register(1005, state.Idempotent, func(tx *state.Tx, body []byte) ([]byte, error) { return network(tx, body) })
	r.Register(1006, state.Idempotent, made())
	r.Register(1007, state.Idempotent, channel)
	r.Register(1008, state.Idempotent, generic[int])
	r.Register(1009, state.Idempotent, float)
	r.Register(1010, state.Idempotent, expression)
	r.Register(1011, state.Idempotent, schema)
	r.Register(1012, state.Idempotent, log)
	r.Register(1013, state.Idempotent, pattern)
	r.Register(1014, state.Idempotent, viaVariable)
	r.Register(1015, state.Idempotent, viaInterface)
	r.Register(1016, state.Idempotent, viaCodec)
	r.Register(1017, state.Idempotent, selects)
	r.Register(1018, state.Idempotent, keys)
	r.Register(1019, state.Idempotent, timer)
	r.Register(1020, state.Idempotent, zone)
	r.Register(1021, state.Idempotent, sum)
	r.Register(1099, state.Idempotent, good)
}

func clock(*state.Tx, []byte) ([]byte, error) { return nil, fmt.Errorf("%v", time.Now()) }

func timer(*state.Tx, []byte) ([]byte, error) {
	time.AfterFunc(time.Hour, func() {})
	return nil, nil
}

func zone(*state.Tx, []byte) ([]byte, error) {
	return []byte(time.Time{}.Local().String()), nil
}

func randomness(*state.Tx, []byte) ([]byte, error) { return make([]byte, rand.IntN(8)), nil }

func secretRandomness(*state.Tx, []byte) ([]byte, error) {
	b := make([]byte, 8)
	_, err := crand.Read(b)
	return b, err
}

type handler struct{}

func (handler) file(*state.Tx, []byte) ([]byte, error) { return os.ReadFile("x") }

func network(*state.Tx, []byte) ([]byte, error) {
	_, err := net.LookupHost("x")
	return nil, err
}

func made() state.Handler {
	return func(*state.Tx, []byte) ([]byte, error) {
		go func() {}()
		return nil, nil
	}
}

func channel(*state.Tx, []byte) ([]byte, error) {
	c := make(chan []byte, 1)
	c <- nil
	return <-c, nil
}

func selects(*state.Tx, []byte) ([]byte, error) {
	select {
	default:
	}
	return nil, nil
}

func generic[T any](*state.Tx, []byte) ([]byte, error) {
	var all []byte
	for k := range map[byte]T{} {
		all = append(all, k)
	}
	return all, nil
}

func keys(*state.Tx, []byte) ([]byte, error) { return slices.Collect(maps.Keys(map[byte]bool{})), nil }

func float(_ *state.Tx, body []byte) ([]byte, error) {
	share := float64(len(body)) / 3
	return make([]byte, int(share)), nil
}

func sum(_ *state.Tx, body []byte) ([]byte, error) {
	var total float64
	total += 1
	return body[:1], nil
}

func expression(*state.Tx, []byte) ([]byte, error) {
	_, err := cel.NewEnv()
	return nil, err
}

func schema(*state.Tx, []byte) ([]byte, error) {
	jsonschema.NewCompiler()
	return nil, nil
}

func log(*state.Tx, []byte) ([]byte, error) {
	slog.Info("x")
	return nil, nil
}

func pattern(_ *state.Tx, body []byte) ([]byte, error) {
	return regexp.MustCompile("x").Find(body), nil
}

var now = time.Now

func viaVariable(*state.Tx, []byte) ([]byte, error) { return []byte(now().String()), nil }

type teller interface{ tell() string }

type hidden struct{}

func (*hidden) tell() string { return os.Getenv("x") }

// embeds has the interface's own method among its own.
type embeds struct{ teller }

func viaInterface(*state.Tx, []byte) ([]byte, error) {
	var t teller
	return []byte(t.tell()), nil
}

type coded struct{}

// MarshalText is called by no code of ours.
func (coded) MarshalText() ([]byte, error) { return nil, os.ErrExist }

func viaCodec(*state.Tx, []byte) ([]byte, error) { return nil, nil }

var lock sync.Mutex

func good(tx *state.Tx, body []byte) ([]byte, error) {
	lock.Lock()
	defer lock.Unlock()
	total := 0
	// the order does not matter: it is a sum
	for _, n := range map[string]int{} {
		total += n
	}
	return nil, tx.Put("x", body, time.UnixMilli(int64(total)).UTC().AppendFormat(nil, time.RFC3339))
}
