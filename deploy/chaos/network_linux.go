package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
)

// run runs a command of the system.
func run(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// network is a network of our own: a switch in a namespace, and a namespace for each machine.
type network struct {
	name string   // begins the names of the namespaces
	made []string // namespaces, the switch first
}

// networks counts those that this process made: each has names of its own.
var networks atomic.Int64

// networkPossible returns why there can be no such network here, or nil.
func networkPossible() error {
	if os.Geteuid() != 0 {
		return errors.New("only root may make network namespaces")
	}
	for _, tool := range []string{"ip", "nsenter"} {
		if _, err := exec.LookPath(tool); err != nil {
			return err
		}
	}
	name := fmt.Sprintf("xtc%d-try", os.Getpid())
	if err := run("ip", "netns", "add", name); err != nil {
		return err
	}
	return run("ip", "netns", "del", name)
}

func newNetwork() (*network, error) {
	n := &network{name: fmt.Sprintf("xtc%d-%d", os.Getpid(), networks.Add(1))}
	n.made = append(n.made, n.hub())
	for _, line := range []string{
		"netns add " + n.hub(),
		"-n " + n.hub() + " link add hub type bridge",
		"-n " + n.hub() + " link set hub up",
	} {
		if err := run("ip", strings.Fields(line)...); err != nil {
			return n, errors.Join(err, n.close())
		}
	}
	return n, nil
}

func (n *network) hub() string { return n.name + "-hub" }

// join makes the namespace of a machine, of a number from 1 to 250, and returns its name and
// address.
func (n *network) join(number int) (space, address string, err error) {
	space, address = fmt.Sprintf("%s-%d", n.name, number), fmt.Sprintf("10.77.0.%d", number)
	port := fmt.Sprintf("m%d", number)
	n.made = append(n.made, space)
	for _, line := range []string{
		"netns add " + space,
		"-n " + space + " link add net type veth peer name " + port + " netns " + n.hub(),
		"-n " + n.hub() + " link set " + port + " master hub up",
		"-n " + space + " address add " + address + "/24 dev net",
		"-n " + space + " link set net up",
		"-n " + space + " link set lo up",
	} {
		if err := run("ip", strings.Fields(line)...); err != nil {
			return space, address, err
		}
	}
	return space, address, nil
}

// cut takes a machine off the network, and mend brings it back.
func (n *network) cut(number int) error  { return n.link(number, "down") }
func (n *network) mend(number int) error { return n.link(number, "up") }

func (n *network) link(number int, state string) error {
	return run("ip", "-n", n.hub(), "link", "set", fmt.Sprintf("m%d", number), state)
}

// lose has a machine's packets be lost and late; keep ends that.
func (n *network) lose(number int) error {
	return run("tc", "-n", n.hub(), "qdisc", "replace", "dev", fmt.Sprintf("m%d", number), "root", "netem", "loss", "15%", "delay", "40ms", "20ms")
}

func (n *network) keep(number int) error {
	return run("tc", "-n", n.hub(), "qdisc", "del", "dev", fmt.Sprintf("m%d", number), "root")
}

// canLose reports whether the system can lose packets: the module is not everywhere.
func (n *network) canLose(number int) bool {
	return n.lose(number) == nil && n.keep(number) == nil
}

// close removes the network. No process may be in it any more.
func (n *network) close() error {
	var errs []error
	for _, space := range n.made {
		errs = append(errs, run("ip", "netns", "del", space))
	}
	n.made = nil
	return errors.Join(errs...)
}
