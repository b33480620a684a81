package node

import (
	"context"
	"errors"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/certs/trust"
	"xietong/exchange/link"
	"xietong/node/flows/join"
	"xietong/node/flows/replicas"
	"xietong/node/tree/door"
)

// removed asks at the doors of the others whether this replica was removed while it was away: they
// take no connection of it then. One that nobody refuses asks nobody.
func (s *siblings) removed(ctx context.Context, others []identity.Replica) error {
	var failed error
	for _, r := range others {
		if why, _ := s.links.Missed(r); why == "" || why == link.NoAnswer || why == link.Busy {
			continue
		}
		out, err := s.askDoor(ctx, r)
		if out {
			s.host.TakenOut()
			return nil
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// askDoor asks at the door of one other.
func (s *siblings) askDoor(ctx context.Context, of identity.Replica) (out bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, followSoon)
	defer cancel()
	addresses, err := s.addresses(ctx, of)
	if err != nil {
		return false, err
	}
	signed, err := s.host.KeySets(ctx)
	if err != nil {
		return false, err
	}
	newest, err := trust.Reopen(signed[len(signed)-1])
	if err != nil {
		return false, err
	}
	line, err := join.DialDoor(ctx, s.node.socket, addresses, s.host.Name())
	if err != nil {
		return false, err
	}
	defer line.Conn.Close(link.CodeClosing)
	told, err := door.AskMember(ctx, line, door.Membership{Replica: s.host.Replica(), After: newest.Number})
	if err != nil {
		return false, err
	}
	out, err = replicas.Out(told, newest, s.host.Replica(), func(b *tlsconf.Bundles) error {
		return tlsconf.VerifyServer(line.TLS(), b, s.host.Name(), s.node.o.Now())
	})
	if out {
		return true, nil
	}
	left, failed := s.leftBehind(ctx, line, newest.Epoch)
	return left, errors.Join(err, failed)
}

// leftBehind reports whether the jurisdiction has gone on without this replica, in a later epoch:
// by its chain from the root, whose newest keys are those of whoever answers at the door.
func (s *siblings) leftBehind(ctx context.Context, line door.Line, epoch uint64) (bool, error) {
	_, root, err := s.host.Chain(ctx)
	if err != nil {
		return false, err
	}
	_, chain, err := join.VerifyDoor(ctx, line, root, s.host.Name(), s.node.o.Now())
	if err != nil {
		return false, err
	}
	e := chain[len(chain)-1].Endorsement
	return e != nil && e.Epoch > epoch, nil
}
