package roster

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"xietong/certs/identity"
	"xietong/node/ground/text"
)

// maxLevels is how many levels of its own a list may have. Refusals name them all.
const maxLevels = 32

var errManyLevels = errors.New("too many levels")

// check refuses what no place of a list may be, wherever the list comes from: a text that is too
// long, that nobody can read or that hides characters, or a level that is none. A file has a level
// for each place; a list that a program made may leave it out.
func (p Place) check() error {
	shown := func(s string, most int) bool {
		return len(s) <= most && text.Nameable(s)
	}
	if !shown(p.Code, maxShort) || !shown(p.DisplayName, maxLong) || !shown(p.ShortName, maxLong) || !shown(p.EnglishName, maxLong) {
		return fmt.Errorf("a text of %s is too long, or cannot be read or seen", p.Name)
	}
	if level, known := LevelOf(p.Level); p.Level != "" && (!known || level != p.Level) {
		return fmt.Errorf("%s has no level, but %s", p.Name, strconv.Quote(p.Level[:min(len(p.Level), maxShort)]))
	}
	return nil
}

// addLevel counts a level among those of the list.
func (l *list) addLevel(level string) error {
	if level == "" || slices.Contains(text.Levels, level) || slices.Contains(l.levels, level) {
		return nil
	}
	if len(l.levels) == maxLevels {
		return errManyLevels
	}
	l.levels = append(l.levels, level)
	return nil
}

// distinct refuses a list of which two places have one code, or one is called by the code of
// another: a code means one place.
func (l *list) distinct() error {
	codes := make(map[string]identity.Jurisdiction, len(l.places))
	for _, p := range l.places {
		if _, twice := codes[asCode(p.Code)]; twice {
			return invalid("two places have the code of %s", p.Name)
		}
		codes[asCode(p.Code)] = p.Name
	}
	for _, p := range l.places {
		for _, called := range p.called() {
			if of, taken := codes[asCode(called)]; taken && called != "" && of != p.Name {
				return invalid("%s is called by the code of %s", p.Name, of)
			}
		}
	}
	return nil
}

// asCode returns a text as codes are compared: digits in any width, and those with which the
// statistics office makes a code longer, are one code; any other is as it is written.
func asCode(s string) string {
	if digits := narrow(s); strings.Trim(digits, "0123456789") == "" {
		return key(digits)
	}
	return s
}

// called returns what people call the place; some may be empty.
func (p Place) called() []string { return []string{p.DisplayName, p.ShortName, p.EnglishName} }
