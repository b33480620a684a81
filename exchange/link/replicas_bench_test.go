package link

import (
	"context"
	"io"
	"net"
	"testing"

	"github.com/quic-go/quic-go"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
)

// BenchmarkReplicaStream measures writes of 64 KiB over loopback, one stream and one direction: of
// two replicas, of quic-go alone with the same packets and windows that are not counted, and of TCP
// without encryption.
func BenchmarkReplicaStream(b *testing.B) {
	b.Run("replicas", func(b *testing.B) {
		g := newGroup(b, b.TempDir, 2)
		for _, m := range g.all {
			conn := loopback(b)
			m.at.Store(conn.LocalAddr().(*net.UDPAddr))
			m.listen(conn)
			defer conn.Close()
			defer m.socket.Close()
		}
		l := g.all[1].replicas.For(UseRaft)
		pour(b, g.all[0].mustDial(UseRaft, g.all[1]), func() (io.Reader, error) {
			c, _, err := l.Accept()
			return c, err
		})
	})
	b.Run("quic-go", func(b *testing.B) {
		g := newGroup(b, b.TempDir, 2)
		at, by := loopback(b), loopback(b)
		server, client := &quic.Transport{Conn: at}, &quic.Transport{Conn: by}
		defer at.Close()
		defer by.Close()
		defer server.Close()
		defer client.Close()
		r1, r2 := g.all[0], g.all[1]
		counted := func(c *quic.Config) *quic.Config { c.AllowConnectionWindowIncrease = nil; return c }
		listener, err := server.Listen(tlsconf.Listen(func(identity.Jurisdiction) (tlsconf.Local, bool) { return r2.local(), true }, r2.Now), counted(listenConfig()))
		if err != nil {
			b.Fatal(err)
		}
		defer listener.Close()
		q, err := client.Dial(context.Background(), at.LocalAddr(), r1.DialReplica(r1.name, r2.id), counted(replicaConfig()))
		if err != nil {
			b.Fatal(err)
		}
		s, err := q.OpenStream()
		if err != nil {
			b.Fatal(err)
		}
		pour(b, s, func() (io.Reader, error) {
			q, err := listener.Accept(context.Background())
			if err != nil {
				return nil, err
			}
			return q.AcceptStream(context.Background())
		})
	})
	b.Run("tcp", func(b *testing.B) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		defer listener.Close()
		c, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		pour(b, c, func() (io.Reader, error) { return listener.Accept() })
	})
}

// pour writes 64 KiB at a time, and waits until the reader has all of it.
func pour(b *testing.B, to io.WriteCloser, accept func() (io.Reader, error)) {
	b.Helper()
	const piece = 64 << 10
	data, read := make([]byte, piece), make(chan int64, 1)
	go func() {
		from, err := accept()
		if err != nil {
			read <- -1
			return
		}
		n, _ := io.Copy(io.Discard, from)
		read <- n
	}()
	b.SetBytes(piece)
	n := int64(0)
	for b.Loop() {
		if _, err := to.Write(data); err != nil {
			b.Fatal(err)
		}
		n += piece
	}
	to.Close()
	if got := <-read; got != n {
		b.Errorf("read %d bytes of %d", got, n)
	}
}
