// Package echo is the floor that the query is measured against: the same way over QUIC, without any
// work. Every hop is a process. The lower hop dials the upper and keeps one connection; the upper
// opens a stream for each request; the lowest answers.
//
// It imports quic-go and nothing of this module, so that no change of the nodes moves the floor. It
// is for loopback alone: its certificates are made on the spot and not checked.
package echo

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
)

const protocol = "xietong-bench-echo"

// Hop is the place of a process on the way, and the bytes of each request and answer.
type Hop struct {
	Above           string // address of the hop above; "": this is the top, which asks
	Listen          bool   // false: this is the bottom, which answers
	Request, Answer int
}

// Run runs one hop until in ends. A hop that listens writes its address as its first line on out.
// The top then reads lines "CLIENTS NANOSECONDS" from in, asks from that number of clients for that
// time, and writes the nanoseconds of each request as a line of JSON.
func (h Hop) Run(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	lines := bufio.NewScanner(in)
	if h.Above == "" {
		below, err := h.listen(ctx, out)
		for err == nil && lines.Scan() {
			var clients int
			var took time.Duration
			if _, err = fmt.Sscan(lines.Text(), &clients, &took); err == nil {
				err = h.measure(ctx, below, clients, took, out)
			}
		}
		return errors.Join(err, lines.Err())
	}
	go func() {
		for lines.Scan() {
		}
		end()
	}()
	above, err := quic.DialAddr(ctx, h.Above, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{protocol}}, config())
	if err != nil {
		return err
	}
	var below *quic.Conn
	if h.Listen {
		if below, err = h.listen(ctx, out); err != nil {
			return err
		}
	}
	for {
		stream, err := above.AcceptStream(ctx)
		if err != nil {
			return nil // the end of in, or of the hop above
		}
		go h.serve(ctx, stream, below)
	}
}

func config() *quic.Config {
	return &quic.Config{MaxIncomingStreams: 1 << 10, KeepAlivePeriod: time.Second}
}

// listen writes its address on out and waits for the hop below to dial.
func (h Hop) listen(ctx context.Context, out io.Writer) (*quic.Conn, error) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour)}
	certificate, err := x509.CreateCertificate(nil, template, template, public, private)
	if err != nil {
		return nil, err
	}
	listener, err := quic.ListenAddr("127.0.0.1:0", &tls.Config{
		NextProtos: []string{protocol}, Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: private}},
	}, config())
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(out, listener.Addr())
	return listener.Accept(ctx)
}

// serve answers one stream: the bottom by itself, a hop between with the answer from below.
func (h Hop) serve(ctx context.Context, stream *quic.Stream, below *quic.Conn) {
	request, err := io.ReadAll(stream)
	answer := make([]byte, h.Answer)
	if err == nil && below != nil {
		answer, err = h.ask(ctx, below, request)
	}
	if err == nil {
		_, err = stream.Write(answer)
	}
	if err = errors.Join(err, stream.Close()); err != nil {
		stream.CancelWrite(1) // the asking hop sees that there is no answer
	}
}

func (h Hop) ask(ctx context.Context, below *quic.Conn, request []byte) ([]byte, error) {
	stream, err := below.OpenStreamSync(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := stream.Write(request); err != nil {
		return nil, err
	}
	if err := stream.Close(); err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(stream)
	if err == nil && len(answer) != h.Answer {
		err = fmt.Errorf("%d bytes came back, want %d", len(answer), h.Answer)
	}
	return answer, err
}

// measure asks from a number of clients until the time is over, and writes the times on out.
func (h Hop) measure(ctx context.Context, below *quic.Conn, clients int, during time.Duration, out io.Writer) error {
	took, failed := make([][]time.Duration, clients), make([]error, clients)
	var group sync.WaitGroup
	for i, began := 0, time.Now(); i < clients; i++ {
		group.Go(func() {
			for failed[i] == nil && time.Since(began) < during {
				start := time.Now()
				_, failed[i] = h.ask(ctx, below, make([]byte, h.Request))
				took[i] = append(took[i], time.Since(start))
			}
		})
	}
	group.Wait()
	return errors.Join(append(failed, json.NewEncoder(out).Encode(took))...)
}
