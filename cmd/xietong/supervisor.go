package main

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"time"

	"xietong/node/faces/client"
)

// supervisor is the socket on which systemd waits for word of this process (sd_notify(3)). The zero
// supervisor is nobody, and hears nothing.
type supervisor struct {
	conn  *net.UnixConn
	every time.Duration // how often it wants to hear that the node is well; 0: never
}

// beats is how many times a node that is well says so before systemd would end it.
const beats = 4

// supervisor returns the one that the environment names. The error is that of its socket.
func (a *app) supervisor() (s supervisor, err error) {
	name := a.getenv("NOTIFY_SOCKET")
	if name == "" {
		return s, nil
	}
	if s.conn, err = net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"}); err != nil {
		return supervisor{}, err
	}
	micros, err := strconv.ParseUint(a.getenv("WATCHDOG_USEC"), 10, 40)
	if pid := a.getenv("WATCHDOG_PID"); err == nil && (pid == "" || pid == strconv.Itoa(os.Getpid())) {
		s.every = time.Duration(micros) * time.Microsecond / beats
	}
	return s, nil
}

// tell says something. Whoever does not listen any more misses it.
func (s supervisor) tell(word string) {
	if s.conn != nil {
		_, _ = s.conn.Write([]byte(word))
	}
}

func (s supervisor) close() {
	if s.conn != nil {
		_ = s.conn.Close()
	}
}

// watch says, until ctx ends, that the node is well, each time that it answers. The last word is
// that it stops.
func (s supervisor) watch(ctx context.Context, answers func(context.Context) error) {
	defer s.tell("STOPPING=1")
	if s.every <= 0 {
		<-ctx.Done()
		return
	}
	tick := time.NewTicker(s.every)
	defer tick.Stop()
	for {
		asked, cancel := context.WithTimeout(ctx, s.every)
		err := answers(asked)
		cancel()
		if err == nil {
			s.tell("WATCHDOG=1")
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// answers asks the node for its status over its own control socket, as a person would: the answer
// comes from the state of every jurisdiction that it hosts, also where most replicas are away. A
// node that refuses is well; one that says nothing in time is not.
func (a *app) answers(ctx context.Context) error {
	node := client.Dial(a.data, client.Options{})
	defer node.Close()
	_, err := node.Status(ctx)
	if _, refused := errors.AsType[*client.Problem](err); refused {
		return nil
	}
	return err
}
