package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/exchange/link"
	"xietong/node/config"
	"xietong/node/host"
	"xietong/node/join"
	"xietong/node/join/token"
	"xietong/node/roster"
	"xietong/node/text"
)

// JoinOptions of a join.
type JoinOptions struct {
	Options
	Listen string // UDP address that the joining jurisdiction's own children will dial; empty: none can
	// Told is given each step that was done, for a person to read; nil: nobody reads.
	Told func(JoinStep)
}

// JoinStep is one step of joining that was done.
type JoinStep struct {
	Name text.Code // of the step
	What text.Code // the sentence that tells what came of it
	Args text.Args
}

// JoinResult is what joining came to.
type JoinResult struct {
	Name        string   `json:"name"`
	DisplayName string   `json:"display_name"`
	Parent      string   `json:"parent"`
	Root        string   `json:"root"`
	Fingerprint string   `json:"fingerprint"`
	Chain       []string `json:"chain"`
	Entry       string   `json:"entry"`
	Pin         string   `json:"pin"`
	Config      string   `json:"config"`
}

// Join makes the jurisdiction that an invitation is for, in a directory that is empty or holds an unfinished Join of it, or
// joins one that Init made and that has joined nobody. (1) The parent is met and judged: until then nothing is made. (2) The
// jurisdiction's folder with its keys, (3) the endorsement by the parent, (4) chain and entry, (5) the configuration and
// FORMAT. A parent that is busy is asked again for half a minute; after any failure the same command goes on where it stopped.
func Join(ctx context.Context, dir, line string, o JoinOptions) (result JoinResult, err error) {
	t, err := join.ReadToken(line)
	if err != nil {
		return result, err
	}
	if o.Told == nil {
		o.Told = func(JoinStep) {}
	}
	o.Options = o.withDefaults()
	if err := joinable(dir, t.Child); err != nil {
		return result, err
	}
	o.Told = once(o.Told)
	for pause := busyPause; ; pause *= 2 {
		result, err = joinOnce(ctx, dir, t, o)
		if e, ok := errors.AsType[*link.Error](err); !ok || e.Reason != link.Busy || pause > mostBusyPause {
			return result, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return result, err
		}
	}
}

// A parent that has too much to do is asked again after a while: a whole city may be joining.
const (
	busyPause     = time.Second
	mostBusyPause = 16 * time.Second
)

// once tells each step the first time that it is done.
func once(told func(JoinStep)) func(JoinStep) {
	done := map[text.Code]bool{}
	return func(s JoinStep) {
		if !done[s.Name] {
			done[s.Name] = true
			told(s)
		}
	}
}

// joinOnce makes one attempt.
func joinOnce(ctx context.Context, dir string, t token.Token, o JoinOptions) (result JoinResult, err error) {
	socket, closeSocket, err := dialOnly(o.Options)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, closeSocket()) }()
	c, err := knock(ctx, socket, t, o)
	if err != nil {
		return result, err
	}
	defer c.Close(link.CodeClosing)
	met, err := meet(ctx, join.Line{Conn: c}, dir, t, o)
	if err != nil {
		return result, broken(err, t)
	}
	if err := host.MakeFolder(dir); err != nil {
		return result, dirError(dir, err)
	}
	unlock, err := lock(dir)
	if err != nil {
		return result, dirError(dir, err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if result, err = enter(ctx, join.Line{Conn: c}, dir, t, met, o); err != nil {
		return result, broken(err, t)
	}
	result.Config = filepath.Join(dir, config.FileName)
	return result, finish(dir, t, o.Listen)
}

// broken tells a person that the connection to the parent broke; any other error stays as it is.
func broken(err error, t token.Token) error {
	if _, ok := errors.AsType[*link.Error](err); !ok {
		return err
	}
	return unreachable(err, t.Addresses[0], roster.Shipped().DisplayName(t.Parent.Name()))
}

// joinable refuses a directory that is somebody else's.
func joinable(dir string, child identity.Jurisdiction) error {
	if _, err := os.Stat(filepath.Join(dir, formatName)); err != nil {
		return checkEmpty(dir, child.String())
	}
	if err := checkFormat(dir); err != nil {
		return err
	}
	c, err := readConfig(dir)
	if err == nil && (len(c.Jurisdictions) != 1 || c.Jurisdictions[0].Name != child) {
		err = text.Fail(text.DirNotEmpty, text.Args{"dir": dir}, nil)
	}
	return err
}

// dialOnly opens a socket that takes no connection.
func dialOnly(o Options) (s *link.Socket, close func() error, err error) {
	packets, err := o.Packets("")
	if err != nil {
		return nil, nil, fmt.Errorf("open socket: %w", err)
	}
	if s, err = link.Open(packets, link.Options{Logger: o.Logger}); err != nil {
		return nil, nil, errors.Join(err, packets.Close())
	}
	return s, func() error { return errors.Join(s.Close(), packets.Close()) }, nil
}

// knock tries the addresses of the invitation in turn, and tells what is the matter with the last one.
func knock(ctx context.Context, s *link.Socket, t token.Token, o JoinOptions) (c *link.Conn, err error) {
	parent := roster.Shipped().DisplayName(t.Parent.Name())
	for _, address := range t.Addresses {
		began := time.Now()
		addr, failed := o.Resolve(ctx, address)
		if failed == nil {
			c, failed = dialOnce(ctx, s, addr, t.Parent.Name())
		}
		if failed == nil {
			o.Told(JoinStep{Name: text.JoinNetwork, What: text.JoinNetworkDone, Args: text.Args{
				"ms": strconv.FormatInt(time.Since(began).Milliseconds(), 10), "address": address,
			}})
			return c, nil
		}
		err = unreachable(failed, address, parent)
	}
	return nil, err
}

func dialOnce(ctx context.Context, s *link.Socket, addr net.Addr, parent identity.Jurisdiction) (*link.Conn, error) {
	attempt, cancel := context.WithTimeout(ctx, dialWithin)
	defer cancel()
	return s.Dial(attempt, addr, tlsconf.DialJoin(parent))
}

// minFree is how much space must be free on the disk for a jurisdiction.
const minFree = 1 << 30 // bytes

// meet judges the parent and this machine before anything is made.
func meet(ctx context.Context, line join.Line, dir string, t token.Token, o JoinOptions) (join.Met, error) {
	met, err := join.MeetParent(ctx, line, t, o.Now)
	if err != nil {
		return met, err
	}
	o.Told(JoinStep{Name: text.JoinClock, What: text.JoinClockDone, Args: text.Args{
		"seconds": fmt.Sprintf("%.1f", met.Offset.Abs().Seconds()), "parent": met.Parent(),
	}})
	free, err := freeSpace(dir)
	if err != nil {
		return met, dirError(dir, err)
	}
	if free < minFree {
		return met, text.Fail(text.DiskFull, text.Args{"dir": dir, "free": gibibytes(free), "needed": gibibytes(minFree)}, nil)
	}
	o.Told(JoinStep{Name: text.JoinDisk, What: text.JoinDiskDone, Args: text.Args{"free": gibibytes(free)}})
	o.Told(JoinStep{Name: text.JoinParent, What: text.JoinParentDone, Args: text.Args{
		"parent": met.Parent(), "fingerprint": t.Root.Fingerprint(), "root": join.Called(met.Chain)[0],
	}})
	return met, nil
}

// freeSpace returns the free bytes where dir is or will be.
func freeSpace(dir string) (uint64, error) {
	var stat unix.Statfs_t
	for {
		err := unix.Statfs(dir, &stat)
		if err == nil {
			return stat.Bavail * uint64(stat.Bsize), nil
		}
		above := filepath.Dir(dir)
		if !errors.Is(err, fs.ErrNotExist) || above == dir {
			return 0, err
		}
		dir = above
	}
}

func gibibytes(n uint64) string { return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30)) }

