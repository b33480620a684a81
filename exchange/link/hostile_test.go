package link

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"go.uber.org/goleak"

	"xietong/certs/tlsconf"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// raw dials the other party, and sends nothing by itself.
func (p *party) raw(t *testing.T, to *party) *quic.Conn {
	t.Helper()
	q, err := p.socket.transport.Dial(context.Background(), to.addr, p.Dial(to.name), quicConfig(firstWindow))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func frame(length uint32, data string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, length), data...)
}

// TestHostileDiallers checks that the connection of a neighbour without a proper hello is closed
// with a code, and that no link comes up.
func TestHostileDiallers(t *testing.T) {
	hello := string(pad([]byte("hello from nanming.guiyang.guizhou")))
	dirty := hello[:len(hello)-1] + "x"
	for what, row := range map[string]struct {
		says []byte // nil: opens no stream
		ends bool   // the stream
		want Code
	}{
		"nothing at all":      {nil, false, CodeSilent},
		"a stream of nothing": {[]byte{}, false, CodeSilent},
		"half a length":       {[]byte{0, 0}, true, CodeMalformed},
		"half a length, slow": {[]byte{0, 0}, false, CodeSilent},
		"half a hello":        {append(frame(0, ""), frame(100, "hello")...), true, CodeMalformed},
		"a hello of 5 bytes":  {append(frame(0, ""), frame(5, "hello")...), true, CodeMalformed},
		"a hello, not padded": {append(frame(0, ""), frame(36, hello[:36])...), true, CodeMalformed},
		"a hello and more":    {append(frame(0, ""), frame(uint32(len(hello)), dirty)...), true, CodeMalformed},
		"4 GiB":               {frame(1<<32-1, "x"), true, CodeMalformed},
		"a long hello":        {append(frame(0, ""), frame(maxHelloFrame+1, "x")...), true, CodeMalformed},
		"a request first":     {frame(2, "hi"), true, CodeMalformed},
		"two hellos at once":  {append(append(frame(0, ""), frame(uint32(len(hello)), hello)...), frame(2, "hi")...), true, CodeMalformed},
		"a hello without end": {append(frame(0, ""), frame(uint32(len(hello)), hello)...), false, CodeSilent},
	} {
		inWorld(t, func(w *world) {
			city, county := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20)
			w.trust(city, county)
			w.open(city, true)
			w.open(county, false)
			q := county.raw(t, city)
			if row.says != nil {
				s, err := q.OpenStream()
				if err != nil {
					t.Fatal(err)
				}
				if _, err := s.Write(row.says); err != nil {
					t.Fatal(err)
				}
				if row.ends {
					s.Close()
				}
			}
			select {
			case <-q.Context().Done():
			case <-time.After(time.Minute):
				t.Errorf("%s: the connection is open after a minute", what)
			}
			app, ok := errors.AsType[*quic.ApplicationError](context.Cause(q.Context()))
			if !ok || Code(app.ErrorCode) != row.want || app.ErrorMessage != "" {
				t.Errorf("%s: got %v, want code %d and no text", what, context.Cause(q.Context()), row.want)
			}
			if city.socket.Up(city.name, county.name) {
				t.Errorf("%s: a link is up", what)
			}
			w.close(county, city)
		})
	}
}

// TestFragments (S10f) computes, from the settings in use, what QUIC keeps at worst of fragments
// that come out of order, beyond what the links count: of a neighbour on all its connections, and
// of strangers and friends at the door, whose windows do not grow. Windows that grow are counted.
func TestFragments(t *testing.T) {
	const perByte = 161 // measured: a frame of one byte, a slice, a function, an entry of a map of quic-go v0.65
	c := quicConfig(guestWindow)
	window, first := int(max(c.MaxConnectionReceiveWindow, c.MaxStreamReceiveWindow)), int(c.InitialConnectionReceiveWindow)
	if most := maxConnsOfAll * window * perByte; most > 768<<20 {
		t.Errorf("of one neighbour %d MiB are kept, want at most 768", most>>20)
	}
	if most := ownShare * perByte; listenConfig().MaxConnectionReceiveWindow > ownShare || most > 768<<20 {
		t.Errorf("of one replica %d MiB are kept, want at most 768", most>>20)
	}
	if most := (most[strangers][knocking] + most[friends][knocking]) * first * perByte; most > 512<<20 {
		t.Errorf("at the door %d MiB are kept, want at most 512", most>>20)
	}
}

