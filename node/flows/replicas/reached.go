package replicas

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/exchange/link"
	"xietong/node/ground/text"
)

// packets opens the socket at the address at which this replica is to be reached.
func (o JoinOptions) packets() (net.PacketConn, error) {
	packets, err := o.Packets(o.Listen)
	if _, told := errors.AsType[*text.Failure](err); told {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("open socket: %w", err)
	}
	return packets, nil
}

// open takes the connections of the others, and prepares those to them.
func (a *attempt) open(context.Context) error {
	party := tlsconf.Party{SVID: a.further.LinkSource(), Bundles: a.bundles(), Now: a.o.Now}
	local := tlsconf.Local{
		Party: party, Admits: func(tlsconf.Peer) error { return errOpening }, AdmitsReplica: a.admits,
	}
	a.links = a.socket.Replicas(link.ReplicaOptions{
		Local: a.t.Of.Name(), Self: a.t.Replica, Addresses: a.resolve, Recheck: local.VerifyReplica,
		TLS: func(to identity.Replica) *tlsconf.Config { return party.DialReplica(a.t.Of.Name(), to) },
	})
	return a.socket.Listen(tlsconf.Listen(func(name identity.Jurisdiction) (tlsconf.Local, bool) { return local, name == a.t.Of.Name() }, a.o.Now))
}

// errOpening refuses neighbours: this replica does not serve yet.
var errOpening = errors.New("the node is starting")

// admits returns the CA of another replica, as the newest key set has it.
func (a *attempt) admits(r identity.Replica) ([]*x509.Certificate, error) {
	for _, k := range a.newest.Replicas {
		if k.Replica == r {
			ca, err := x509.ParseCertificate(k.CACert)
			return []*x509.Certificate{ca}, err
		}
	}
	return nil, fmt.Errorf("%s is not in the key set", r)
}

const (
	reachedWithin = 8 * time.Second // for the others to connect: an attempt takes a second, and the pause before it up to two
	reachedPause  = 100 * time.Millisecond
)

// reached waits until each of the others that answers has connected to this replica at one of the
// addresses that it gave: what is agreed is sent that way. The error is text.ReplicaNotReached.
func (a *attempt) reached(ctx context.Context) error {
	answer, err := a.answering(ctx)
	if err != nil {
		return err
	}
	for end := time.Now().Add(reachedWithin); ; {
		missing := slices.DeleteFunc(slices.Clone(answer), a.links.Comes)
		if len(missing) == 0 {
			a.told(text.JoinReached, text.JoinReachedDone, text.Args{"by": named(answer)})
			return nil
		}
		if time.Now().After(end) {
			return text.Fail(text.ReplicaNotReached, text.Args{
				"replica": a.t.Replica.String(), "by": named(missing), "addresses": listed(a.addresses()),
			}, nil)
		}
		pause := time.NewTimer(reachedPause)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		}
	}
}

// answering returns those of the others that answer, of which there is one at least.
func (a *attempt) answering(ctx context.Context) (all []identity.Replica, err error) {
	ask := Asker{Streams: a.links.For(link.UseAsks)}
	for _, other := range a.welcome.Others {
		ctx, cancel := context.WithTimeout(ctx, statusWithin)
		_, failed := ask.position(ctx, other.Replica)
		cancel()
		if failed == nil {
			all = append(all, other.Replica)
		}
		err = errors.Join(err, failed)
	}
	if len(all) > 0 {
		err = nil
	}
	return all, err
}

func named(all []identity.Replica) string {
	var names []string
	for _, r := range all {
		names = append(names, r.String())
	}
	return strings.Join(names, ", ")
}
