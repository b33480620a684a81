package main

import (
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
	"xietong/node/ground/zone"
)

// zoneHeard is a transport that hears from each answer in which zone the node tells times.
type zoneHeard struct {
	*http.Transport
	heard func(zone string)
}

func (z zoneHeard) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := z.Transport.RoundTrip(r)
	if err == nil {
		z.heard(resp.Header.Get(client.HeaderTimeZone))
	}
	return resp, err
}

// hearZone takes the name of a zone, if it is one.
func (a *app) hearZone(name string) {
	if in, err := zone.Load(name); name != "" && err == nil {
		a.told = in
	}
}

// zone returns the zone of the times that are shown: the one that the node told or, before it
// answered, the one of its configuration. The zone of the terminal counts nowhere.
func (a *app) zone() *time.Location {
	if a.told != nil {
		return a.told
	}
	if a.data == "" || a.node.settings == nil { // the command line is not read yet, or there is no node floor
		return zone.Home
	}
	read, err := a.node.settings(a.data, "")
	if err != nil {
		read.TimeZone = ""
	}
	in, err := zone.Load(read.TimeZone)
	if err != nil {
		in = zone.Home
	}
	a.told = in
	return in
}

// localTime shows a time of the wire, with its zone. What is not a time is returned unchanged.
func (a *app) localTime(s string) string {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return s
	}
	return text.At(t, a.zone())
}

// zoneFlag is the flag for the zone of a node that is made.
func (a *app) zoneFlag(c *cobra.Command, name *string) {
	c.Flags().StringVar(name, "time-zone", "", a.t(text.CLIFlagZone, nil))
}

// zones refuses the name of a zone that is none.
func (a *app) zones(flags *pflag.FlagSet, name string) error {
	if !flags.Changed("time-zone") {
		return nil
	}
	if _, err := zone.Load(name); err != nil {
		form := a.t(text.FormZone, nil)
		if near := zone.Near(name); near != "" {
			form = a.t(text.FormZoneNear, text.Args{"near": near})
		}
		return a.badValue("--time-zone", name, form)
	}
	a.hearZone(name)
	return nil
}