// enter makes the jurisdiction's folder and redeems the invitation for it.
func enter(ctx context.Context, c join.Conn, dir string, t token.Token, met join.Met, o JoinOptions) (result JoinResult, err error) {
	folder := host.Folder(dir, t.Child)
	if _, err := host.Create(folder, t.Child, o.Now(), o.Share); err != nil {
		return result, dirError(dir, err)
	}
	o.Told(JoinStep{Name: text.JoinKeys, What: text.JoinKeysDone})
	own, err := host.Open(ctx, folder, t.Child, host.Options{Registry: registry(), Logger: o.Logger, Now: o.Now})
	if err != nil {
		return result, dirError(dir, err)
	}
	defer func() { err = errors.Join(err, own.Close()) }()
	entry, chain, err := join.Enter(ctx, c, t, own)
	if err != nil {
		return result, err
	}
	o.Told(JoinStep{Name: text.JoinEndorsed, What: text.JoinEndorsedDone, Args: text.Args{
		"name": t.DisplayName, "entry": strconv.FormatUint(entry.Index(), 10), "parent": met.Parent(),
	}})
	names := join.Called(chain)
	o.Told(JoinStep{Name: text.JoinChain, What: text.JoinChainDone, Args: text.Args{"chain": strings.Join(names, " > ")}})
	pin, err := own.Pin()
	return JoinResult{
		Name: t.Child.String(), DisplayName: t.DisplayName, Parent: t.Parent.Name().String(), Root: t.Root.String(),
		Fingerprint: t.Root.Fingerprint(), Chain: names, Entry: entry.String(), Pin: pin.String(),
	}, err
}

// finish writes the configuration unless there is one, and FORMAT, which says that the directory is whole.
func finish(dir string, t token.Token, listen string) error {
	if _, err := os.Stat(filepath.Join(dir, formatName)); err == nil {
		return nil
	}
	content := config.Render(config.Config{Listen: listen, Jurisdictions: []config.Jurisdiction{placed(t)}})
	if _, err := config.Parse(content); err != nil {
		return configFailure(filepath.Join(dir, config.FileName), err)
	}
	return writeWhole(dir, content)
}

// placed is the configuration of the jurisdiction that an invitation is for.
func placed(t token.Token) config.Jurisdiction {
	return config.Jurisdiction{Name: t.Child, DisplayName: t.DisplayName, ShortName: t.ShortName, Code: t.Code, Level: t.Level}
}

// FirewallRequest returns the form that an administrator hands to whoever runs the firewall: one rule, outbound.
func FirewallRequest(l text.Lang, line string, now time.Time) (string, error) {
	t, err := join.ReadToken(line)
	if err != nil {
		return "", err
	}
	return join.FirewallRequest(l, join.Firewall{
		Child: t.DisplayName, Name: t.Child, Parent: roster.Shipped().DisplayName(t.Parent.Name()), ParentName: t.Parent.Name(),
		Addresses: t.Addresses, Date: now,
	}), nil
}
