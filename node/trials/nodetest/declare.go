package nodetest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"xietong/certs/identity"
	"xietong/node/ground/roster"
)

// place is one line of a declaration.
type place struct {
	name    identity.Jurisdiction
	above   int // index of the parent's line; -1: the root
	hosted  bool
	absent  bool
	listen  bool
	offset  time.Duration
	latency time.Duration
	loss    float64
}

// parse reads a declaration. A line stands below the nearest line before it that is indented less.
func parse(declared string) (places []place, err error) {
	var path []int   // indexes of the lines above, from the root down
	var indent []int // of each
	for line := range strings.SplitSeq(declared, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		depth := len(line) - len(strings.TrimLeft(line, " \t"))
		for len(indent) > 0 && indent[len(indent)-1] >= depth {
			path, indent = path[:len(path)-1], indent[:len(indent)-1]
		}
		p := place{above: -1}
		if len(path) > 0 {
			p.above = path[len(path)-1]
		}
		if p.above < 0 && len(places) > 0 {
			return nil, fmt.Errorf("declare %s: a tree has one root", words[0])
		}
		if err := p.read(words, places); err != nil {
			return nil, fmt.Errorf("declare %s: %w", words[0], err)
		}
		path, indent = append(path, len(places)), append(indent, depth)
		places = append(places, p)
		if p.above >= 0 && !p.absent {
			places[p.above].listen = true
		}
	}
	if len(places) == 0 {
		return nil, errors.New("declare: no place")
	}
	places[0].listen = true
	return places, nil
}

// read takes the words of a line: the label, and the properties of the place.
func (p *place) read(words []string, places []place) (err error) {
	if p.above < 0 {
		p.name, err = identity.ParseJurisdiction(words[0]) // a root may stand below a known place
	} else {
		var label identity.Label
		if label, err = identity.ParseLabel(words[0]); err != nil {
			return err
		}
		p.name, err = places[p.above].name.Child(label)
	}
	for _, word := range words[1:] {
		err = firstOf(err, p.say(word))
	}
	switch {
	case err != nil:
		return err
	case p.above < 0 && (p.hosted || p.absent):
		return errors.New("the root joins nobody")
	case p.above >= 0 && places[p.above].absent:
		return errors.New("it stands below an absent place")
	case p.hosted && (p.listen || p.absent || p.offset != 0 || p.latency != 0 || p.loss != 0):
		return errors.New("a hosted place has no machine of its own")
	}
	return nil
}

func (p *place) say(word string) (err error) {
	key, value, _ := strings.Cut(word, "=")
	switch key {
	case "hosted":
		p.hosted = true
	case "absent":
		p.absent = true
	case "listen":
		p.listen = true
	case "offset":
		p.offset, err = time.ParseDuration(value)
	case "latency":
		p.latency, err = time.ParseDuration(value)
	case "loss":
		_, err = fmt.Sscanf(value, "%g", &p.loss)
	default:
		err = errors.New("unknown word")
	}
	if err != nil {
		err = fmt.Errorf("%q: %w", word, err)
	}
	return err
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// called returns the place as the list of the program describes it; a place that is not listed is
// called by its label.
func (p place) called() roster.Place {
	known, ok := roster.ShippedOf(p.name).Of(p.name)
	if !ok || known.DisplayName == "" {
		return roster.Place{Name: p.name, DisplayName: p.name.Label().String()}
	}
	return known
}
