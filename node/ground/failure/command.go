package failure

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"unicode"

	"xietong/certs/identity"
	"xietong/exchange/relay"
	"xietong/node/ground/text"
)

// What another jurisdiction refuses with may have commands, which a person copies into a shell. So
// a command is taken apart, and put together again of what was read of it; what is another thing is
// left out.
const (
	giveVerb  = "xietong grant give "
	renewVerb = "xietong grant renew "
	leftOut   = "…"
)

// Give is the command with which a provider gives a grant, without its end, basis and paper: those
// the sentence names, in its language.
type Give struct {
	Dataset  identity.Label
	Consumer identity.Agency
	Provider identity.Agency
	Purpose  string
	Fields   []string // nil: it names none
}

// String returns the command line.
func (g Give) String() string {
	command := fmt.Sprintf("%s%s %s@%s%s --purpose %s",
		giveVerb, g.Dataset, g.Consumer.Code(), g.Consumer.Jurisdiction(), actingAs(g.Provider), text.Short(g.Purpose))
	if len(g.Fields) > 0 {
		command += " --fields " + strings.Join(g.Fields, ",")
	}
	return command
}

// Renew returns the command with which a provider renews a grant, as Give does.
func Renew(index uint64, provider identity.Agency) string {
	return renewVerb + strconv.FormatUint(index, 10) + actingAs(provider)
}

// actingAs returns the flags by which a clerk of the agency acts for it, also on a node that hosts
// several jurisdictions.
func actingAs(a identity.Agency) string {
	return " --in " + a.Jurisdiction().String() + " --as " + a.Code().String()
}

// agencyOf reads an agency; zero where one of the names is none.
func agencyOf(code, jurisdiction string) (a identity.Agency) {
	label, err := identity.ParseLabel(code)
	place, other := identity.ParseJurisdiction(jurisdiction)
	if err == nil && other == nil {
		a = identity.NewAgency(place, label)
	}
	return a
}

// parseGive reads a command of Give; ok is false where it is another thing.
func parseGive(command string) (g Give, ok bool) {
	words := strings.Fields(strings.TrimPrefix(command, giveVerb))
	if len(words) != 8 && len(words) != 10 {
		return g, false
	}
	code, place, _ := strings.Cut(words[1], "@")
	dataset, err := identity.ParseLabel(words[0])
	purpose, other := identity.ParseLabel(words[7])
	g = Give{Dataset: dataset, Consumer: agencyOf(code, place), Provider: agencyOf(words[5], words[3]), Purpose: purpose.String()}
	if err != nil || other != nil || g.Consumer.IsZero() || g.Provider.IsZero() {
		return Give{}, false
	}
	if len(words) == 10 {
		g.Fields = strings.Split(words[9], ",")
	}
	for _, name := range g.Fields {
		if strings.ContainsFunc(name, func(r rune) bool { return r != '_' && !unicode.In(r, unicode.L, unicode.M, unicode.N) }) {
			return Give{}, false
		}
	}
	return g, g.String() == command
}

// Heard returns a refusal that came from another jurisdiction or a hop as a person is told it. Why
// a place is not in the tree is told as a fact only where who says so may (see
// relay.Problem.Hearsay). A command is one of the jurisdiction that refuses, and every value one of
// its kind.
func Heard(p *relay.Problem, cause error) *text.Failure {
	code := text.ByNumber(p.Code)
	if !p.Hearsay() || repeats(p) {
		return heard(p, cause)
	}
	args := text.Args{"jurisdiction": text.Named(code, p.Args)["jurisdiction"], "by": p.At.String()}
	if _, err := identity.ParseJurisdiction(args["jurisdiction"]); err != nil {
		args["jurisdiction"] = leftOut
	}
	return &text.Failure{Code: text.PlaceHearsay, Args: args, Err: cause}
}

// repeats reports whether a hop says of another jurisdiction that it never joined, as its parent
// would. Nobody is accused by that, and it is told as the word of the hop; it counts as no more.
func repeats(p *relay.Problem) bool {
	code := text.ByNumber(p.Code)
	if code != text.PlaceNotJoined && code != text.PlaceInvited || len(p.Args) < 2 {
		return false
	}
	about, err := identity.ParseJurisdiction(p.Args[0])
	above, below := about.Parent()
	return err == nil && below && p.Args[1] == above.String() && !p.At.Under(about)
}

// renews reports whether a text is a command of Renew, of a provider of the jurisdiction.
func renews(command string, at identity.Jurisdiction) bool {
	words := strings.Fields(strings.TrimPrefix(command, renewVerb))
	if len(words) != 5 {
		return false
	}
	index, err := strconv.ParseUint(words[0], 10, 64)
	provider := agencyOf(words[4], words[2])
	return err == nil && !provider.IsZero() && provider.Jurisdiction() == at && Renew(index, provider) == command
}

// Asked returns the error of a use of a dataset for a purpose, which was asked of another
// jurisdiction. Where that refuses with a command that gives something else, the command is left
// out.
func Asked(err error, dataset identity.Label, purpose string) error {
	if _, called := errors.AsType[*relay.Problem](err); !called {
		return err
	}
	f := Of(err)
	g, gives := parseGive(f.Args["give"])
	if !gives || g.Dataset == dataset && g.Purpose == purpose {
		return err
	}
	args := maps.Clone(f.Args)
	args["give"] = giveVerb + leftOut
	return &text.Failure{Code: f.Code, Args: args, Err: err}
}
