package text

import (
	"regexp"
	"strings"
)

// The sentences of the tables tell what to do as the command line does it: with its flags and its
// commands. A program that speaks HTTP reads the same sentences with the members, headers and
// operations that those stand for (docs/api.md). httpOperations and httpMembers say which; where a
// sentence would not read well so, or what it names is done at the machine alone, httpRemedies has
// one for HTTP.

// ExplainHTTP is Explain for a reader who speaks HTTP: it names members and operations, and neither
// flags nor commands.
func ExplainHTTP(l Lang, code Code, args Args) Explanation {
	return explain(l, code, args, func(p problem, s parts) parts {
		s.what, s.where, s.do = asHTTP(l, s.what), asHTTP(l, s.where), asHTTP(l, s.do)
		if other, ok := httpRemedies[p.code]; ok && !p.another(args) {
			s.do = l.pick(other.zh, other.en)
		}
		return s
	})
}

var (
	// quotedCommand is a command in back quotes, to its end; bareCommand is one in a sentence, with
	// the values that a Chinese sentence names in words.
	quotedCommand = regexp.MustCompile("`(?:xietong |\\{give\\}|\\{renew\\})[^`]*`")
	bareCommand   = regexp.MustCompile(`(?:xietong [a-z]+(?: [a-z]+)*|\{give\}|\{renew\})(?: (?:\{[a-z]+\}|[A-Z]+|--[a-z-]+(?: (?:\{[a-z]+\}|[A-Z]+|keep|clear|期限|依据|文号|理由))?))*`)
	flagNamed     = regexp.MustCompile(`(the flag |参数 )?--([a-z][a-z-]*)`)
)

// asHTTP returns a sentence, whose placeholders are not filled yet, with members and operations in
// the place of flags and commands.
func asHTTP(l Lang, s string) string {
	s = quotedCommand.ReplaceAllStringFunc(s, func(c string) string {
		c = strings.Trim(c, "`")
		if own, ok := atMachine(c); ok {
			return "`" + own + "`" + l.pick("（在其机器上执行）", " (at its machine)")
		}
		return "`" + operationOf(l, c) + "`"
	})
	s = bareCommand.ReplaceAllStringFunc(s, func(c string) string {
		if own, ok := atMachine(c); ok {
			return own + l.pick("（在其机器上执行）", " (at its machine)")
		}
		return operationOf(l, c)
	})
	s = httpWords.Replace(s)
	return flagNamed.ReplaceAllStringFunc(s, func(f string) string {
		_, name, _ := strings.Cut(f, "--")
		return l.pick(memberOf(name), "`"+memberOf(name)+"`")
	})
}

// atMachine returns a command of those that are given at the machine of a node, which no operation
// stands for, without the name of the program.
func atMachine(command string) (own string, ok bool) {
	own = strings.TrimPrefix(command, "xietong ")
	for _, verb := range machineCommands {
		if after, found := strings.CutPrefix(own, verb); found && (after == "" || after[0] == ' ') {
			return strings.ReplaceAll(own, "--", ""), true
		}
	}
	return "", false
}

// memberOf returns what a flag is in a request: a header, or a member or parameter of almost the
// same name.
func memberOf(flag string) string {
	if name, ok := httpMembers[flag]; ok {
		return name
	}
	return strings.ReplaceAll(flag, "-", "_")
}

// operationOf returns the operation that a command stands for, with what its flags are in the
// request. A command that no operation stands for stays as it is; a test finds it.
func operationOf(l Lang, command string) string {
	line := strings.NewReplacer("{give}", "xietong grant give --dataset --consumer --purpose", "{renew}", "xietong grant renew").Replace(command)
	words := strings.Split(line, " ")[1:]
	for n := min(len(words), 3); n > 0; n-- {
		if operation, ok := httpOperations[strings.Join(words[:n], " ")]; ok {
			if rest := words[n:]; len(rest) > 0 && strings.HasPrefix(rest[0], "{") { // the value that the sentence names
				operation = strings.Replace(operation, "{code}", rest[0], 1)
			}
			return operation + membersOf(l, operation, words[n:])
		}
	}
	return command
}

// membersOf returns what the rest of a command is in the request: the flags as parameters of a GET
// with their values, or as members of a body. Words that are neither flag nor value are those of
// the sentence.
func membersOf(l Lang, operation string, rest []string) string {
	var named, values, after []string
	for i, word := range rest {
		flag, isFlag := strings.CutPrefix(word, "--")
		switch {
		case isFlag:
			named, values = append(named, memberOf(flag)), append(values, "…")
		case i > 0 && strings.HasPrefix(rest[i-1], "--"):
			values[len(values)-1] = word
		case word != "" && word == strings.ToLower(word) && !strings.HasPrefix(word, "{"):
			after = append(after, word)
		}
	}
	said := ""
	if strings.HasPrefix(operation, "GET ") {
		said, named = parametersOf(named, values)
	}
	if len(named) > 0 {
		said += l.pick("（"+strings.Join(named, "、")+"）", " ("+strings.Join(named, ", ")+")")
	}
	return strings.Join(append([]string{said}, after...), " ")
}

// parametersOf returns the query of a GET, and its headers with their values.
func parametersOf(named, values []string) (query string, headers []string) {
	var all []string
	for i, name := range named {
		if strings.HasPrefix(name, "Xietong-") {
			headers = append(headers, name+": "+values[i])
		} else {
			all = append(all, name+"="+values[i])
		}
	}
	if len(all) > 0 {
		query = "?" + strings.Join(all, "&")
	}
	return query, headers
}