// TestConfigurations checks the required settings: no early data, no streams of one direction, and
// packets of one size.
func TestConfigurations(t *testing.T) {
	for _, c := range []*quic.Config{listenConfig(), replicaConfig()} {
		if c.Allow0RTT || c.MaxIncomingUniStreams >= 0 || c.InitialPacketSize != 1200 || !c.DisablePathMTUDiscovery {
			t.Errorf("got %+v", c)
		}
	}
	c := quicConfig(firstWindow)
	if c.Allow0RTT || c.MaxIncomingUniStreams >= 0 || c.MaxIncomingStreams <= int64(ofLinks.serving) || c.MaxIdleTimeout != maxIdle {
		t.Errorf("got %+v", c)
	}
	if c.InitialPacketSize != 1200 || !c.DisablePathMTUDiscovery { // a simulated network has no discovery
		t.Errorf("packets of %d bytes, discovery %t", c.InitialPacketSize, !c.DisablePathMTUDiscovery)
	}
	if tlsconf.Exchange != "xietong/1" || tlsconf.Join != "xietong-join/1" || tlsconf.Raft != "xietong-raft/1" {
		t.Errorf("protocols: got %s, %s, %s", tlsconf.Exchange, tlsconf.Join, tlsconf.Raft)
	}
}

// TestUsesAreInTheTable checks that docs/protocol.md lists every use of streams among replicas, and
// no other.
func TestUsesAreInTheTable(t *testing.T) {
	page, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "## Uses of streams among replicas\n")
	table, _, _ := strings.Cut(rest, "\n## ")
	var listed []string
	for _, m := range regexp.MustCompile(`(?m)^\| (\d+) \| (\w+)`).FindAllStringSubmatch(table, -1) {
		listed = append(listed, m[1]+" "+m[2])
	}
	want := []string{fmt.Sprint(greeting, " greeting"), fmt.Sprint(UseRaft, " raft"), fmt.Sprint(UseAsks, " ask"), fmt.Sprint(UseFetch, " fetch"), fmt.Sprint(UsePass, " pass")}
	if !slices.Equal(listed, want) || len(want) != uses {
		t.Errorf("listed are %q, want %q", listed, want)
	}
}

// TestCodesAreInTheTable checks that docs/protocol.md lists every code, and no other.
func TestCodesAreInTheTable(t *testing.T) {
	page, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Codes of QUIC\n")
	section, _, _ = strings.Cut(section, "\n## ")
	rows := regexp.MustCompile(`(?m)^\| (\d+) \|`).FindAllStringSubmatch(section, -1)
	if len(rows) != int(CodeSilent)+1 {
		t.Fatalf("%d rows, %d codes", len(rows), CodeSilent+1)
	}
	for n, row := range rows {
		if row[1] != strconv.Itoa(n) {
			t.Errorf("row %d has the number %s", n, row[1])
		}
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add(frame(2, "hi"))
	f.Add(frame(1<<32-1, ""))
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := readWhole(bytes.NewReader(data), 2*MaxHello)
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := writeFrame(&again, got, 2*MaxHello); err != nil || !bytes.HasPrefix(data, again.Bytes()) {
			t.Errorf("%x came back as %x, %v", data, again.Bytes(), err)
		}
	})
}

func FuzzUnpad(f *testing.F) {
	f.Add(pad([]byte("hi")))
	f.Add(pad(make([]byte, MaxHello)))
	f.Add(make([]byte, leastHello-1))
	f.Fuzz(func(t *testing.T, data []byte) {
		if hello, err := unpad(data); err == nil && !bytes.Equal(pad(hello), data) {
			t.Errorf("%d bytes are not how %d are padded", len(data), len(hello))
		}
	})
}
